/**
 * Entry of a child process: runs one statement of a user's SQL and sends its rows. It needs a process of its own,
 * because nothing inside a process can stop SQLite in the middle of a step.
 */
import { Worker } from 'node:worker_threads';
import { ignoreStopSignals } from '../src/base/stop-signals.js';

// Terminals and schedulers signal every process of a job. Only the parent reacts, and ends this process.
ignoreStopSignals();

// SQLite blocks this thread while it computes. A second thread kills the process if its parent is not (any more) the
// process of the first argument, which may have died before this one started, or if resident memory exceeds the second
// argument (bytes). SQLite's own heap limit is not compiled in.
const [parent, memoryBytes] = process.argv.slice(2).map(Number);
const watchdog = `
  setInterval(() => {
    if (process.ppid !== ${parent} || process.memoryUsage.rss() > ${memoryBytes})
      process.kill(process.pid, 'SIGKILL');
  }, 100);
`;
new Worker(watchdog, { eval: true }).unref();
process.once('disconnect', () => process.exit());
const { serveQuery } = await import('../src/store/user-sql/query-server.js');
serveQuery();
