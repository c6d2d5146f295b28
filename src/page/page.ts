/** Entry of the page: passes the server's events to the parts that show them. */
import type { LiveState } from '../serve/messages.js';
import { Connection } from './connection.js';
import { find } from './dom.js';
import { Figures } from './figures.js';
import { showFailures, showRunning } from './lists.js';
import { showState } from './overview.js';
import { showRelations, startSql } from './sql.js';
import { showThreads, startThreads } from './threads.js';
import { showWorkers } from './workers.js';

let latest: LiveState | null = null;
const figures = new Figures(params => connection.open(params));
const connection = new Connection({
  hello: ({ version, db }) => {
    find('database').textContent = db;
    find('version').textContent =
      `espalier ${version}. This page only reads the database, and asks nothing of any other machine.`;
  },
  state: state => {
    latest = state.kind === 'open' ? state : null;
    showState(state);
    if (state.kind !== 'open') return;
    showRunning(state);
    showThreads(state);
    showWorkers(state);
    showFailures(state);
    showRelations(state.relations);
  },
  figures: shown => figures.show(shown),
  end: () => {},
});

// Durations advance while no event arrives.
setInterval(() => {
  if (!latest) return;
  showState(latest);
  showRunning(latest);
  showWorkers(latest);
}, 1_000);
startSql();
startThreads();
connection.open(figures.params());
