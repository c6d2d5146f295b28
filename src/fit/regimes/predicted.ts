/** Regimes of what a kernel predicts, by the rule of the measured ones, and whether the two agree. */
import type { Steps } from '../../base/steps.js';
import { countsOfSample } from '../estimate/counts.js';
import { type PredictedRow, predictedSample } from '../estimate/predicted.js';
import { fitLaw } from '../laws/fit-law.js';
import { lackingPhrase } from '../verdict/sentences.js';
import { shortfalls } from '../verdict/sufficiency.js';
import { findRegimes } from './find-regimes.js';
import type { RegimeLaw } from './range-tests.js';
import { longest, type PredictedRegimes, type Regimes } from './regime.js';
import { SIDES, type Side } from './search.js';
import { lawsInWords, size } from './sentence.js';

type Prediction = Pick<PredictedRegimes, 'regimes' | 'means'>;

/**
 * Finds the regimes of a group's predictions; null without any. Groups that differ in k or in the method have the same
 * predictions, whose regimes are found once.
 *
 * @param seed of the simulations.
 */
export function regimesOfPredictions(
  seed: number,
): (rows: readonly PredictedRow[]) => Steps<Prediction | null> {
  const known = new Map<string, Prediction>();
  return function* find(rows) {
    const sample = predictedSample(rows);
    if (sample.sizes.length === 0) return null;
    const key = JSON.stringify([
      sample.sizes,
      sample.seeds,
      ...[sample.size, sample.seed, sample.lower, sample.upper].map(one => [...one]),
    ]);
    const earlier = known.get(key);
    if (earlier) return earlier;
    const lacking = shortfalls(countsOfSample(sample), sample.seeds.length);
    const facts = { seed, name: 'predicted', isSmooth: null };
    const found = {
      regimes: yield* findRegimes(sample, {
        ...facts,
        lacking: lacking.length > 0 ? `too few predictions: ${lackingPhrase(lacking)}` : null,
      }),
      means: Array.from(fitLaw('one mean per size', sample).logMu, (logMu, at) => ({
        n: sample.sizes[at]!,
        t: Math.exp(logMu),
      })),
    };
    known.set(key, found);
    return found;
  };
}

/**
 * Whether two sets of regimes agree. Without a bend in either, one law must hold over all sizes in both; with a bend in
 * both, their intervals must overlap, and one law must hold in both at each end at which both have any.
 */
export function compareRegimes(
  predicted: Regimes,
  measured: Regimes,
): Pick<PredictedRegimes, 'agree' | 'sentence'> {
  const lacking = [
    ...(predicted.ranges.length === 0 && !predicted.bend ? ['the prediction'] : []),
    ...(measured.ranges.length === 0 && !measured.bend ? ['the measurement'] : []),
  ];
  if (lacking.length > 0)
    return {
      agree: null,
      sentence: `Not compared: ${lacking.join(' and ')} ${lacking.length > 1 ? 'have' : 'has'} no regimes.`,
    };
  const points = [comparedBends(predicted, measured), ...comparedLaws(predicted, measured)];
  const agree = points.every(point => point.agree);
  const told = points.filter(point => point.agree === agree).map(({ text }) => text);
  return {
    agree,
    sentence: `Prediction and measurement ${agree ? 'agree' : 'do not agree'}: ${told.join('; ')}.`,
  };
}

interface Point {
  readonly agree: boolean;
  readonly text: string;
}

function comparedBends({ bend: predicted }: Regimes, { bend: measured }: Regimes): Point {
  if (!predicted && !measured) return { agree: true, text: 'neither has a bend' };
  if (!measured)
    return {
      agree: false,
      text: `a bend is predicted ${between(predicted!)}, and none is found in the measurement, whose noise may hide one`,
    };
  if (!predicted)
    return {
      agree: false,
      text: `a bend is measured ${between(measured)}, and none is found in the prediction`,
    };
  const agree = predicted.low <= measured.high && measured.low <= predicted.high;
  return { agree, text: `a bend is predicted ${between(predicted)} and measured ${between(measured)}` };
}

/** Over all sizes where neither has a bend, at both ends where both have one; nothing where one alone has. */
function comparedLaws(predicted: Regimes, measured: Regimes): Point[] {
  if ((predicted.bend === null) !== (measured.bend === null)) return [];
  const sides = predicted.bend ? SIDES : (['upper'] as const);
  return sides.flatMap(side => {
    const where = !predicted.bend
      ? 'over all sizes'
      : `at the ${side === 'upper' ? 'largest' : 'smallest'} sizes`;
    const [ours, theirs] = [lawsAt(predicted, side), lawsAt(measured, side)];
    if (ours.length === 0 || theirs.length === 0) return [];
    const common = ours.filter(law => theirs.includes(law));
    return common.length > 0
      ? {
          agree: true,
          text: `${where} ${lawsInWords(common, 'and')} ${common.length > 1 ? 'hold' : 'holds'} in both`,
        }
      : {
          agree: false,
          text: `${where} ${lawsInWords(ours, 'or')} is predicted, and ${lawsInWords(theirs, 'or')} measured`,
        };
  });
}

/** The laws that hold on the longest range of a side: with a bend that which the sentence names, else all sizes. */
const lawsAt = ({ ranges }: Regimes, side: Side): RegimeLaw[] => longest(ranges, side).map(({ law }) => law);

const between = ({ low, high }: { low: number; high: number }): string =>
  `between n = ${size(low)} and ${size(high)}`;
