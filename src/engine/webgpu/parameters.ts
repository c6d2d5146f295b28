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
  readonly #scaledShares: Float32Array;

  constructor(device: Device, buffers: Buffers, problem: Problem) {
    const { width, inputs, outputScale, momentum } = problem;
    const { columns } = inputs;
    this.#device = device;
    this.#problem = { width, momentum, layers: problem.layers };
    this.#columns = columns;
    const matrix = FLOAT * padded(columns) * padded(width);
    this.weights = buffers.create(matrix);
    this.velocity = buffers.create(momentum === 0 ? 0 : matrix);
    this.signs = buffers.create(FLOAT * padded(width));
    this.moving = buffers.create(2 * FLOAT * padded(width));
    this.#scaledShares = widened(sharesOf(problem).map(share => outputScale * share));
    this.shares = buffers.createFrom(this.#scaledShares);
    this.coefficient = buffers.create(FLOAT * padded(width));
    this.write(problem.state);
  }

  /** Missing velocities are 0. */
  write({ weights, signs, weightVelocity, signVelocity }: NetworkState): void {
    const { width, momentum } = this.#problem;
    const [device, columns] = [this.#device, this.#columns];
    device.upload(this.weights, byColumn(weights, width, columns));
    if (momentum !== 0)
      device.upload(
        this.velocity,
        weightVelocity
          ? byColumn(weightVelocity, width, columns)
          : new Float32Array(padded(columns) * padded(width)),
      );
    device.upload(this.signs, widened(signs));
    const moving = new Float32Array(2 * padded(width));
    if (signVelocity) moving.set(signVelocity);
    device.upload(this.moving, moving);
    const single = Float32Array.from(signs);
    device.upload(
      this.coefficient,
      this.#scaledShares.map((share, i) => share * (single[i] ?? 0)),
    );
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
