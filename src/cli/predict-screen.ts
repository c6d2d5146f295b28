/** Renders predictions: by target and n, with the measured thresholds beside them where there are any. */
import { isSameTarget } from '../analysis/predicted-crossings.js';
import type { PredictOutcome } from '../run/predict.js';
import {
  type MeasuredThreshold,
  measuredThresholds,
  type PredictionRow,
  predictionRows,
} from '../store/read/predictions.js';
import type { Reader } from '../store/read/reader.js';
import { renderTable } from './output.js';

/** What a prediction is not; printed with it wherever it is shown. */
const LIMITS =
  "It predicts the dense network's training loss under gradient descent, not the subnetwork's. At gamma = 1 features " +
  'move, so that it is a reference, not a bound; and greedy selection can cross a target earlier than the dense network.';

/** One line of the table: trajectories that differ in their seeds only. */
interface Group {
  readonly target: number;
  readonly n: number;
  readonly width: number;
  readonly axes: string;
  readonly rows: PredictionRow[];
}

export function renderPredictions(reader: Reader, kernel: string, sweeps: readonly string[]): string {
  const parts = sweeps.flatMap(sweep => {
    const groups = groupsOf(predictionRows(reader, sweep, kernel));
    if (groups.length === 0) return [];
    const measured = measuredThresholds(reader, sweep);
    const hasMeasured = measured.some(({ upper }) => upper !== null);
    const hasAxes = groups.some(({ axes }) => axes !== '{}');
    const head = [
      'target',
      'N',
      'n',
      ...(hasAxes ? ['axes'] : []),
      'seeds',
      'predicted t*',
      'lambda_0 bound',
      ...(hasMeasured ? ['/ dense', '/ subnetwork'] : []),
      'without',
    ];
    const lines = groups.map(group => [
      group.target,
      group.width,
      group.n,
      ...(hasAxes ? [group.axes] : []),
      group.rows.length,
      spanOf(group.rows),
      boundOf(group.rows),
      ...(hasMeasured ? [ratioText(group, measured, 'dense'), ratioText(group, measured, 'subnet')] : []),
      group.rows.find(({ reason }) => reason !== null)?.reason ?? null,
    ]);
    const columns = head
      .map((_, i) => i)
      .filter(i => head[i] !== 'without' || lines.some(line => line[i] !== null));
    const table = renderTable(
      columns.map(i => head[i]!),
      lines.map(line => columns.map(i => line[i]!)),
    );
    const note = hasMeasured
      ? 'The last columns: predicted / measured t*, geometric means over seeds; the subnetwork of the largest k.\n'
      : '';
    return [`${sweep}: t* that the ${kernel} kernel predicts, in iterations\n${table}${note}`];
  });
  return parts.length === 0 ? '' : `${parts.join('\n')}${LIMITS}\n`;
}

function groupsOf(rows: readonly PredictionRow[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const { target, n, width, axes } = row;
    const key = JSON.stringify([target, width, axes, n]);
    const group = groups.get(key) ?? { target, n, width, axes, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Over seeds: `104`, or `98 to 110`. */
function spanOf(rows: readonly PredictionRow[]): string | null {
  const values = rows.flatMap(({ predicted }) => predicted ?? []);
  if (values.length === 0) return null;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? String(low) : `${low} to ${high}`;
}

/** The smallest over seeds, with what it is where lambda_0 is only bounded. */
function boundOf(rows: readonly PredictionRow[]): string | null {
  const finite = rows.flatMap(({ sharp }) => sharp ?? []);
  if (finite.length === 0) return null;
  const isExact = rows.every(({ lambda0Exact }) => lambda0Exact !== null);
  return `${isExact ? '' : '>= '}${Math.ceil(Math.min(...finite))}`;
}

function ratioText(group: Group, measured: readonly MeasuredThreshold[], network: 'dense' | 'subnet') {
  const ratio = meanRatio(group, measured, network);
  return ratio === null ? null : ratio.toFixed(2);
}

/** The geometric mean over seeds of predicted / measured, where every seed has crossed; else null. */
function meanRatio(
  { target, rows }: Group,
  measured: readonly MeasuredThreshold[],
  network: 'dense' | 'subnet',
): number | null {
  let sum = 0;
  for (const { trajectoryId, predicted } of rows) {
    const own = measured
      .filter(m => m.trajectoryId === trajectoryId && m.network === network && isSameTarget(m.target, target))
      .sort((a, b) => b.subnetSize - a.subnetSize)[0];
    if (!predicted || !own?.upper || own.lower <= 0) return null;
    sum += Math.log(predicted / Math.sqrt(own.lower * own.upper));
  }
  return rows.length === 0 ? null : Math.exp(sum / rows.length);
}

/**
 * The shape of `predict --json`: shape (1), db, kernel, trajectories, computed (of these, now), stopped, bracketSeconds,
 * lambda0Seconds (thread seconds of what was computed now), limits, sweeps: name, and the rows of the view `predictions`
 * by column.
 */
export function predictionsJson(
  reader: Reader,
  db: string,
  kernel: string,
  sweeps: readonly string[],
  { trajectories, computed, stopped, bracketS, lambda0S }: PredictOutcome,
): string {
  const result = {
    shape: 1,
    db,
    kernel,
    trajectories,
    computed,
    stopped,
    bracketSeconds: bracketS,
    lambda0Seconds: lambda0S,
    limits: LIMITS,
    sweeps: sweeps.map(name => ({
      name,
      predictions: reader.rows<object>(
        `SELECT * FROM predictions WHERE sweep = :name AND kernel = :kernel
         ORDER BY target DESC, dataset_size, width, axes, seed, trajectory_id`,
        { name, kernel },
      ),
    })),
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}
