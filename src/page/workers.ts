/** The workers of a run with a queue. */
import { processName } from '../base/process-name.js';
import type { LiveState } from '../serve/messages.js';
import { find, make, setText, table, updateContent } from './dom.js';
import { counted, formatDuration, rate, secondsSince, whole } from './format.js';

const COLUMNS = [
  { title: 'worker' },
  { title: 'threads', isNumber: true },
  { title: 'kernels' },
  { title: 'for', isNumber: true },
  { title: 'heartbeat', isNumber: true },
  { title: 'done', isNumber: true },
  { title: 'rate', isNumber: true },
  { title: 'computes' },
];

type Queue = NonNullable<LiveState['queue']>;

export function showWorkers({ queue, holder }: LiveState): void {
  const section = find('workers');
  section.hidden = queue === null || !holder?.alive;
  if (queue === null) return;
  setText(find('workers-note'), summary(queue));
  const ages = queue.workers.map(({ since, heartbeat }) => [since, heartbeat].map(ageOf));
  updateContent(find('workers-table'), [queue.workers, ages], () => {
    if (queue.workers.length === 0)
      return [make('p', {}, `None yet: espalier worker --queue ${queue.server}`)];
    const rows = queue.workers.map((worker, i) => [
      processName(worker),
      worker.threads,
      worker.kernels ?? '',
      ages[i]![0]!,
      ages[i]![1]!,
      whole(worker.trajectories),
      worker.cellsPerSecond === null ? '' : rate(worker.cellsPerSecond),
      make('code', {}, worker.running.join(' ')),
    ]);
    return [table('Workers', COLUMNS, rows)];
  });
}

const ageOf = (iso: string): string => formatDuration(secondsSince(iso));

function summary({ name, server, waiting, taken, unstored, oldestS, moved, dropped }: Queue): string {
  const parts = [
    `${name} at ${server}: ${whole(waiting)} waiting, ${whole(taken)} taken`,
    `${counted(moved, 'trajectory', 'trajectories')} moved`,
  ];
  if (unstored > 0)
    parts.push(`${counted(unstored, 'report')} not stored yet (${formatDuration(oldestS ?? 0)})`);
  if (dropped > 0) parts.push(`${counted(dropped, 'message')} dropped`);
  return parts.join('; ');
}
