/**
 * A child process's entry: runs one statement of a user's SQL and sends its rows. A process of its own, since nothing
 * inside a process can stop SQLite in the middle of a step.
 */
import { Worker } from 'node:worker_threads';
import { serveQuery } from '../src/store/user-sql/query-server.js';

// While SQLite computes, this thread hears nothing: another one looks whether the parent is still there, and whether
// more memory is taken than the argument allows. (SQLite's own limit of its heap is not compiled in.)
const watchdog = `
  const parent = process.ppid;
  const most = ${Number(process.argv[2] ?? Number.POSITIVE_INFINITY)};
  setInterval(() => {
    if (process.ppid !== parent || process.memoryUsage.rss() > most) process.kill(process.pid, 'SIGKILL');
  }, 100);
`;
new Worker(watchdog, { eval: true }).unref();
// Ctrl-C reaches the whole group; the parent says what it means.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit());
serveQuery();
