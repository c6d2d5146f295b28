/** The report's section on verdicts: the primary one in words, and the grid of all. */
import { selectionText } from '../../domain/variant.js';
import type { FitGroup, FitReport, VerdictCode } from '../../fit/index.js';
import { criterion, intervalText, significant } from '../style/text.js';
import { type Html, html } from './html.js';
import { tableOf } from './tables.js';

/** With more columns, the grid becomes a list. */
const MAX_COLUMNS = 10;

/** Signs next to the words, so colour is never the only cue. */
const SIGNS: Readonly<Record<VerdictCode, string>> = {
  'insufficient-data': '?',
  'no-smooth-law': '≁',
  'no-growth': '→',
  decreases: '↓',
  faster: '↑',
  slower: '↗',
  logarithmic: 'log',
  'not-decisive': '~',
};

export function verdictSection(fit: FitReport): Html {
  const primary = fit.primary === null ? null : fit.groups[fit.primary]!;
  return html`<section id="verdict" aria-labelledby="verdict-title"><h2 id="verdict-title">Verdict</h2>
${primary ? verdictOf(primary) : html`<p class="verdict v-insufficient-data">No verdict on a primary target: ${fit.missing}.</p>`}
${fit.groups.length > 1 && html`<h3>Every target</h3>${gridOf(fit.groups)}<p class="more">Verdicts beside the primary one are secondary: they are not corrected for their number. Lambda is the exponent of growth: 0 under a logarithm, with its 95% interval over seeds${fit.groups.some(group => group.lambdaPredicted !== null) && '; below it, that of what the kernel at t = 0 predicts for the dense network'}.</p>`}
${fit.notes.length > 0 && html`<ul class="notes">${fit.notes.map(note => html`<li>${note}</li>`)}</ul>`}
<details><summary>How the verdict is reached</summary><p>${fit.conventions.criterion}.</p></details></section>`;
}

function verdictOf({ verdict, regimes, regimesPredicted, metric, target, name, warnings }: FitGroup): Html {
  return html`<p class="verdict v-${verdict.code}"><span class="criterion">${criterion(metric, target)}:</span> <strong>${verdict.label}</strong></p>
<p>${verdict.sentence}</p>
<ul>${verdict.reasons.map(reason => html`<li>${reason}</li>`)}</ul>
${regimes && html`<p id="regimes"><strong>Where which law holds:</strong> ${regimes.sentence}</p>`}
${regimesPredicted && html`<p id="regimes-predicted"><strong>Predicted by the kernel at t = 0:</strong> ${regimesPredicted.regimes.sentence} ${regimesPredicted.sentence}</p>`}
${warnings.length > 0 && html`<ul class="notes">${warnings.map(warning => html`<li>${warning}</li>`)}</ul>`}
<p class="more">${name}</p>`;
}

/** The label of a group's column in the grid: everything but metric and target. */
function columnOf({
  width,
  axes,
  method,
  objective,
  sampleSize,
  subnetSize,
  retrainIterations,
}: FitGroup): string {
  return [
    width === null ? 'N moves with n' : `N = ${width}`,
    ...Object.entries(axes).map(([path, value]) => `${path} = ${JSON.stringify(value)}`),
    ...(method === null ? ['dense'] : [selectionText({ method, objective, sampleSize })]),
    ...(subnetSize === null ? [] : [`k = ${subnetSize}`]),
    ...(retrainIterations ? [`re-trained for ${retrainIterations}`] : []),
  ].join(', ');
}

function gridOf(groups: readonly FitGroup[]): Html {
  const columns = [...new Set(groups.map(columnOf))];
  if (columns.length > MAX_COLUMNS) return listed(groups);
  const rows = [...new Set(groups.map(({ metric, target }) => criterion(metric, target)))];
  const at = new Map(
    groups.map(group => [`${criterion(group.metric, group.target)}\n${columnOf(group)}`, group]),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Grid of verdicts"><table class="grid"><caption>Verdict by target and subnetwork</caption>
<thead><tr><td></td>${columns.map(name => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(row => html`<tr><th scope="row">${row}</th>${columns.map(column => cellOf(at.get(`${row}\n${column}`)))}</tr>`)}</tbody></table></div>`;
}

function cellOf(group: FitGroup | undefined): Html {
  if (!group) return html`<td class="none">–</td>`;
  const { verdict, lambda, lambdaPredicted, isPrimary } = group;
  const detail = lambda && verdict.code !== 'insufficient-data';
  return html`<td class="v-${verdict.code}${isPrimary && ' primary'}"><span class="sign" aria-hidden="true">${SIGNS[verdict.code]}</span> ${verdict.label}${isPrimary && ' (primary)'}${detail && html`<br><small>λ = ${significant(lambda.value)} ${intervalText(lambda.interval95)}</small>`}${lambdaPredicted && html`<br><small>predicted ${significant(lambdaPredicted.value)} ${intervalText(lambdaPredicted.interval95)}</small>`}</td>`;
}

const listed = (groups: readonly FitGroup[]): Html =>
  tableOf(
    {
      head: ['target', 'subnetwork', 'verdict', 'lambda', '95% from', 'to', 'lambda predicted'],
      rows: groups.map(group => [
        criterion(group.metric, group.target),
        columnOf(group),
        `${group.verdict.label}${group.isPrimary ? ' (primary)' : ''}`,
        group.lambda?.value ?? null,
        group.lambda?.interval95?.low ?? null,
        group.lambda?.interval95?.high ?? null,
        group.lambdaPredicted?.value ?? null,
      ]),
    },
    'Verdicts',
  );
