/**
 * The engine that computes nothing: for measuring and testing all that is around an engine (`--noop`, hidden).
 *
 * Its metrics mean nothing, but they depend on the initial weights and on every batch in order, so that a trajectory
 * that goes on from the wrong place, or is recorded in the wrong row, does not give the numbers of an undisturbed one.
 * A step takes as long as ESPALIER_NOOP_STEP_MS says (0 by default), without using a core. For faults, see faults.ts.
 */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Engine, Network, NetworkState, Path, Problem } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { faultOf } from './faults.js';

/** The longest wait between two calls of `pulse`. */
const WAIT_MS = 50;
/** A trajectory's history is a number below this, which a float32 holds exactly as a fraction of it. */
const HISTORIES = 2 ** 24;

export function createNoopEngine(): Engine {
  const stepMs = Number(process.env.ESPALIER_NOOP_STEP_MS ?? 0);
  return {
    name: 'noop',
    numerics: NUMERICS.noop,
    memoryBytes: ({ width, columns, datasetSize }) => 4 * width * (columns + 1) + 8 * (width + datasetSize),
    memoryLimitBytes: Number.POSITIVE_INFINITY,
    open: problem => new NoopNetwork(problem, stepMs),
  };
}

class NoopNetwork implements Network {
  readonly #state: NetworkState;
  /** Of the initial weights and all batches so far, 0 <= history < HISTORIES. Kept as the first weight. */
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
    this.#fail = faultOf(problem.width);
    this.#history = Math.floor((Math.abs(weights[0]!) % 1) * HISTORIES);
  }

  train(batches: Int32Array, steps: number): void {
    this.#fail();
    this.#wait(steps);
    for (const position of batches) this.#history = mixed(this.#history, position);
    this.#state.weights[0] = this.#history / HISTORIES;
  }

  state(): NetworkState {
    const { weights, signs } = this.#state;
    return { weights: weights.slice(), signs: signs.slice(), weightVelocity: null, signVelocity: null };
  }

  activate(): Activations {
    const { width, inputs } = this.problem;
    return {
      outputs: this.outputs(inputs),
      squaredNorms: new Float64Array(width).fill(1),
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

  /** Between -1 and 1; the same for the same history, row and size. */
  #outputs(rows: number, size: number): Float64Array {
    const from = mixed(this.#history, size);
    return Float64Array.from({ length: rows }, (__, row) => (2 * mixed(from, row)) / HISTORIES - 1);
  }

  #path(subnetSize: number): Path {
    const picks = Int32Array.from({ length: subnetSize }, (_, j) => (this.#history + j) % this.problem.width);
    return { picks, passes: new Int32Array(subnetSize).fill(1) };
  }

  #wait(steps: number): void {
    const until = performance.now() + steps * this.stepMs;
    for (let left = until - performance.now(); left > 0; left = until - performance.now()) {
      Atomics.wait(NEVER, 0, 0, Math.min(WAIT_MS, left));
      this.problem.pulse();
    }
  }
}

/** Nobody wakes who waits here. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

const mixed = (history: number, value: number): number => {
  const product = Math.imul(history ^ Math.imul(value + 1, 0x9e3779b1), 0x85ebca6b);
  return (product ^ (product >>> 13)) & (HISTORIES - 1);
};
