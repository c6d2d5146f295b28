/** The report as one self-contained HTML file. It needs no network, and no script to be readable. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { InstallationError } from '../../base/errors.js';
import { PACKAGE_ROOT, TOOL_VERSION } from '../../base/paths.js';
import { counted } from '../../base/units.js';
import { objectiveText } from '../../domain/variant.js';
import { type Drawing, drawFigure } from '../drawing/render.js';
import type { Columns, Figure, FigureData } from '../figures/figure.js';
import { FIGURES } from '../figures/index.js';
import { type Html, html, raw } from './html.js';
import { type LiveFigure, packSpecs } from './packed.js';
import { reportStyle } from './style.js';
import { type SweepFacts, sweepSection } from './sweep.js';
import { tableOf } from './tables.js';
import { togglesOf } from './toggles.js';
import { verdictSection } from './verdicts.js';

/** What a report shows: facts about the sweep, and the rows of its figures. */
export interface ReportContent extends SweepFacts {
  readonly figures: FigureData;
}

/**
 * The report as the text of one HTML file, which needs no other and no network: `espalier report` writes it.
 *
 * @example
 * const reader = openReader('results/my.sqlite');
 * const content = await readReport(reader, chooseSweep(reader, 'results/my.sqlite'));
 * writeFileSync('my.html', await renderReport(content));
 * reader.close();
 *
 * @throws InstallationError (INSTALLATION) where the code of the page is not built; Error with Vega's warnings, if a figure
 *   has any
 */
export async function renderReport(content: ReportContent): Promise<string> {
  const live: LiveFigure[] = [];
  const parts: Html[] = [];
  for (const figure of FIGURES) {
    const draw = (columns: Columns) => drawFigure(figure, content.figures, { theme: 'page', columns });
    const [narrow, wide] = [await draw(1), await draw(2)];
    if (!narrow || !wide) continue;
    live.push({ name: figure.name, narrow: narrow.vega, wide: wide.vega });
    parts.push(figureHtml(figure, content.figures, narrow, wide));
  }
  return document(content, parts, live);
}

function figureHtml(figure: Figure, data: FigureData, narrow: Drawing, wide: Drawing): Html {
  const { name, title } = figure;
  const caption = figure.caption(data);
  const still = ({ svg }: Drawing, kind: string): Html => {
    const id = `${name}-${kind}`;
    const named = svg
      .replace('<svg ', `<svg role="img" aria-labelledby="${id}-title ${id}-text" `)
      .replace(
        /^(<svg [^>]*>)/,
        (_, start) =>
          start + html`<title id="${id}-title">${title}</title><desc id="${id}-text">${caption}</desc>`.text,
      );
    return html`<div class="${kind}">${raw(named)}</div>`;
  };
  return html`<figure id="${name}" aria-labelledby="${name}-head"><h3 id="${name}-head">${title}</h3>
<div class="plot" data-figure="${name}" data-toggles="${JSON.stringify(togglesOf(wide.vegaLite))}"><div class="still">${still(narrow, 'narrow')}${still(wide, 'wide')}</div><div class="live" role="img" aria-label="${title}. ${caption}"></div></div>
<figcaption>${caption}</figcaption>
<details><summary>Data behind this figure</summary>${tableOf(figure.table(data), title)}</details></figure>`;
}

function document(content: ReportContent, figures: readonly Html[], live: readonly LiveFigure[]): string {
  const { sweep, progress, figures: data } = content;
  const style = reportStyle();
  const script = pageScript();
  const specs = deflateRawSync(JSON.stringify(packSpecs(live)), { level: 9 }).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'font-src data:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const left = progress.cells - progress.cellsDone;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="espalier ${TOOL_VERSION}">
<title>${sweep.name}: report of espalier</title>
<style>${raw(style)}</style></head>
<body><a class="skip" href="#main">Skip to the content</a>
<header><p class="lead">Report of a sweep</p><h1>${sweep.name}</h1>
${sweep.description?.trim() && html`<p class="about">${sweep.description.trim()}</p>`}
<p class="lead">How many iterations must a dense two-layer network be pre-trained for, before a good subnetwork can be selected from it, and how does that grow with the size n of the data set? ${sliceText(data)}</p>
${left > 0 && html`<p class="notes">Not finished: ${left.toLocaleString('en-US')} of ${progress.cells.toLocaleString('en-US')} cells ${left === 1 ? 'is' : 'are'} missing. Thresholds and fits are those of finished trajectories.</p>`}
<nav aria-label="Sections"><ul><li><a href="#verdict">Verdict</a></li><li><a href="#figures">Figures</a></li><li><a href="#sweep">What was swept</a></li></ul></nav></header>
<main id="main">
${data.fit && verdictSection(data.fit)}
<section id="figures" aria-labelledby="figures-title"><h2 id="figures-title">Figures</h2>${figures.length === 0 ? html`<p>There is nothing to draw yet.</p>` : figures}</section>
${sweepSection(content, data.fit?.conventions ?? null)}
</main>
<footer><p>Written by espalier ${TOOL_VERSION} from a sweep last changed ${sweep.updatedAt.slice(0, 16).replace('T', ' ')} UTC. Text in Fira Sans, symbols in Noto Sans Math (SIL Open Font License).</p></footer>
<script type="application/octet-stream" id="specs">${raw(specs)}</script>
<script>${raw(script)}</script>
</body></html>
`.text;
}

/** The sentence that states which curves the figures show. */
export function sliceText({ slice, set }: FigureData): string {
  const { width, subnetSize, axes, objective, sampleSize, retrainIterations } = slice;
  const parts = [
    width === null ? 'N moves with n' : `N = ${width.toLocaleString('en-US')}`,
    `k = ${subnetSize.toLocaleString('en-US')}`,
    ...(objective ? [`selected on the ${objectiveText(objective, sampleSize)}`] : []),
    ...Object.entries(axes).map(([path, value]) => `${path} = ${JSON.stringify(value)}`),
    ...(retrainIterations > 0 ? [`re-trained for ${counted(retrainIterations, 'iteration')}`] : []),
  ];
  return `Figures: ${parts.join(', ')}; curves measured on the ${set === 'train' ? 'training samples' : set}.`;
}

/** @throws InstallationError where dist/page is not built. */
function pageScript(): string {
  const file = join(PACKAGE_ROOT, 'dist', 'page', 'report.js');
  if (!existsSync(file))
    throw new InstallationError('the code of the report is not built: run `npm run build`');
  // `</script` inside the text would end the element.
  return readFileSync(file, 'utf8').replaceAll('</script', '<\\/script');
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
