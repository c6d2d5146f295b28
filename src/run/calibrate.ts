/** Measures the speed of each kind of work on a small synthetic network, in about two seconds. */
import type { Steps } from '../base/steps.js';
import type { InputMatrix } from '../data/inputs.js';
import type { Objective } from '../domain/types.js';
import type { Engine, Problem } from '../engine/engine.js';
import { stream } from '../math/random.js';
import { type Arithmetic, selectionWork } from '../trajectory/cost.js';
import { initialState } from '../trajectory/initial.js';
import { selectionBatches } from '../trajectory/selection-batches.js';

/** Operations per second of one thread, by kind of work. */
export type Rates = { readonly [kind in keyof Arithmetic]: number };

const COLUMNS = 784;
const ENTRIES = 147;
const BATCH = 128;
const PICKS = 50;

/** The shape of the measured work. */
export interface TypicalWork {
  readonly width: number;
  readonly samples: number;
  readonly objective: Objective;
  /** Samples that each pick looks at; null for all of them. */
  readonly sampleSize: number | null;
}

/** Runs each kind of work for about `seconds`. */
export function* calibrate(
  engine: Engine,
  { width, samples, objective, sampleSize }: TypicalWork,
  seconds = 0.25,
): Steps<Rates> {
  const inputs = madeUpInputs(samples);
  const problem: Problem = {
    inputs,
    labels: linearLabels(inputs),
    width,
    activation: 'relu',
    outputScale: 1,
    shares: null,
    rate: 1,
    loss: 'squared',
    layers: 'first',
    learningRate: 0.01,
    momentum: 0,
    weightDecay: 0,
    batchSize: Math.min(BATCH, samples),
    state: initialState(
      { activation: 'relu', scaling: 'mean-field', bias: false, initScale: 1, symmetricInit: false },
      0,
      width,
      COLUMNS,
    ),
    pulse: () => {},
  };
  const network = engine.open(problem);
  try {
    const batch = Int32Array.from({ length: problem.batchSize }, (_, i) => i);
    const training = yield* secondsOf(seconds, () => network.train(batch, 1));
    const activations = yield* secondsOf(seconds, () => network.activate());
    const batches = selectionBatches({ seed: 0, t: 0, n: samples, sampleSize, picks: PICKS });
    const both = yield* secondsOf(seconds, () => network.activate().greedy(objective, PICKS, batches));
    const { picks } = network.activate().greedy(objective, PICKS, batches);
    const evaluation = yield* secondsOf(seconds, () => network.subnetOutputs(inputs, picks, [PICKS]));
    return {
      training: (problem.batchSize * width * ENTRIES * 4) / training,
      activations: (samples * width * ENTRIES * 2) / activations,
      selection:
        selectionWork(
          { method: 'greedy', objective, sampleSize, subnetSize: PICKS },
          { n: samples, width, t: 0, loss: 'squared' },
        ) / Math.max(both - activations, both / 20),
      evaluation: (samples * new Set(picks).size * ENTRIES * 2) / evaluation,
    };
  } finally {
    network.close();
  }
}

/** Seconds of the fastest repetition, the one that other programs disturbed least. */
function* secondsOf(seconds: number, work: () => void): Steps<number> {
  work();
  const began = performance.now();
  let fastest = Number.POSITIVE_INFINITY;
  while (performance.now() - began < 1000 * seconds) {
    yield;
    const from = performance.now();
    work();
    fastest = Math.min(fastest, performance.now() - from);
  }
  return fastest / 1000;
}

/** Rows with as many entries as an MNIST image, in random columns that are spread evenly. */
function madeUpInputs(rows: number): InputMatrix {
  const next = stream(0, 'calibrate-inputs');
  const rowStart = Uint32Array.from({ length: rows + 1 }, (_, r) => r * ENTRIES);
  const column = new Uint16Array(rows * ENTRIES);
  const value = new Float32Array(rows * ENTRIES);
  for (let r = 0; r < rows; r++) {
    for (let e = 0; e < ENTRIES; e++) {
      column[r * ENTRIES + e] = Math.floor(((e + next()) * COLUMNS) / ENTRIES);
      value[r * ENTRIES + e] = next();
    }
  }
  return { rows, columns: COLUMNS, rowStart, column, value };
}

/** Labels of a random linear function. As with images, few neurons fit them. */
function linearLabels({ rows, columns, rowStart, column, value }: InputMatrix): Float32Array {
  const next = stream(0, 'calibrate-labels');
  const weights = Float64Array.from({ length: columns }, () => next() - 0.5);
  return Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) sum += weights[column[e]!]! * value[e]!;
    return sum < 0 ? -1 : 1;
  });
}
