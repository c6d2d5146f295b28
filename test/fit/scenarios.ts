/** Curves t*(n) drawn from known laws on a sweep's design, for the proofs that the fitter is right. */
import { atOnce } from '../../src/base/steps.js';
import { refinedCheckpoints } from '../../src/domain/sweep-file/axes.js';
import {
  type CrossingRow,
  countsOfSample,
  type Evidence,
  growth,
  judge,
  type Noise,
  packSample,
  type Sample,
  simulateSample,
  type VerdictCode,
} from '../../src/fit/index.js';
import { normals, stream, type Uniform } from '../../src/math/random.js';
import { findCrossing } from '../../src/threshold/crossing.js';
import { chosenCheckpoints } from '../../src/threshold/refine.js';
import { smoothCurve } from '../../src/threshold/smooth-curve.js';
import { SIMULATION_SEED } from './simulation-seed.js';

export interface Design {
  readonly sizes: readonly number[];
  readonly seeds: number;
  /** Checkpoints from 5 (and 0) at this ratio. */
  readonly ratio: number;
  readonly tMax: number;
}

/** Eight sizes over 128x, with ten seeds. */
export const DESIGN: Design = {
  sizes: [250, 500, 1000, 2000, 4000, 8000, 16000, 32000],
  seeds: 10,
  ratio: 1.12,
  tMax: 20_000,
};

/** Half of the variance belongs to the seed: it shifts its whole curve, and tilts it by up to 4% at the ends. */
export const NOISE: Noise = { own: 0.0707, seedLevel: 0.067, seedSlope: 0.015 };

export function checkpoints({ ratio, tMax }: Design): number[] {
  const times = [0];
  for (let t = 5; t < tMax; t = Math.max(t + 1, Math.round(t * ratio))) times.push(t);
  return [...times, tMax];
}

/** ln mu by size: from `from` at the smallest n to `from * factor` at the largest, along g_lambda. */
export function alongGrowth(
  lambda: number,
  factor: number,
  { sizes }: Design = DESIGN,
  from = 100,
): number[] {
  const x = sizes.map(n => Math.log(n / sizes[0]!));
  const whole = growth(lambda, x.at(-1)!);
  return x.map(at => Math.log(from * (1 + ((factor - 1) * growth(lambda, at)) / whole)));
}

/** The same along a power of n: its exponent is ln factor / ln range. */
export function alongPower(factor: number, { sizes }: Design = DESIGN, from = 100): number[] {
  const range = Math.log(sizes.at(-1)! / sizes[0]!);
  return sizes.map(n => Math.log(from) + (Math.log(factor) * Math.log(n / sizes[0]!)) / range);
}

/** A sample of the design as the base of draws; its own ends are placeholders. */
export function placeholderSample(design: Design): Sample {
  const grid = checkpoints(design);
  return packSample(
    design.sizes.flatMap(datasetSize =>
      Array.from({ length: design.seeds }, (_, seed): CrossingRow => {
        return { datasetSize, seed, lower: 1, upper: 2, checkpoints: grid };
      }),
    ),
  );
}

/** The stream that sample `i` is drawn from. */
const drawStream = (name: string, i: number): Uniform => stream(SIMULATION_SEED, 'proof', name, i);

/** `count` samples, each from a stream of its own. */
export function* drawSamples(
  name: string,
  count: number,
  design: Design,
  logMu: readonly number[],
  noise: Noise = NOISE,
): Generator<Sample> {
  const base = placeholderSample(design);
  for (let i = 0; i < count; i++) yield simulateSample(base, logMu, noise, drawStream(name, i));
}

/**
 * As `drawSamples`, of a design whose checkpoints are refined: each curve is measured with noise at the checkpoints that it
 * asks for, and its crossing is found there.
 */
export function* drawRefinedSamples(
  name: string,
  count: number,
  design: Design,
  logMu: readonly number[],
  noise: Noise = NOISE,
): Generator<Sample> {
  const grid = refinedCheckpoints({ from: 5, to: design.tMax, ratio: 2, refine: design.ratio })!;
  const { x } = placeholderSample(design);
  const target = { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true } as const;
  const variant = {
    method: 'greedy',
    objective: 'squared',
    sampleSize: null,
    subnetSize: 1,
    retrainIterations: 0,
  } as const;
  const rules = { ...grid, targets: [target], levels: [], variants: [variant], datasetSize: 1 };
  for (let i = 0; i < count; i++) {
    const normal = normals(drawStream(`refined ${name}`, i));
    const rows: CrossingRow[] = [];
    for (let seed = 0; seed < design.seeds; seed++) {
      const [level, slope] = [noise.seedLevel * normal(), noise.seedSlope * normal()];
      for (const [s, datasetSize] of design.sizes.entries()) {
        const crossing = Math.exp(logMu[s]! + level + slope * x[s]! + noise.own * normal());
        // Meets the target at the crossing, with noise of 1%.
        const cells = grid.fine.map(t => {
          const loss = (0.5 / (1 + (t / crossing) * (0.5 / 0.15 - 1))) * Math.exp(0.01 * normal());
          return { ...variant, t, metrics: { subnet_train_loss: loss } };
        });
        const asked = new Set([...grid.coarse, ...chosenCheckpoints(rules, cells)]);
        const measured = cells.filter(({ t }) => asked.has(t));
        const curve = smoothCurve(
          measured.map(({ t }) => t),
          measured.map(({ metrics }) => metrics.subnet_train_loss),
          { direction: 'down', turnsBack: false },
          grid.fine,
        );
        const { lower, upper } = findCrossing(curve, target.value)!;
        rows.push({ datasetSize, seed, lower: lower!, upper, checkpoints: grid.fine });
      }
    }
    yield packSample(rows);
  }
}

/** The whole evidence, or with `earlyExit` only the part that decides the verdict. */
export function judgeSample(sample: Sample, name: string, earlyExit: boolean, simulations = 399): Evidence {
  return atOnce(
    judge(sample, countsOfSample(sample), { seed: SIMULATION_SEED, name, simulations, earlyExit }),
  );
}

/** The share of samples that reach each verdict. */
export function verdictShares(
  name: string,
  count: number,
  logMu: readonly number[],
  {
    design = DESIGN,
    noise = NOISE,
    draw = drawSamples,
  }: { design?: Design; noise?: Noise; draw?: typeof drawSamples } = {},
): Partial<Record<VerdictCode, number>> {
  const tally = new Map<VerdictCode, number>();
  let i = 0;
  for (const sample of draw(name, count, design, logMu, noise)) {
    const { code } = judgeSample(sample, `${name} ${i++}`, true);
    tally.set(code, (tally.get(code) ?? 0) + 1);
  }
  const shares = [...tally].sort(([, a], [, b]) => b - a).map(([code, times]) => [code, times / count]);
  return Object.fromEntries(shares);
}
