/** What training changes, on the device. W and D: neurons and columns in whole tiles. */
import type { NetworkState, Problem } from '../engine.js';
import type { Buffers } from './buffers.js';
import type { Device, DeviceBuffer } from './device.js';
import { byColumn, byNeuron, FLOAT, padded, widened } from './layout.js';

export class Parameters {
  /** D x W */
  readonly weights: DeviceBuffer;
  /** D x W with momentum; else 16 unused bytes. */
  readonly velocity: DeviceBuffer;
  /** b, W */
  readonly signs: DeviceBuffer;
  /** Velocity of b, then its gradient: 2 x W. */
  readonly moving: DeviceBuffer;
  /** outputScale * share_i, W */
  readonly shares: DeviceBuffer;
  /** outputScale * share_i * b_i, W: f is the sum of it times sigma. */
  readonly coefficient: DeviceBuffer;
  readonly #device: Device;
  readonly #problem: Pick<Problem, 'width' | 'momentum' | 'layers'>;
  readonly #columns: number;

  constructor(device: Device, buffers: Buffers, problem: Problem) {
    const { width, inputs, state, outputScale, momentum } = problem;
    const { columns } = inputs;
    this.#device = device;
    this.#problem = { width, momentum, layers: problem.layers };
    this.#columns = columns;
    const { weights, signs, weightVelocity, signVelocity } = state;
    this.weights = buffers.createFrom(byColumn(weights, width, columns));
    this.velocity = buffers.create(momentum === 0 ? 0 : FLOAT * padded(columns) * padded(width));
    if (momentum !== 0 && weightVelocity)
      device.upload(this.velocity, byColumn(weightVelocity, width, columns));
    this.signs = buffers.createFrom(widened(signs));
    this.moving = buffers.create(2 * FLOAT * padded(width));
    if (signVelocity) device.upload(this.moving, widened(signVelocity));
    const shares = widened(sharesOf(problem).map(share => outputScale * share));
    this.shares = buffers.createFrom(shares);
    const single = Float32Array.from(signs);
    this.coefficient = buffers.createFrom(shares.map((share, i) => share * (single[i] ?? 0)));
  }

  /** A copy, in the order of the contract. */
  read(): NetworkState & { weights: Float32Array; signs: Float32Array } {
    const { width, momentum, layers } = this.#problem;
    const matrix = (buffer: DeviceBuffer) =>
      byNeuron(this.#device.readFloats(buffer, padded(width) * padded(this.#columns)), width, this.#columns);
    return {
      weights: matrix(this.weights),
      signs: this.#device.readFloats(this.signs, width),
      weightVelocity: momentum === 0 ? null : matrix(this.velocity),
      signVelocity: momentum === 0 || layers === 'first' ? null : this.#device.readFloats(this.moving, width),
    };
  }
}

/** The weights of the neurons in the mean. */
export const sharesOf = ({ shares, width }: Pick<Problem, 'shares' | 'width'>): Float64Array =>
  shares ?? new Float64Array(width).fill(1 / width);
