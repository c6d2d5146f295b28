/** The worker threads of this process, so that they can be ended from outside at any moment. */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import type { Uniform } from '../../src/math/random.js';

const module = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };

/** Ends threads that are started while `work` goes on, one every now and then. Returns how many. */
export async function killingThreads(
  next: Uniform,
  everyMs: number,
  work: (killed: () => number) => Promise<void>,
): Promise<number> {
  const alive: Worker[] = [];
  const original = module.Worker;
  module.Worker = class extends original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      // Other threads draw the images.
      if (args[1]?.workerData?.engine === undefined) return;
      // Node 20 does not survive the end of a thread that is loading its modules; nor does anything end one then.
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
