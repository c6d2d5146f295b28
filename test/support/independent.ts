/**
 * Checks an exported trajectory from its files alone, in float64 and in the plainest way. It uses no code of `src`,
 * not even types, so no error can be in both places; random draws come from the package that science.md names.
 *
 * Every check returns the number of comparisons and the problems; `compared` distinguishes a passed check from an
 * empty one.
 */
import seedrandom from 'seedrandom';
import type { Exported, Matrix } from './exported.js';

export interface Verdict {
  compared: number;
  readonly problems: string[];
}

/** One row of the view `results`, as far as it can be recomputed from an export. */
export type ResultsRow = Readonly<Record<string, string | number | null>>;

const SIGMA: Record<string, { value: (h: number) => number; slope: (h: number) => number }> = {
  relu: { value: h => Math.max(0, h), slope: h => (h > 0 ? 1 : 0) },
  tanh: { value: h => Math.tanh(h), slope: h => 1 - Math.tanh(h) * Math.tanh(h) },
  softplus: {
    value: h => (h > 30 ? h : Math.log1p(Math.exp(h))),
    slope: h => 1 / (1 + Math.exp(-h)),
  },
};

const LOSS: Record<
  string,
  { value: (f: number, y: number) => number; slope: (f: number, y: number) => number }
> = {
  squared: { value: (f, y) => ((f - y) * (f - y)) / 2, slope: (f, y) => f - y },
  logistic: {
    value: (f, y) => (-y * f > 30 ? -y * f : Math.log1p(Math.exp(-y * f))),
    slope: (f, y) => -y / (1 + Math.exp(y * f)),
  },
};

const GAMMA: Record<string, number> = { 'mean-field': 1, ntk: 0.5 };

function named<T>(table: Record<string, T>, name: string): T {
  const found = table[name];
  if (found === undefined) throw new Error(`unknown: ${name}`);
  return found;
}

const entry = (m: Matrix, row: number, column: number): number => m.data[row * m.columns + column]!;

/**
 * Trains again from weights_0 with the exported batches and compares the weights (and output weights) at every
 * exported checkpoint that the batches reach: the error must stay below `tolerance` times the size of the change
 * since t = 0 (Frobenius norms).
 */
export function checkTraining(exported: Exported, tolerance = 1e-3): Verdict {
  const { config, inputs, labels, signs, weights, outputs, batches } = exported;
  const { width } = config;
  const { learningRate, momentum, weightDecay, layers } = config.train;
  const sigma = named(SIGMA, config.network.activation);
  const loss = named(LOSS, config.train.loss);
  const gamma = named(GAMMA, config.network.scaling);
  const start = weights.get(0);
  if (!start) throw new Error('weights_0 is missing');
  const d = inputs.columns;
  const a = Array.from({ length: width * d }, (_, i) => start.data[i]!);
  const b = Array.from({ length: width }, (_, i) => signs[i]!);
  const va = a.map(() => 0);
  const vb = b.map(() => 0);

  const verdict: Verdict = { compared: 0, problems: [] };
  const compare = (
    what: string,
    mine: number[],
    theirs: ArrayLike<number>,
    from: ArrayLike<number>,
  ): void => {
    let error = 0;
    let change = 0;
    for (let i = 0; i < mine.length; i++) {
      error += (mine[i]! - theirs[i]!) ** 2;
      change += (mine[i]! - from[i]!) ** 2;
    }
    verdict.compared++;
    if (!(Math.sqrt(error) <= tolerance * Math.sqrt(change))) {
      verdict.problems.push(`${what}: off by ${Math.sqrt(error)}, after a change of ${Math.sqrt(change)}`);
    }
  };

  for (let t = 0; t <= batches.rows; t++) {
    const there = weights.get(t);
    if (there) compare(`weights_${t}`, a, there.data, start.data);
    const signsThere = outputs.get(t);
    if (signsThere) compare(`outputs_${t}`, b, signsThere, signs);
    else if (there && layers === 'both')
      verdict.problems.push(`outputs_${t}: missing, though both layers are trained`);
    if (t === batches.rows) break;

    const size = batches.columns;
    const ga = a.map(() => 0);
    const gb = b.map(() => 0);
    for (let s = 0; s < size; s++) {
      const sample = entry(batches, t, s);
      const h = b.map((_, i) => {
        let sum = 0;
        for (let c = 0; c < d; c++) sum += a[i * d + c]! * entry(inputs, sample, c);
        return sum;
      });
      // f = (1/N) sum_i N^(1-gamma) b_i sigma(a_i . x)
      const f = h.reduce((sum, hi, i) => sum + b[i]! * sigma.value(hi), 0) * width ** -gamma;
      const slope = loss.slope(f, labels[sample]!) / size;
      for (let i = 0; i < width; i++) {
        // dL/da_i and dL/db_i, scaled by N^(2 gamma - 1)
        const scale = width ** (2 * gamma - 1) * width ** -gamma * slope;
        gb[i]! += scale * sigma.value(h[i]!);
        const toA = scale * b[i]! * sigma.slope(h[i]!);
        if (toA !== 0) for (let c = 0; c < d; c++) ga[i * d + c]! += toA * entry(inputs, sample, c);
      }
    }
    for (let i = 0; i < a.length; i++) {
      va[i] = momentum * va[i]! + ga[i]! + weightDecay * a[i]!;
      a[i]! -= learningRate * va[i]!;
    }
    if (layers === 'both') {
      for (let i = 0; i < b.length; i++) {
        vb[i] = momentum * vb[i]! + gb[i]!;
        b[i]! -= learningRate * vb[i]!;
      }
    }
  }
  return verdict;
}

