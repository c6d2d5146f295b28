/** Where axes have ticks, and what stands beside them. */

import { textWidth } from './measure.js';
import { count, powerOfTen } from './text.js';
import { FONT_SIZE } from './vega-config.js';

/** Free space between two labels, in pixels. */
const GAP = { across: 7, down: 6 } as const;

/** An axis of an increasing scale: `place` takes a value to its pixel. */
export interface AxisSpan {
  readonly low: number;
  readonly high: number;
  readonly direction: keyof typeof GAP;
  place(value: number): number;
}

/** A logarithmic axis of this length in pixels; low above 0. */
export const logSpan = (
  low: number,
  high: number,
  length: number,
  direction: keyof typeof GAP,
): AxisSpan => ({
  low,
  high,
  direction,
  place: value => (length * Math.log(value / low)) / Math.max(1e-9, Math.log(high / low)),
});

/** Linear up to about `constant`, logarithmic beyond: Vega's symlog. */
export const symlogSpan = (constant: number, high: number, length: number): AxisSpan => ({
  low: 0,
  high,
  direction: 'across',
  place: value => (length * Math.log1p(value / constant)) / Math.log1p(high / constant),
});

/** 1, 2 and 5 times powers of ten where labels have room; else 1 and 2, or 1 and 5, or powers of ten, or some of them. */
export function logTicks(span: AxisSpan): number[] {
  const all = multiples([1, 2, 5], { low: Math.max(span.low, span.high * 1e-12), high: span.high });
  const lead = span.low === 0 ? [0] : [];
  const powers = all.filter(isPower);
  const attempts = [
    ...(span.low > 0 && span.high / span.low < 12
      ? [FINE, EVEN].map(factors => multiples(factors, span))
      : []),
    all,
    all.filter(tick => isPower(tick) || isPower(tick / 2)),
    all.filter(tick => isPower(tick) || isPower(tick / 5)),
    ...[1, 2, 3, 4, 6].map(step => powers.filter((_, i) => i % step === 0)),
  ].map(ticks => [...lead, ...ticks]);
  return (
    attempts.find(ticks => ticks.length >= 2 + lead.length && fits(ticks, span)) ?? [
      ...lead,
      ...powers.slice(0, 1),
    ]
  );
}

/** For checkpoints: 0, then round numbers beyond the linear part. */
export function timeTicks(span: AxisSpan, constant: number): number[] {
  const beyond = logTicks({ ...span, low: constant * 1.5 });
  return fits([0, ...beyond], span) ? [0, ...beyond] : [0, ...beyond.slice(1)];
}

/** The sizes themselves where their labels have room, else round numbers. */
export const sizeTicks = (sizes: readonly number[], span: AxisSpan): number[] =>
  fits(sizes, span) ? [...sizes] : logTicks(span);

function fits(ticks: readonly number[], { place, direction }: AxisSpan): boolean {
  return ticks.every((tick, i) => {
    const before = ticks[i - 1];
    if (before === undefined) return true;
    const extent =
      direction === 'across'
        ? (textWidth(axisNumber(before), FONT_SIZE.label) + textWidth(axisNumber(tick), FONT_SIZE.label)) / 2
        : FONT_SIZE.label;
    return Math.abs(place(tick) - place(before)) >= extent + GAP[direction];
  });
}

/** For axes of a decade or less. */
const FINE = [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
const EVEN = [1, 2, 3, 4, 6, 8];

function multiples(factors: readonly number[], { low, high }: Pick<AxisSpan, 'low' | 'high'>): number[] {
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const factor of factors) ticks.push(Number((factor * 10 ** e).toPrecision(3)));
  return ticks.filter(tick => tick >= low * 0.999 && tick <= high * 1.001);
}

const isPower = (value: number): boolean =>
  Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;

/** `0.05`, `20,000`; below a ten-thousandth and from a million on as powers of ten. */
export const axisNumber = (value: number): string => count(value);

/**
 * The settings of an axis with these ticks. A zoomed axis keeps them: they are where they are. Where some are below a
 * ten-thousandth, all below a hundredth are powers.
 */
export function tickAxis(ticks: readonly number[]): { values: readonly number[]; labelExpr: string } {
  const tiny = ticks.some(tick => tick > 0 && tick < 1e-4);
  const label = (tick: number): string =>
    tiny && tick > 0 && tick < 0.01 ? powerOfTen(tick) : axisNumber(tick);
  const labels = Object.fromEntries(ticks.map(tick => [tick, label(tick)]));
  return { values: ticks, labelExpr: `${JSON.stringify(labels)}[datum.value] || ''` };
}
