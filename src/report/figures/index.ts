/** All figures, in the order of a report: the main one first. */
import { boundFigure } from './bound.js';
import { curvesFigure } from './curves.js';
import type { Figure } from './figure.js';
import { heatmapFigure } from './heatmap.js';
import { lambdaFigure } from './lambda.js';
import { localExponentFigure } from './local-exponent.js';
import { logLawFigure } from './log-law.js';
import { regimesFigure } from './regimes.js';
import { residualsFigure } from './residuals.js';
import { subnetSizeFigure } from './subnet-size.js';
import { targetsFigure } from './targets.js';
import { thresholdsFigure } from './thresholds.js';
import { timeFigure } from './time.js';

/**
 * All figures, in the order of a report. They draw a slice of a sweep, which `readReport` reads; `drawFigure` draws them.
 *
 * @example
 * const thresholds = FIGURES.find(({ name }) => name === 'thresholds');
 */
export const FIGURES: readonly Figure[] = [
  targetsFigure,
  thresholdsFigure,
  logLawFigure,
  lambdaFigure,
  boundFigure,
  localExponentFigure,
  regimesFigure,
  residualsFigure,
  heatmapFigure,
  curvesFigure,
  subnetSizeFigure,
  timeFigure,
];
