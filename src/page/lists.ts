/** The lists of running and failed trajectories. */
import type { LiveState } from '../serve/messages.js';
import { find, make, setText, table, updateContent } from './dom.js';
import { counted, formatDuration, percent, secondsSince, whole } from './format.js';

const COLUMNS = [
  { title: 'n', isNumber: true },
  { title: 'N', isNumber: true },
  { title: 'seed', isNumber: true },
  { title: 't reached', isNumber: true },
  { title: 'for', isNumber: true },
  { title: 'attempt', isNumber: true },
  { title: 'trajectory' },
];

export function showRunning({ running, holder, trajectories }: LiveState): void {
  const { rows, leftOut } = running;
  const seconds = rows.map(({ startedAt }) => (startedAt ? formatDuration(secondsSince(startedAt)) : ''));
  updateContent(find('running-table'), [rows, seconds, holder?.alive, trajectories.pending], () => {
    if (rows.length === 0) {
      const waiting =
        trajectories.pending > 0
          ? `, ${counted(trajectories.pending, 'trajectory', 'trajectories')} pending`
          : '';
      return [make('p', {}, `None${waiting}.`)];
    }
    const cells = rows.map((row, i) => [
      whole(row.datasetSize),
      whole(row.width),
      row.seed,
      reached(row.reached, row.last),
      seconds[i]!,
      row.attempts,
      make('code', {}, row.trajectoryId),
    ]);
    return [table('Running trajectories', COLUMNS, cells)];
  });
  setText(find('running-more'), leftOut > 0 ? `and ${whole(leftOut)} more` : null);
}

const reached = (t: number | null, last: number | null): string =>
  `${t === null ? '–' : whole(t)}${last === null ? '' : ` of ${whole(last)} (${percent(t ?? 0, last)})`}`;

export function showFailures({ failures, trajectories }: LiveState): void {
  const { rows, leftOut } = failures;
  find('failures').hidden = rows.length === 0;
  updateContent(find('failure-list'), rows, () => rows.map(group));
  const all = `${counted(trajectories.failed, 'trajectory', 'trajectories')} in all`;
  setText(find('failures-more'), leftOut > 0 ? `${all}, of ${whole(leftOut)} more reasons` : null);
}

function group({ errorCode, error, count, first }: LiveState['failures']['rows'][number]): HTMLElement {
  const where = first.map(({ trajectoryId, datasetSize, width, seed }) =>
    make(
      'li',
      {},
      `n = ${whole(datasetSize)}, N = ${whole(width)}, seed ${seed}: `,
      make('code', {}, trajectoryId),
    ),
  );
  const more = count > first.length ? make('li', {}, `and ${whole(count - first.length)} more`) : null;
  return make(
    'details',
    { class: 'failure' },
    make(
      'summary',
      {},
      make('strong', {}, errorCode),
      ' ',
      make('span', { class: 'count' }, `× ${whole(count)}`),
      ' ',
      error,
    ),
    make('ul', {}, ...where, more),
  );
}
