/** The axes that figures of thresholds share. */
import { AXIS } from '../style/text.js';
import { logSpan, logTicks, sizeTicks, tickAxis } from '../style/ticks.js';
import type { Spec } from '../style/vega-config.js';

/** Room for an arrow at either end of a logarithmic axis, in pixels. */
const PADDING = 14;
/** Factor by which the size axis extends beyond the sizes: seeds of one n are spread, and lines continue. */
export const SIZE_AXIS_MARGIN = 1.16;

/** n on a logarithmic axis, with ticks at the sizes where they have room. */
export function sizeAxis(
  sizes: readonly number[],
  width: number,
  title: string | null = AXIS.n,
): (field: string) => Spec {
  const [low, high] = [sizes[0]! / SIZE_AXIS_MARGIN, sizes.at(-1)! * SIZE_AXIS_MARGIN];
  const ticks = sizeTicks(sizes, logSpan(low, high, width, 'across'));
  return field => ({
    field,
    type: 'quantitative',
    title,
    scale: { type: 'log', domain: [low, high], nice: false },
    axis: tickAxis(ticks),
  });
}

/** t* on a logarithmic axis. */
export function logTimeAxis(
  low: number,
  high: number,
  height: number,
  title: string | null = AXIS.tStar,
): (field: string) => Spec {
  const ticks = logTicks(logSpan(low, high, height - 2 * PADDING, 'down'));
  return field => ({
    field,
    type: 'quantitative',
    title,
    scale: { type: 'log', domain: [low, high], nice: false, padding: PADDING },
    axis: { ...tickAxis(ticks), minExtent: 34 },
  });
}

/** Height of an arrow above its foot, in pixels. */
const ARROW_HEIGHT = 16;

/** t* on a linear axis from 0, with room for arrows at the top. */
export function linearTimeAxis(
  high: number,
  height: number,
  title: string | null = AXIS.tStar,
  tickCount = 5,
): (field: string) => Spec {
  return field => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, high * (1 + ARROW_HEIGHT / height)], nice: false },
    axis: { tickCount, format: ',~r', minExtent: 34 },
  });
}
