// Many workers of one thread each in one process, for run.mjs: `node workers.mjs URL COUNT`. They end on SIGTERM.
import { parseAddress, runQueueWorker } from '../../dist/src/execute/queue/index.js';
import { createWorkerData } from '../../dist/src/run/worker-data.js';

const [url, count] = process.argv.slice(2);
const leaving = new AbortController();
process.on('SIGTERM', () => leaving.abort());
let ready = 0;
const data = createWorkerData({ dataDir: undefined, threads: 1 });
await Promise.all(
  Array.from({ length: Number(count) }, () =>
    runQueueWorker({
      address: parseAddress('--queue', url),
      threads: 1,
      memoryBytes: 2 ** 33,
      data,
      signal: leaving.signal,
      report: () => {},
      onReady: () => {
        if (++ready === Number(count)) process.stderr.write('ready\n');
      },
    }),
  ),
);
process.exit();