/** Phi at checkpoint t: for each neuron its output on the n training samples. */
export function neuronOutputs({ config, inputs, signs, weights, outputs }: Exported, t: number): number[][] {
  const sigma = named(SIGMA, config.network.activation);
  const scale = config.width ** (1 - named(GAMMA, config.network.scaling));
  const a = weights.get(t);
  if (!a) throw new Error(`weights_${t} is missing`);
  const b = outputs.get(t) ?? signs;
  return Array.from({ length: config.width }, (_, i) =>
    Array.from({ length: inputs.rows }, (_, s) => {
      let h = 0;
      for (let c = 0; c < inputs.columns; c++) h += entry(a, i, c) * entry(inputs, s, c);
      return scale * b[i]! * sigma.value(h);
    }),
  );
}

/** What selection minimises the mean of. */
function objectiveOf(name: string): (u: number, y: number) => number {
  if (name === 'brier') return (u, y) => (1 / (1 + Math.exp(-u)) - (y + 1) / 2) ** 2;
  return named(LOSS, name).value;
}

/** The samples of one pick after another: m of n, or all. */
function samplesOfPicks(seed: number, t: number, n: number, m: number): () => number[] {
  const draw = seedrandom.alea(`espalier/${seed}/selection-batches/${t}`);
  const order = Array.from({ length: n }, (_, s) => s);
  if (m >= n) return () => order;
  return () => {
    for (let i = 0; i < m; i++) {
      const j = i + Math.floor(draw() * (n - i));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order.slice(0, m).sort((a, b) => a - b);
  };
}

/**
 * Tests every exported pick against exhaustive search with the same prefix. Greedy: the loss of every candidate from
 * scratch, on the samples of the pick where the name has a sample size; the pick's score (for the squared loss,
 * ||z + Phi_q - j y||^2) within 1e-6 (||z||^2 + j^2 n) of the best, over these samples.
 * Magnitude: norms fall, and no neuron left out is larger. Random: indices in range.
 */
export function checkPicks(exported: Exported): Verdict {
  const { config, labels } = exported;
  const n = labels.length;
  const verdict: Verdict = { compared: 0, problems: [] };
  for (const [name, byTime] of exported.picks) {
    const [method, ownObjective, size] = name.split('-');
    const objective = ownObjective ?? [config.prune.objective].flat()[0] ?? 'training-loss';
    const lossAt = objectiveOf(objective === 'training-loss' ? config.train.loss : objective);
    for (const [t, picks] of byTime) {
      const nextSamples = samplesOfPicks(config.seed, t, n, size === undefined ? n : Number(size));
      const phi = neuronOutputs(exported, t);
      const report = (j: number, what: string): unknown =>
        verdict.problems.push(`picks_${name}_${t}[${j - 1}] = ${picks[j - 1]}: ${what}`);
      let z = Array.from({ length: n }, () => 0);
      const norms = phi.map(values => values.reduce((sum, v) => sum + v * v, 0));
      const left = new Set(norms.keys());
      for (let j = 1; j <= picks.length; j++) {
        const pick = picks[j - 1]!;
        verdict.compared++;
        if (!(pick in phi)) {
          report(j, `there are ${phi.length} neurons`);
          break;
        }
        if (method === 'greedy') {
          const looked = nextSamples();
          const scores = phi.map(values => {
            let sum = 0;
            for (const s of looked) sum += lossAt((z[s]! + values[s]!) / j, labels[s]!);
            return 2 * j * j * sum;
          });
          const best = scores.reduce((least, score, q) => (score < scores[least]! ? q : least), 0);
          const slack = 1e-6 * looked.reduce((sum, s) => sum + z[s]! * z[s]! + j * j, 0);
          const excess = scores[pick]! - scores[best]!;
          if (!(excess <= slack)) report(j, `neuron ${best} is better by ${excess}`);
        } else if (method === 'magnitude') {
          const larger = [...left].find(q => norms[q]! > norms[pick]! * (1 + 1e-5));
          if (!left.delete(pick)) report(j, 'picked twice');
          else if (larger !== undefined) report(j, `neuron ${larger} is larger`);
        }
        z = z.map((v, s) => v + phi[pick]![s]!);
      }
    }
  }
  return verdict;
}

/** Mean loss and accuracy of outputs on the n samples; `undecided` counts outputs whose sign rounding may change. */
export function measureOutputs(
  f: readonly number[],
  labels: ArrayLike<number>,
  lossName: string,
): { loss: number; accuracy: number; undecided: number } {
  const loss = named(LOSS, lossName);
  const scale = Math.max(...f.map(Math.abs));
  return {
    loss: f.reduce((sum, v, s) => sum + loss.value(v, labels[s]!), 0) / f.length,
    accuracy: f.filter((v, s) => v * labels[s]! > 0).length / f.length,
    undecided: f.filter(v => v !== 0 && Math.abs(v) <= 1e-5 * scale).length,
  };
}

/**
 * Tests rows of `results` of this trajectory against the metrics of the exported weights and picks: losses within
 * `tolerance` (relative above 1), accuracies except for undecided samples, distinct neurons exactly. Skips cells whose
 * picks or weights were not exported, and null metrics.
 */
export function checkMetrics(exported: Exported, rows: readonly ResultsRow[], tolerance = 1e-5): Verdict {
  const { config, labels, picks } = exported;
  const verdict: Verdict = { compared: 0, problems: [] };
  const cache = new Map<number, number[][]>();
  for (const row of rows) {
    const t = row.pretrain_iterations as number;
    if (!exported.weights.has(t)) continue;
    const phi = cache.get(t) ?? neuronOutputs(exported, t);
    cache.set(t, phi);
    const expect = (column: string, mine: number, slack: number): void => {
      const theirs = row[column];
      if (theirs === null || theirs === undefined) return;
      verdict.compared++;
      if (Math.abs(Number(theirs) - mine) <= slack) return;
      const cell = `t = ${t}, ${row.prune_method}, k = ${row.subnet_size}`;
      verdict.problems.push(`${column} (${cell}): ${theirs}, recomputed ${mine}`);
    };
    const compare = (who: string, chosen: ArrayLike<number>): void => {
      const f = Array.from({ length: labels.length }, (_, s) => {
        let sum = 0;
        for (let j = 0; j < chosen.length; j++) sum += phi[chosen[j]!]![s]!;
        return sum / chosen.length;
      });
      const { loss, accuracy, undecided } = measureOutputs(f, labels, config.train.loss);
      expect(`${who}_train_loss`, loss, tolerance * Math.max(1, loss));
      expect(`${who}_train_accuracy`, accuracy, (undecided + 1e-6) / labels.length);
    };
    compare('dense', [...phi.keys()]);
    const method = String(row.prune_method);
    const named =
      row.prune_sample_size == null
        ? (picks.get(`${method}-${row.prune_objective}`) ?? picks.get(method))
        : picks.get(`${method}-${row.prune_objective}-${row.prune_sample_size}`);
    const path = named?.get(t);
    const size = row.subnet_size as number;
    if (!path || path.length < size) continue;
    const prefix = Array.from({ length: size }, (_, j) => path[j]!);
    compare('subnet', prefix);
    expect('distinct_neurons', new Set(prefix).size, 0);
  }
  return verdict;
}
