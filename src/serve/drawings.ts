/** The live page's figures: the report's figures of one selection, as specifications that the page draws. */
import type { FitReport } from '../fit/index.js';
import { specOf } from '../report/drawing/render.js';
import { boundFigure } from '../report/figures/bound.js';
import { curvesFigure } from '../report/figures/curves.js';
import { type Columns, FIGURE_WIDTH, type Figure, type FigureData } from '../report/figures/figure.js';
import { groupsOfSlice } from '../report/figures/groups.js';
import { heatmapFigure } from '../report/figures/heatmap.js';
import { localExponentFigure } from '../report/figures/local-exponent.js';
import { targetsFigure } from '../report/figures/targets.js';
import { criterion } from '../report/style/text.js';
import type { Selection, SelectionParams } from '../slice/selection.js';
import type { PredictedPoint } from '../store/read/predictions.js';
import type { CachedCurves } from './curve-cache.js';
import type { Drawing, Figures } from './messages.js';

/** Nothing is fitted here: laws and verdicts are the last stored ones, if any. */
const LIVE_FIGURES: readonly Figure[] = [targetsFigure, curvesFigure, heatmapFigure];
const PREDICTION_FIGURES: readonly Figure[] = [boundFigure, localExponentFigure];
/** Rows of the table behind a figure; the SQL box has the rest. */
const MAX_ROWS = 300;
const MAX_VERDICTS = 12;
/** Approximate width of axes and gaps in pixels, per figure and per panel. The page scales figures to their place. */
const MARGIN = { figure: 60, panel: 40 };

export const paperColumns = ({ columns }: SelectionParams): Columns => (columns === '1' ? 1 : 2);

/** What other commands have stored about a selection. */
interface Stored {
  /** The report of the sweep's fits, as JSON; null where nothing is stored. */
  readonly fit: string | null;
  readonly predictions: readonly PredictedPoint[];
}

export function drawFigures(
  selection: Selection,
  contents: CachedCurves,
  { fit, predictions }: Stored,
  columns: Columns,
): Figures {
  const { complete, read } = contents;
  const data = { ...figureData(selection, contents), fit: fitOf(fit), predictions };
  const figures = predictions.length > 0 ? [...LIVE_FIGURES, ...PREDICTION_FIGURES] : LIVE_FIGURES;
  return {
    choices: selection.choices,
    drawings: figures.map(figure => drawing(figure, data, columns)),
    verdicts: verdictsOf(data),
    members: selection.members.length,
    complete,
    read,
  };
}

/** Null also for a report of another shape, which another version of espalier wrote. */
function fitOf(text: string | null): FitReport | null {
  const report = text === null ? null : (JSON.parse(text) as FitReport);
  return report?.shape === 1 ? report : null;
}

function verdictsOf(data: FigureData): Figures['verdicts'] {
  const groups = groupsOfSlice(data).sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
  return groups.slice(0, MAX_VERDICTS).map(({ metric, target, verdict }) => ({
    criterion: criterion(metric, target),
    sentence: verdict.sentence,
  }));
}

function drawing(figure: Figure, data: FigureData, columns: Columns): Drawing {
  const across = figure.across(data, columns);
  const panelWidth = Math.floor((FIGURE_WIDTH[columns] - MARGIN.figure) / across) - MARGIN.panel;
  const { head, rows } = figure.table(data);
  return {
    name: figure.name,
    title: figure.title,
    caption: figure.caption(data),
    spec: specOf(figure, data, { theme: 'page', columns, panelWidth }),
    table: { head, rows: rows.slice(0, MAX_ROWS), leftOut: Math.max(0, rows.length - MAX_ROWS) },
  };
}

function figureData(
  selection: Selection,
  { curves, crossings }: CachedCurves,
): Omit<FigureData, 'fit' | 'predictions'> {
  const { sweep, set, axes, members, target } = selection;
  const widths = new Set(members.map(({ width }) => width));
  const [width] = widths;
  const greedy = members.find(({ method }) => method === 'greedy') ?? members[0];
  return {
    slice: {
      sweep: sweep.name,
      width: widths.size === 1 ? width! : null,
      axes,
      objective: greedy?.objective ?? null,
      sampleSize: greedy?.sampleSize ?? null,
      subnetSize: greedy?.subnetSize ?? 0,
      retrainIterations: greedy?.retrainIterations ?? 0,
    },
    set,
    curves,
    crossings,
    subnetSizes: [],
    times: [],
    primary: target,
  };
}
