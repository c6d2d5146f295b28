/** How far cells are from what was published. */
import { median } from '../math/median.js';
import type { CellPlace } from './published-table.js';

/** A cell of both sides. */
export interface ComparedCell extends CellPlace {
  readonly published: number;
  /** The mean over seeds. */
  readonly ours: number;
  readonly seeds: number;
  /** The lowest and highest of the seeds. */
  readonly low: number;
  readonly high: number;
  /** Ours less the published value. */
  readonly difference: number;
}

export interface Summary {
  readonly cells: number;
  /** Medians and means are null without cells. */
  readonly medianAbsolute: number | null;
  readonly worstAbsolute: number | null;
  /** Where the worst one is; the first of several. */
  readonly worstAt: { readonly n: number; readonly t: number } | null;
  /** Ours less the published value. */
  readonly meanDifference: number | null;
}

export function summarise(cells: readonly ComparedCell[]): Summary {
  const [first] = cells;
  if (!first)
    return { cells: 0, medianAbsolute: null, worstAbsolute: null, worstAt: null, meanDifference: null };
  const size = ({ difference }: ComparedCell): number => Math.abs(difference);
  const worst = cells.reduce((most, cell) => (size(cell) > size(most) ? cell : most), first);
  return {
    cells: cells.length,
    medianAbsolute: median(cells.map(size)),
    worstAbsolute: size(worst),
    worstAt: { n: worst.n, t: worst.t },
    meanDifference: cells.reduce((sum, { difference }) => sum + difference, 0) / cells.length,
  };
}
