/** Tick positions and tick labels of axes. */

import { textWidth } from './measure.js';
import { count, powerOfTen } from './text.js';
import { FONT_SIZE } from './vega-config.js';

/** Minimum free space between two labels, in pixels. */
const GAP = { across: 7, down: 6 } as const;

/** An axis with an increasing scale; `place` maps a value to its pixel. */
export interface AxisSpan {
  readonly low: number;
  readonly high: number;
  readonly direction: keyof typeof GAP;
  place(value: number): number;
}

/** A logarithmic axis, `length` pixels long; `low` is above 0. */
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

/** Vega's symlog axis from 0: linear up to about `constant`, logarithmic beyond. */
export const symlogSpan = (constant: number, high: number, length: number): AxisSpan => ({
  low: 0,
  high,
  direction: 'across',
  place: value => (length * Math.log1p(value / constant)) / Math.log1p(high / constant),
});

/**
 * The first of these lists whose labels have room: 1, 2 and 5 times powers of ten; 1 and 2; 1 and 5; powers of ten;
 * some of the powers. An axis of about a decade or less tries finer ticks before.
 */
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

/** Ticks for checkpoints: 0, then round numbers beyond the linear part. */
export function timeTicks(span: AxisSpan, constant: number): number[] {
  const beyond = logTicks({ ...span, low: constant * 1.5 });
  return fits([0, ...beyond], span) ? [0, ...beyond] : [0, ...beyond.slice(1)];
}

/** Ticks at the sizes themselves where their labels have room, else at round numbers. */
export const sizeTicks = (sizes: readonly number[], span: AxisSpan): number[] =>
  fits(sizes, span) ? [...sizes] : logTicks(span);

function fits(ticks: readonly number[], { place, direction }: AxisSpan): boolean {
  return ticks.every((tick, i) => {
    const previous = ticks[i - 1];
    if (previous === undefined) return true;
    const extent =
      direction === 'across'
        ? (textWidth(axisNumber(previous), FONT_SIZE.label) + textWidth(axisNumber(tick), FONT_SIZE.label)) /
          2
        : FONT_SIZE.label;
    return Math.abs(place(tick) - place(previous)) >= extent + GAP[direction];
  });
}

/** Factors for axes of about a decade or less. */
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

/** `0.05`, `20,000`; a power of ten below 1e-4 and from 1e6 on. */
export const axisNumber = (value: number): string => count(value);

/**
 * Vega-Lite settings of an axis with these ticks, which zooming does not change. If a tick is below 1e-4, all ticks
 * below 0.01 are labelled as powers of ten.
 */
export function tickAxis(ticks: readonly number[]): { values: readonly number[]; labelExpr: string } {
  const tiny = ticks.some(tick => tick > 0 && tick < 1e-4);
  const label = (tick: number): string =>
    tiny && tick > 0 && tick < 0.01 ? powerOfTen(tick) : axisNumber(tick);
  const labels = Object.fromEntries(ticks.map(tick => [tick, label(tick)]));
  return { values: ticks, labelExpr: `${JSON.stringify(labels)}[datum.value] || ''` };
}
