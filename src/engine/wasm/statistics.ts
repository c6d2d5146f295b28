/** Statistics of each neuron's outputs on the n samples, N values each. */
export interface Statistics {
  /** <Phi_i, y> */
  readonly projections: Float64Array;
  /** ||Phi_i||^2 */
  readonly squaredNorms: Float64Array;
  /** max |Phi_i| */
  readonly peaks: Float32Array;
}
