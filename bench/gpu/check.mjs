/** Compares two engines on small problems with every activation, loss and objective. */

const SAMPLES = 300;
const COLUMNS = 90;
const WIDTH = 150;
const BATCH = 64;
const STEPS = 20;

/** A few problems, made from a fixed sequence of numbers. */
const CASES = [
  { activation: 'relu', loss: 'squared', layers: 'first', momentum: 0, learningRate: 0.1 },
  { activation: 'tanh', loss: 'logistic', layers: 'both', momentum: 0.9, learningRate: 0.05 },
  { activation: 'softplus', loss: 'squared', layers: 'both', momentum: 0.5, learningRate: 0.01 },
];

/** Yields { what, error, allowed }: relative errors of `engine` against `reference`. */
export function* checkAgainst(reference, engine) {
  for (const settings of CASES) {
    const problem = makeProblem(settings);
    const what = `${settings.activation}, ${settings.loss}, ${settings.layers}`;
    const [expected, actual] = [reference, engine].map(each => each.open(problem));
    const batches = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 7) % SAMPLES);
    for (const network of [expected, actual]) network.train(batches, STEPS);
    const weights = expected.state().weights;
    const moved = distance(weights, problem.state.weights);
    yield {
      what: `${what}: weights`,
      error: distance(actual.state().weights, weights) / moved,
      allowed: 1e-3,
    };
    const f = expected.outputs(problem.inputs);
    yield {
      what: `${what}: outputs`,
      error: distance(actual.outputs(problem.inputs), f) / norm(f),
      allowed: 1e-3,
    };
    // Both select from the same weights.
    const same = reference.open({ ...problem, state: actual.state() });
    const exact = same.activate();
    const active = actual.activate();
    for (const objective of ['squared', 'logistic', 'brier']) {
      const [best] = exact.subnetOutputs(exact.greedy(objective, 20, null).picks, [20]);
      const [found] = exact.subnetOutputs(active.greedy(objective, 20, null).picks, [20]);
      const [least, value] = [best, found].map(u => objectiveOf(objective, u, problem.labels));
      yield { what: `${what}: picks, ${objective}`, error: Math.max(0, value / least - 1), allowed: 1e-3 };
    }
    for (const network of [expected, actual, same]) network.close();
  }
}

function makeProblem(settings) {
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
    return state / 2 ** 31;
  };
  const rowStart = new Uint32Array(SAMPLES + 1);
  const column = [];
  const value = [];
  for (let r = 0; r < SAMPLES; r++) {
    for (let c = 0; c < COLUMNS; c++) {
      if (next() > 0.25) continue;
      column.push(c);
      value.push(next());
    }
    rowStart[r + 1] = column.length;
  }
  return {
    inputs: {
      ...{ rows: SAMPLES, columns: COLUMNS, rowStart },
      ...{ column: Uint16Array.from(column), value: Float32Array.from(value) },
    },
    labels: Float32Array.from({ length: SAMPLES }, () => (next() < 0.5 ? -1 : 1)),
    ...{ width: WIDTH, outputScale: 1, shares: null, rate: 1, weightDecay: 0.01, batchSize: BATCH },
    ...settings,
    state: {
      weights: Float32Array.from({ length: WIDTH * COLUMNS }, () => (next() - 0.5) * 0.5),
      signs: Float32Array.from({ length: WIDTH }, () => (next() < 0.5 ? -1 : 1)),
      weightVelocity: null,
      signVelocity: null,
    },
    pulse: () => {},
  };
}

function objectiveOf(objective, outputs, labels) {
  const at = {
    squared: (u, y) => 0.5 * (u - y) ** 2,
    logistic: (u, y) => Math.log1p(Math.exp(-y * u)),
    brier: (u, y) => (1 / (1 + Math.exp(y * u))) ** 2,
  }[objective];
  return outputs.reduce((sum, u, s) => sum + at(u, labels[s]), 0) / outputs.length;
}

const norm = values => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const distance = (a, b) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
