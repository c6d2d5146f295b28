/** One open network of the `wasm` engine, split over memory blocks. */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Network, NetworkState, Problem } from '../engine.js';
import { shapeOf } from '../shape.js';
import { buildActivations, type WasmActivations } from './activations.js';
import { Evaluation } from './evaluation.js';
import type { WasmInstance } from './instance-pool.js';
import { ACTIVATION_KIND } from './kernels.js';
import { type Layout, storedColumns } from './layout.js';
import {
  ACTIVATION_WORK,
  type MemoryBlock,
  packMatrix,
  packVector,
  sumShift,
  unpackMatrix,
  unpackVector,
  writeRows,
} from './memory-block.js';
import { runSteps } from './steps.js';
import { Training } from './training.js';
import { WorkBudget } from './work-budget.js';

export class WasmNetwork implements Network {
  readonly #memories: readonly MemoryBlock[];
  readonly #training: readonly Training[];
  readonly #evaluation: Evaluation;
  readonly #batchSize: number;
  readonly #hasVelocity: boolean;
  readonly #hasSignVelocity: boolean;
  #activations: WasmActivations | null = null;
  #release: (() => void) | null;

  /** `layouts` and `instances` have one element per memory block. */
  constructor(
    problem: Problem,
    layouts: readonly Layout[],
    instances: readonly WasmInstance[],
    release: () => void,
  ) {
    const { inputs, labels, state, shares, ...settings } = problem;
    const { datasetSize, width, columns, entriesPerRow, shifted } = shapeOf(problem);
    const budget = new WorkBudget(problem.pulse);
    let first = 0;
    this.#memories = layouts.map((layout, s) => {
      const memory: MemoryBlock = {
        ...instances[s]!,
        layout,
        budget,
        samples: datasetSize,
        inputColumns: columns,
        columns: storedColumns({ columns, shifted }),
        shift: inputs.shift ?? null,
        first,
        width: Math.min(layout.padded, width - first),
        entriesPerRow,
        kind: ACTIVATION_KIND[problem.activation],
        sigmaWork: ACTIVATION_WORK[problem.activation],
      };
      first += layout.padded;
      return memory;
    });
    this.#release = release;
    this.#batchSize = problem.batchSize;
    this.#hasVelocity = problem.momentum !== 0;
    this.#hasSignVelocity = this.#hasVelocity && problem.layers === 'both';

    for (const memory of this.#memories) {
      const { layout } = memory;
      writeRows(memory, inputs, 0, inputs.rows, layout.runs, layout.entries);
      memory.f32.set(labels, layout.labels / 4);
      this.#write(memory, state);
      for (const vector of [layout.gains, layout.coefficients, layout.factors])
        packVector(memory, null, vector);
    }
    const copied = { ...settings, shares: shares?.slice() ?? null };
    const places = new Int32Array(datasetSize).fill(-1);
    this.#training = this.#memories.map(memory => new Training(memory, copied, places));
    this.#evaluation = new Evaluation(this.#memories);
  }

  train(batches: Int32Array, steps: number): void {
    this.#checkOpen();
    this.#dropActivations();
    this.#evaluation.invalidate();
    runSteps(this.#training, batches, steps, this.#batchSize);
  }

  state(spare: NetworkState | null = null): NetworkState {
    this.#checkOpen();
    const memories = this.#memories;
    return {
      weights: unpackMatrix(memories, layout => layout.weights, spare?.weights),
      signs: unpackVector(memories, layout => layout.signs),
      weightVelocity: this.#hasVelocity
        ? unpackMatrix(memories, layout => layout.velocity, spare?.weightVelocity)
        : null,
      signVelocity: this.#hasSignVelocity ? unpackVector(memories, layout => layout.signVelocity) : null,
    };
  }

  restore(state: NetworkState): void {
    this.#checkOpen();
    this.#dropActivations();
    this.#evaluation.invalidate();
    for (const memory of this.#memories) this.#write(memory, state);
    for (const training of this.#training) training.refreshFactors();
  }

  /** Missing velocities are 0. */
  #write(memory: MemoryBlock, { weights, signs, weightVelocity, signVelocity }: NetworkState): void {
    const { layout } = memory;
    packMatrix(memory, weights, layout.weights);
    for (let block = 0; block < layout.blocks; block++) sumShift(memory, block);
    packVector(memory, signs, layout.signs);
    if (this.#hasVelocity) packMatrix(memory, weightVelocity, layout.velocity);
    packVector(memory, signVelocity, layout.signVelocity);
  }

  activate(): Activations {
    this.#checkOpen();
    this.#dropActivations();
    this.#activations = buildActivations(this.#memories);
    return this.#activations;
  }

  outputs(inputs: InputMatrix): Float64Array {
    this.#checkOpen();
    return this.#evaluation.outputs(inputs);
  }

  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#checkOpen();
    return this.#evaluation.subnetOutputs(inputs, picks, sizes);
  }

  close(): void {
    this.#dropActivations();
    this.#release?.();
    this.#release = null;
  }

  #dropActivations(): void {
    this.#activations?.invalidate();
    this.#activations = null;
  }

  #checkOpen(): void {
    if (!this.#release) throw new Error('the network is closed');
  }
}
