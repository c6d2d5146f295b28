/** The report's section on the sweep: axes, settings, conventions, cost, failures and provenance. */
import { stringify } from 'yaml';
import { formatDuration } from '../../base/units.js';
import type { Conventions } from '../../fit/index.js';
import type { Cost, ProvenanceGroup } from '../../store/read/history.js';
import type { FailureRow, SweepProgress, SweepRow } from '../../store/schema/rows.js';
import { type Html, html } from './html.js';
import { definitionList, tableOf } from './tables.js';

/** What a report says about a sweep. */
export interface SweepFacts {
  readonly sweep: SweepRow;
  readonly progress: SweepProgress;
  readonly failures: readonly FailureRow[];
  readonly provenance: readonly ProvenanceGroup[];
  readonly cost: Cost;
}

/** Failed trajectories that are listed. */
const MAX_FAILURES = 20;

export function sweepSection(
  { sweep, progress, failures, provenance, cost }: SweepFacts,
  conventions: Conventions | null,
): Html {
  const definition = sweep.definition as Readonly<Record<string, unknown>>;
  const { axes, ...settings } = definition;
  return html`<section id="sweep" aria-labelledby="sweep-title"><h2 id="sweep-title">What was swept</h2>
<h3>Axes</h3>${definitionList(axisEntries(axes))}
<details><summary>All settings, as the sweep file has them</summary><pre>${stringify(settings)}</pre></details>
<h3>Conventions</h3>${
    conventions &&
    definitionList([
      ['losses', conventions.lossReduction],
      ['learning rate', conventions.learningRate],
      ['time', conventions.time],
    ])
  }
<h3>Cost</h3>${definitionList([
    ['cells', `${grouped(progress.cellsDone)} of ${grouped(progress.cells)} finished`],
    [
      'trajectories',
      `${grouped(progress.trajectoriesDone)} of ${grouped(progress.trajectories)} done, ${grouped(progress.trajectoriesFailed)} failed`,
    ],
    ['thread time', formatDuration(cost.threadSeconds)],
    ['of it training', cost.trainWallSeconds === null ? null : formatDuration(cost.trainWallSeconds)],
    ['training, CPU', cost.trainCpuSeconds === null ? null : formatDuration(cost.trainCpuSeconds)],
  ])}
${
  failures.length > 0 &&
  html`<h3>Failures</h3>${tableOf(
    {
      head: ['trajectory', 'n', 'N', 'seed', 'code', 'reason'],
      rows: failures
        .slice(0, MAX_FAILURES)
        .map(({ trajectoryId, datasetSize, width, seed, errorCode, error }) => [
          trajectoryId,
          datasetSize,
          width,
          seed,
          errorCode,
          error,
        ]),
    },
    `Failed trajectories: ${failures.length}`,
  )}`
}
<h3>Provenance</h3>${tableOf(
    {
      head: [
        'espalier',
        'revision',
        'Node',
        'engine',
        'host',
        'processor',
        'threads',
        'attempts',
        'from',
        'to',
      ],
      rows: provenance.map(row => [
        row.toolVersion,
        row.gitRevision === null
          ? null
          : `${row.gitRevision.slice(0, 12)}${row.gitDirty ? ' (changed)' : ''}`,
        row.nodeVersion,
        `${row.engine}, numerics ${row.numerics}`,
        row.host,
        row.cpu,
        row.threads,
        row.attempts,
        moment(row.first),
        row.last === null ? null : moment(row.last),
      ]),
    },
    'Who computed it, from what, when (UTC)',
  )}</section>`;
}

const grouped = (value: number): string => value.toLocaleString('en-US');
const moment = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** The list of a longer axis is shortened in the middle. */
const MAX_VALUES = 12;

function axisEntries(axes: unknown): [string, string][] {
  return Object.entries((axes ?? {}) as Record<string, unknown>).map(([path, given]) => {
    const all: readonly unknown[] = Array.isArray(given) ? given : [given];
    const texts = all.map(value => (typeof value === 'object' ? JSON.stringify(value) : String(value)));
    const shown =
      texts.length > MAX_VALUES ? [...texts.slice(0, MAX_VALUES - 3), '…', ...texts.slice(-2)] : texts;
    return [path, `${shown.join(', ')}${all.length > 1 ? ` (${all.length} values)` : ''}`];
  });
}
