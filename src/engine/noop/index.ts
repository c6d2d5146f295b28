/**
 * The engine that computes nothing, for measuring and testing everything around an engine (hidden option `--noop`).
 *
 * Its metrics mean nothing, but they depend on the initial weights and on every batch in order. A trajectory that
 * resumes from the wrong place, or is recorded in the wrong row, therefore gives different numbers.
 * A step sleeps for ESPALIER_NOOP_STEP_MS (0 by default) without using a core. faults.ts injects faults.
 */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Engine, Network, NetworkState, Path, Problem } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { injectedFault } from './faults.js';

/** The longest wait between two calls of `pulse`. */
const WAIT_MS = 50;
/** Histories are integers below this; history / HISTORY_LIMIT is exact in float32. */
const HISTORY_LIMIT = 2 ** 24;

export function createNoopEngine(): Engine {
  const stepMs = Number(process.env.ESPALIER_NOOP_STEP_MS ?? 0);
  return {
    name: 'noop',
    numerics: NUMERICS.noop,
    kernels: null,
    warning: null,
    memoryBytes: ({ width, columns, datasetSize }) => 4 * width * (columns + 1) + 8 * (width + datasetSize),
    memoryLimitBytes: Number.POSITIVE_INFINITY,
    open: problem => new NoopNetwork(problem, stepMs),
  };
}

class NoopNetwork implements Network {
  readonly #state: NetworkState;
  /** Hash of the first initial weight and all batches so far, below HISTORY_LIMIT. Stored as the first weight. */
  #history: number;
  readonly #fail: () => void;

  constructor(
    private readonly problem: Problem,
    private readonly stepMs: number,
  ) {
    const { weights, signs } = problem.state;
    this.#state = {
      weights: weights.slice(),
      signs: signs.slice(),
      weightVelocity: null,
      signVelocity: null,
    };
    this.#fail = injectedFault(problem.width);
    this.#history = historyOf(weights);
  }

  train(batches: Int32Array, steps: number): void {
    this.#fail();
    this.#wait(steps);
    for (const position of batches) this.#history = mix(this.#history, position);
    this.#state.weights[0] = this.#history / HISTORY_LIMIT;
  }

  state(): NetworkState {
    const { weights, signs } = this.#state;
    return { weights: weights.slice(), signs: signs.slice(), weightVelocity: null, signVelocity: null };
  }

  restore({ weights, signs }: NetworkState): void {
    this.#state.weights.set(weights);
    this.#state.signs.set(signs);
    this.#history = historyOf(weights);
  }

  activate(): Activations {
    const { width, inputs } = this.problem;
    return {
      outputs: this.outputs(inputs),
      squaredNorms: new Float64Array(width).fill(1),
      responses: count => new Uint32Array(width * Math.ceil(count / 32)),
      greedy: (_, subnetSize) => this.#path(subnetSize),
      subnetOutputs: (picks, sizes) => this.subnetOutputs(inputs, picks, sizes),
    };
  }

  outputs({ rows }: InputMatrix): Float64Array {
    return this.#outputs(rows, 0);
  }

  subnetOutputs({ rows }: InputMatrix, _: Int32Array, sizes: readonly number[]): Float64Array[] {
    return sizes.map(size => this.#outputs(rows, size));
  }

  close(): void {}

  /** Values in [-1, 1), a function of history, row and size alone. */
  #outputs(rows: number, size: number): Float64Array {
    const from = mix(this.#history, size);
    return Float64Array.from({ length: rows }, (__, row) => (2 * mix(from, row)) / HISTORY_LIMIT - 1);
  }

  #path(subnetSize: number): Path {
    const picks = Int32Array.from({ length: subnetSize }, (_, j) => (this.#history + j) % this.problem.width);
    return { picks, passes: new Int32Array(subnetSize).fill(1) };
  }

  #wait(steps: number): void {
    const until = performance.now() + steps * this.stepMs;
    for (let left = until - performance.now(); left > 0; left = until - performance.now()) {
      Atomics.wait(SLEEP_CELL, 0, 0, Math.min(WAIT_MS, left));
      this.problem.pulse();
    }
  }
}

/** Nothing notifies this cell, so `Atomics.wait` on it is a sleep. */
const SLEEP_CELL = new Int32Array(new SharedArrayBuffer(4));

const historyOf = (weights: NetworkState['weights']): number =>
  Math.floor((Math.abs(weights[0]!) % 1) * HISTORY_LIMIT);

const mix = (history: number, value: number): number => {
  const product = Math.imul(history ^ Math.imul(value + 1, 0x9e3779b1), 0x85ebca6b);
  return (product ^ (product >>> 13)) & (HISTORY_LIMIT - 1);
};
