/** Terminates worker threads of this process at random moments. */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import type { Uniform } from '../../src/math/random.js';

const module = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };

/** Terminates threads that start during `work`, one every `everyMs` on average. Returns their number. */
export async function withThreadKiller(
  next: Uniform,
  everyMs: number,
  work: (killed: () => number) => Promise<void>,
): Promise<number> {
  const alive: Worker[] = [];
  const original = module.Worker;
  module.Worker = class extends original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      // Threads without an engine draw images.
      if (args[1]?.workerData?.engine === undefined) return;
      // Node 20 crashes if a thread is terminated while it loads its modules. Its first message marks the end of loading.
      this.once('message', () => alive.push(this));
      this.once('exit', () => alive.splice(0, alive.length, ...alive.filter(each => each !== this)));
    }
  };
  let killed = 0;
  let timer: NodeJS.Timeout;
  const later = () => {
    timer = setTimeout(
      () => {
        const victim = alive[Math.floor(next() * alive.length)];
        if (victim) {
          killed++;
          void victim.terminate();
        }
        later();
      },
      2 * everyMs * next(),
    );
  };
  later();
  try {
    await work(() => killed);
  } finally {
    clearTimeout(timer!);
    module.Worker = original;
  }
  return killed;
}
