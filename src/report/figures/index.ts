/** All figures, in the order of a report. */
import { curvesFigure } from './curves.js';
import type { Figure } from './figure.js';
import { heatmapFigure } from './heatmap.js';
import { subnetSizeFigure } from './subnet-size.js';
import { timeFigure } from './time.js';

export const FIGURES: readonly Figure[] = [heatmapFigure, curvesFigure, subnetSizeFigure, timeFigure];
