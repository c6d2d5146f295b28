/** Gradient steps, one batch after the other, without a word from the host in between. */
import { DivergedError } from '../../base/errors.js';
import type { Problem } from '../engine.js';
import type { Buffers } from './buffers.js';
import type { Device, DeviceBuffer } from './device.js';
import type { DeviceInputs } from './inputs.js';
import { lossKernel } from './kernels/combine.js';
import { trainingForwardKernel } from './kernels/forward.js';
import { GRADIENT, SIGN_GRADIENT } from './kernels/gradient.js';
import { FLOAT, groupsOf, padded, partsOf } from './layout.js';
import type { Parameters } from './parameters.js';
import type { Workspace } from './workspace.js';

/** Positions of batches on the device at a time; a divergence is found out after each lot. */
const MAX_POSITIONS = 2 ** 18;

/** Size of a sigma and its derivative, in multiply-adds, for the estimate of work. */
const SIGMA_WORK = 20;

type Settings = Pick<
  Problem,
  | 'width'
  | 'activation'
  | 'loss'
  | 'layers'
  | 'rate'
  | 'batchSize'
  | 'learningRate'
  | 'momentum'
  | 'weightDecay'
> & { readonly columns: number };

export class Training {
  readonly #device: Device;
  readonly #settings: Settings;
  readonly #inputs: DeviceInputs;
  readonly #parameters: Parameters;
  readonly #workspace: Workspace;
  readonly #labels: DeviceBuffer;
  readonly #positions: DeviceBuffer;
  readonly #stepsAtOnce: number;
  /** The sum of the gradients of a batch in parts; unused if a batch fits into a slice. */
  readonly #gradient: DeviceBuffer;
  /** The step that diverged, counted from 1 within the call; 0 if none has. */
  readonly #diverged: DeviceBuffer;

  constructor(
    device: Device,
    buffers: Buffers,
    { labels, inputs: { columns }, ...problem }: Problem,
    { inputs, parameters, workspace }: { inputs: DeviceInputs; parameters: Parameters; workspace: Workspace },
  ) {
    const { width, activation, loss, layers, rate, batchSize } = problem;
    const { learningRate, momentum, weightDecay } = problem;
    this.#device = device;
    this.#settings = {
      ...{ width, columns, activation, loss, layers, rate, batchSize },
      ...{ learningRate, momentum, weightDecay },
    };
    this.#inputs = inputs;
    this.#parameters = parameters;
    this.#workspace = workspace;
    this.#labels = buffers.createFrom(labels);
    this.#stepsAtOnce = Math.max(1, Math.floor(MAX_POSITIONS / batchSize));
    this.#positions = buffers.create(FLOAT * this.#stepsAtOnce * batchSize);
    const isInParts = batchSize > workspace.rows;
    this.#gradient = buffers.create(isInParts ? FLOAT * padded(columns) * padded(width) : 0);
    this.#diverged = buffers.create(FLOAT);
  }

  /** @throws DivergedError (DIVERGED) */
  run(batches: Int32Array, steps: number): void {
    const { batchSize } = this.#settings;
    this.#device.upload(this.#diverged, Uint32Array.of(0));
    for (const { at, count } of partsOf(steps, this.#stepsAtOnce)) {
      this.#device.upload(this.#positions, batches.subarray(at * batchSize, (at + count) * batchSize));
      for (let step = 0; step < count; step++) this.#step(step * batchSize, at + step + 1);
      const [diverged] = this.#device.readWords(this.#diverged, 1);
      if (diverged !== 0) throw new DivergedError(diverged!);
    }
  }

  /** The step on the batch that begins at position `from`. */
  #step(from: number, step: number): void {
    const { batchSize, width, columns, activation, loss, rate, layers } = this.#settings;
    const { learningRate, momentum, weightDecay: decay } = this.#settings;
    const { slice, value, slope, lossSlope, rows } = this.#workspace;
    const { weights, velocity, signs, moving, shares, coefficient } = this.#parameters;
    const diverged = this.#diverged;
    const [paddedWidth, paddedColumns] = [padded(width), padded(columns)];
    const tiles = [paddedWidth / 64, paddedColumns / 64] as const;
    for (const { at, count } of partsOf(batchSize, rows)) {
      const first = from + at;
      const paddedRows = this.#inputs.expand({ list: this.#positions, first, count }, slice);
      const product = paddedRows * paddedWidth * paddedColumns;
      this.#device.dispatch(
        trainingForwardKernel(activation),
        { x: slice.byColumn, weights, scale: signs, value, slope },
        { paddedRows, paddedColumns, paddedWidth, at: 0 },
        [tiles[0], paddedRows / 64],
        product + SIGMA_WORK * paddedRows * paddedWidth,
      );
      this.#device.dispatch(
        lossKernel(loss),
        { value, coefficient, batch: this.#positions, labels: this.#labels, lossSlope, diverged },
        { paddedWidth, rows: count, first, factor: rate / batchSize, step },
        [paddedRows],
        paddedRows * paddedWidth,
      );
      const update = {
        ...{ paddedRows, paddedWidth, learningRate, momentum },
        isFirst: Number(at === 0),
        isLast: Number(at + count === batchSize),
        hasMomentum: Number(momentum !== 0),
      };
      this.#device.dispatch(
        GRADIENT,
        { x: slice.byRow, slope, lossSlope, diverged, weights, velocity, gradient: this.#gradient },
        { ...update, paddedColumns, decay },
        tiles,
        product,
      );
      if (layers === 'both')
        this.#device.dispatch(
          SIGN_GRADIENT,
          { value, lossSlope, diverged, shares, signs, moving, coefficient },
          update,
          [groupsOf(paddedWidth)],
          paddedRows * paddedWidth,
        );
    }
  }
}
