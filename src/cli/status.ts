import { setTimeout as wait } from 'node:timers/promises';
import type { CommandModule } from 'yargs';
import { counted, formatDuration } from '../base/units.js';
import type { QueueState } from '../domain/messages.js';
import { describeSlowReader } from '../store/file/write-ahead-log.js';
import { openReader } from '../store/read/reader.js';
import { groupFailures, readStatus, type StatusReport } from '../store/read/status.js';
import type { FailureRow, SweepProgress } from '../store/schema/rows.js';
import { withKernels } from './kernels-text.js';
import { renderTable } from './output.js';
import { canDraw } from './terminal.js';

const WATCH_MS = 2_000;
/** Maximum number of reasons printed; `--json` has every failure. */
const REASONS = 10;

/** `espalier status DB`: shows how far the sweeps of a database are. */
export const statusCommand: CommandModule<object, { db: string; json: boolean; watch: boolean }> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .option('json', { type: 'boolean', default: false, describe: 'Print as JSON' })
      .option('watch', {
        type: 'boolean',
        default: false,
        describe: `Again every ${WATCH_MS / 1000} s, until no run is at work on it`,
      })
      .example('$0 status results/quickstart.sqlite', 'counts, rate, time left, failures')
      .example('$0 status my.sqlite --watch', 'look on while it runs') as never,
  handler: async ({ db, json, watch }) => {
    const reader = openReader(db);
    try {
      for (;;) {
        const report = readStatus(reader, db);
        const home = watch && !json && canDraw(process.stdout) ? '\x1b[H\x1b[J' : '';
        process.stdout.write(
          home + (json ? `${JSON.stringify(report, null, watch ? 0 : 2)}\n` : rendered(report)),
        );
        if (!watch || !report.holder?.alive) return;
        await wait(WATCH_MS);
      }
    } finally {
      reader.close();
    }
  },
};

function rendered(report: StatusReport): string {
  const { db, trajectories, sweeps, queue, slowReader, slowest, failures } = report;
  const counts = Object.entries(trajectories).map(([status, count]) => `${count} ${status}`);
  const parts = [`${db}\n${holderLine(report)}\ntrajectories: ${counts.join(', ')}\n`, sweepTable(sweeps)];
  if (queue) parts.push(workerTable(queue));
  if (slowReader) parts[0] += `${describeSlowReader(slowReader)}\n`;
  if (slowest.length > 0) {
    const rows = slowest.map(row => [
      row.trajectoryId,
      row.datasetSize,
      row.width,
      row.seed,
      row.status,
      formatDuration(row.seconds),
    ]);
    parts.push(`slowest trajectories\n${renderTable(['id', 'n', 'N', 'seed', 'status', 'time'], rows)}`);
  }
  if (failures.length > 0) parts.push(failureTable(failures));
  return parts.join('\n');
}

/** The column `description` is there if any sweep has one; its first words are shown. */
function sweepTable(sweeps: StatusReport['sweeps']): string {
  const isDescribed = sweeps.some(({ description }) => description?.trim());
  return renderTable(
    [
      ...['sweep', 'trajectories', 'done', 'failed', 'cells', 'done', '%'],
      ...(isDescribed ? ['description'] : []),
    ],
    sweeps.map(row => [
      row.sweep,
      row.trajectories,
      row.trajectoriesDone,
      row.trajectoriesFailed,
      row.cells,
      row.cellsDone,
      percent(row),
      ...(isDescribed ? [row.description?.trim()] : []),
    ]),
  );
}

function workerTable({
  name,
  server,
  workers,
  waiting,
  taken,
  unstored,
  oldestS,
  moved,
  dropped,
}: QueueState) {
  const lag =
    unstored > 0 ? `, ${counted(unstored, 'report')} not stored yet (${formatDuration(oldestS ?? 0)})` : '';
  const poison = dropped > 0 ? `, ${counted(dropped, 'message')} dropped` : '';
  const line = `workers of ${name} at ${server}: ${waiting} waiting, ${taken} taken, ${moved} moved${lag}${poison}\n`;
  if (workers.length === 0) return `${line}none yet: espalier worker --queue ${server}\n`;
  const ago = (iso: string) => formatDuration(Math.max(0, (Date.now() - Date.parse(iso)) / 1000));
  const rows = workers.map(worker => [
    `${worker.host}/${worker.process}`,
    worker.threads,
    worker.kernels,
    ago(worker.since),
    ago(worker.heartbeat),
    worker.trajectories,
    worker.cellsPerSecond === null ? null : round(worker.cellsPerSecond),
    worker.running.join(' '),
  ]);
  const columns = ['worker', 'threads', 'kernels', 'for', 'heartbeat', 'done', 'cells/s', 'computes'];
  return line + renderTable(columns, rows);
}

function holderLine({ db, holder, queue, cellsPerSecond, secondsLeft }: StatusReport): string {
  if (!holder) return 'no run is at work on it';
  const who = `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  if (!holder.alive)
    return `the run that held it is gone (${who}); running the sweep again goes on from here`;
  const what = holder.sweep ?? '';
  if (holder.threads === 0 && queue?.workers.length === 0) return `waiting for workers: ${what} (${who})`;
  if (holder.threads === 0)
    return `paused: ${what} (${who}); \`espalier threads ${db} N\` goes on with N threads`;
  const rate = cellsPerSecond === null ? 'no cell finished yet' : `${round(cellsPerSecond)} cells/s`;
  const left = secondsLeft === null ? '' : `, about ${formatDuration(secondsLeft)} left`;
  const threads = holder.threads === null ? '' : ` on ${counted(holder.threads, 'thread')}`;
  const kernels = holder.kernels === null ? '' : `, ${withKernels(holder.kernels)}`;
  return `running ${what}${threads}${kernels} (${who}): ${rate}${left}`;
}

function failureTable(failures: readonly FailureRow[]): string {
  const groups = groupFailures(failures);
  const shown = groups
    .slice(0, REASONS)
    .map(({ count, errorCode, error, first }) => [count, errorCode, error, first[0]!.trajectoryId]);
  const more =
    groups.length > REASONS ? `and ${counted(groups.length - REASONS, 'more reason')}: --json has all\n` : '';
  return `failed trajectories\n${renderTable(['count', 'code', 'reason', 'e.g.'], shown)}${more}`;
}

const percent = ({ cells, cellsDone }: SweepProgress): number | null =>
  cells === 0 ? null : Math.floor((1000 * cellsDone) / cells) / 10;
const round = (rate: number): string => (rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2));
