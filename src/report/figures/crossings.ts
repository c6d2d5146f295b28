/** Positions and marks of crossings in figures. */
import { medianCrossing } from '../../fit/index.js';
import type { CrossingPoint } from '../../store/read/figure-rows.js';
import type { Spec } from '../style/vega-config.js';
import { distinct } from './figure.js';

/** The point of an interval: its geometric middle, or its finite end where it is open (a lower end of 0 is open). */
export function pointOf({ lower, upper }: Pick<CrossingPoint, 'lower' | 'upper'>): number | null {
  if (upper === null) return lower;
  return lower === null || lower === 0 ? upper : Math.sqrt(lower * upper);
}

/** The median over seeds: its upper end, or its lower end if right-censored. Null if the median is unreachable. */
export function medianOf(
  rows: readonly CrossingPoint[],
): { readonly at: number; readonly censored: boolean } | null {
  const median = medianCrossing(rows);
  if (!median || median.censoring === 'unreachable') return null;
  return { at: median.upper ?? median.lower ?? 0, censored: median.upper === null };
}

/** A crossing with its position: seeds of one n are next to each other. `at` is t*, `shown` the tooltip's text. */
export interface PlacedCrossing extends CrossingPoint {
  readonly x: number;
  readonly at: number;
  readonly shown: string;
}

/** Spread of the seeds of one n, as a share of the distance between neighbouring sizes. */
const SPREAD = 0.3;

/** Crossings without a positive point are left out. */
export function placeCrossings(rows: readonly CrossingPoint[]): PlacedCrossing[] {
  const [sizes, seeds] = [distinct(rows.map(({ n }) => n)), distinct(rows.map(({ seed }) => seed))];
  const gaps = sizes.slice(1).map((n, i) => Math.log(n / sizes[i]!));
  const gap = Math.min(Math.LN2, ...gaps) * SPREAD;
  return rows.flatMap(row => {
    const at = pointOf(row);
    if (at === null || at <= 0) return [];
    const place = seeds.length > 1 ? seeds.indexOf(row.seed) / (seeds.length - 1) - 0.5 : 0;
    return [{ ...row, at, x: row.n * Math.exp(gap * place), shown: intervalShown(row) }];
  });
}

function intervalShown({ lower, upper, censoring }: CrossingPoint): string {
  if (censoring === 'unreachable') return 'unreachable';
  if (upper === null) return `> ${lower}`;
  return lower === null || censoring === 'left' ? `≤ ${upper}` : `${lower} to ${upper}`;
}

/** SVG paths in the unit of Vega's symbols. An arrow starts at its foot. */
const UP = 'M0,0L0,-1.7M-0.5,-1.1L0,-1.7L0.5,-1.1';
const DOWN = 'M0,0L0,1.7M-0.5,1.1L0,1.7L0.5,1.1';
const CROSS = 'M-0.6,-0.6L0.6,0.6M-0.6,0.6L0.6,-0.6';

/**
 * Layers of crossings: a bar over the interval with a point at its middle, an arrow where one side is open, a cross at
 * the last checkpoint where the target is unreachable. `x` and `y` return the encoding of a field.
 */
export function crossingLayers(
  x: (field: string) => Spec,
  y: (field: string) => Spec,
  style: { readonly color: Spec; readonly opacity?: Spec; readonly size?: number },
): Spec[] {
  const tooltip = [
    { field: 'target', title: 'target' },
    { field: 'n', title: 'n', format: ',' },
    { field: 'seed', title: 'seed' },
    { field: 'shown', title: 't*' },
  ];
  const { color, size = 16 } = style;
  const encoding = { x: x('x'), color, ...(style.opacity ? { opacity: style.opacity } : {}) };
  const is = (censoring: CrossingPoint['censoring']): Spec => ({
    filter: `datum.censoring === '${censoring}'`,
  });
  const arrow = (censoring: CrossingPoint['censoring'], shape: string): Spec => ({
    transform: [is(censoring)],
    // A down arrow may start near the axis; clipping keeps it out of the labels.
    mark: { type: 'point', filled: false, shape, size: 60, strokeWidth: 1.2, clip: censoring === 'left' },
    encoding: { ...encoding, y: y('at'), tooltip },
  });
  return [
    {
      transform: [is('interval')],
      mark: { type: 'rule', clip: true, strokeWidth: 0.9, opacity: 0.55 },
      encoding: { x: x('x'), color, y: y('lower'), y2: { field: 'upper' } },
    },
    {
      transform: [is('interval')],
      mark: { type: 'point', clip: true, filled: true, size, opacity: 0.9 },
      encoding: { ...encoding, y: y('at'), tooltip },
    },
    arrow('right', UP),
    arrow('left', DOWN),
    arrow('unreachable', CROSS),
  ];
}
