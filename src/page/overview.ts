/** Progress of the sweeps. */
import type { LiveState, Waiting } from '../serve/messages.js';
import { find, make, setText, updateContent } from './dom.js';
import { clock, counted, formatDuration, percent, rate, secondsSince, whole } from './format.js';

type Sweep = LiveState['sweeps']['rows'][number];
type Fact = readonly [name: string, value: string, kind?: 'bad'];

let announced = '';

export function showState(state: LiveState | Waiting): void {
  const isOpen = state.kind === 'open';
  for (const id of ['sweeps', 'running']) find(id).hidden = !isOpen;
  setText(find('notice'), isOpen ? null : state.message);
  if (!isOpen) {
    for (const id of ['failures', 'workers']) find(id).hidden = true;
    document.title = 'espalier';
    return;
  }
  const { rows, leftOut } = state.sweeps;
  updateContent(
    find('sweep-cards'),
    [rows, state.holder, state.cellsPerSecond, Math.round(state.secondsLeft ?? -1)],
    () =>
      rows.length > 0
        ? rows.map(sweep => card(sweep, state))
        : [make('p', {}, 'No sweep has been saved yet.')],
  );
  setText(
    find('sweeps-more'),
    leftOut > 0 ? `and ${counted(leftOut, 'more sweep')}: SELECT * FROM progress` : null,
  );
  const [first] = rows;
  document.title = first ? `${percent(first.cellsDone, first.cells)} ${first.sweep} · espalier` : 'espalier';
  announce(state);
}

function card(sweep: Sweep, state: LiveState): HTMLElement {
  const { cells, cellsDone, trajectories, trajectoriesDone, trajectoriesFailed } = sweep;
  const about = sweep.description?.trim();
  const { holder, cellsPerSecond, secondsLeft } = state;
  const isRunning = holder?.alive === true && holder.sweep === sweep.sweep;
  const facts: Fact[] = [
    ['cells', `${whole(cellsDone)} of ${whole(cells)}`],
    ['trajectories', `${whole(trajectoriesDone)} of ${whole(trajectories)}`],
  ];
  if (trajectoriesFailed > 0) facts.push(['failed', whole(trajectoriesFailed), 'bad']);
  if (isRunning) {
    facts.push(['rate', cellsPerSecond === null ? 'no cell yet' : rate(cellsPerSecond)]);
    if (secondsLeft !== null && cellsDone < cells) {
      const end = new Date(Date.now() + secondsLeft * 1000);
      facts.push(['time left', `about ${formatDuration(secondsLeft)}`], ['ends about', clock(end)]);
    }
  }
  const progress = make(
    'progress',
    { max: Math.max(1, cells), value: cellsDone, 'aria-label': `cells of ${sweep.sweep}` },
    percent(cellsDone, cells),
  );
  return make(
    'article',
    { class: 'card' },
    make(
      'div',
      { class: 'head' },
      make('h3', {}, sweep.sweep),
      make('span', { class: 'share' }, percent(cellsDone, cells)),
    ),
    ...(about ? [make('p', { class: 'about' }, about)] : []),
    progress,
    make(
      'dl',
      {},
      ...facts.map(([name, value, kind]) =>
        make('div', { class: kind }, make('dt', {}, name), make('dd', {}, value)),
      ),
    ),
    make('p', { class: 'more' }, stateOf(sweep, holder)),
  );
}

function stateOf(
  { sweep, trajectories, trajectoriesDone, trajectoriesFailed }: Sweep,
  holder: LiveState['holder'],
): string {
  const who = holder && `process ${holder.pid} on ${holder.host}`;
  if (holder?.alive && holder.sweep === sweep)
    return `${holder.threads === 0 ? 'paused; ' : ''}running since ${clock(new Date(holder.since))} (${who}), ${formatDuration(secondsSince(holder.since))} so far`;
  if (trajectoriesDone === trajectories) return 'finished';
  if (trajectoriesDone + trajectoriesFailed === trajectories) return 'finished, but for what failed';
  if (holder && !holder.alive && holder.sweep === sweep)
    return `the run is gone (${who}): running the sweep again goes on from here`;
  return 'not running: running the sweep again goes on from here';
}

/** Announces to screen readers that a run starts or ends, not every cell. */
function announce({ sweeps, holder }: LiveState): void {
  const line = holder?.alive
    ? `${holder.sweep ?? 'a sweep'} is ${holder.threads === 0 ? 'paused' : 'running'}`
    : sweeps.rows.every(({ cells, cellsDone }) => cells === cellsDone)
      ? 'all sweeps are finished'
      : 'no run is at work';
  if (line === announced) return;
  announced = line;
  find('announcement').textContent = line;
}
