/** An executor with a queue, and workers in this process that serve it. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { EngineName } from '../../../src/domain/types.js';
import { NUMERICS } from '../../../src/engine/numerics.js';
import type { Executor } from '../../../src/execute/executor.js';
import { parseAddress } from '../../../src/execute/queue/address.js';
import { createQueueExecutor } from '../../../src/execute/queue/executor.js';
import type { QueueExecutorOptions } from '../../../src/execute/queue/options.js';
import { type QueueWorkerOptions, runQueueWorker } from '../../../src/execute/queue/worker.js';
import { RedisServer } from '../../support/redis.js';
import { tinyConfig, tinyDatasets } from '../../support/tiny.js';

/** Short, but longer than a busy machine lets a process wait. */
export const TIMES = {
  leaseMs: 4_000,
  stallCheckMs: 500,
  beatMs: 100,
  staleMs: 3_000,
  lookMs: 100,
  silenceMs: 5_000,
};

export const { dataset: identity } = tinyConfig('wasm');
const settings = { name: 'idx', positive: [5, 6, 7, 8, 9], dir: '/nowhere' } as const;

/** Resolves when `isTrue` is. The test's own time limit bounds it. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise(resolve => setTimeout(resolve, 20));
}

export async function queueExecutor(
  redis: RedisServer,
  engine: EngineName,
  options: Partial<QueueExecutorOptions> = {},
): Promise<Executor> {
  const name = options.name ?? `run-${randomBytes(4).toString('hex')}`;
  return createQueueExecutor({
    address: parseAddress('--queue', redis.url),
    name,
    database: name,
    manifest: {
      sweep: 'tiny',
      toolVersion: '0.0.0',
      engine,
      numerics: NUMERICS[engine]!,
      datasets: [
        {
          settings: { ...settings, positive: [...settings.positive] },
          identity: { ...identity, positive: [...identity.positive] },
        },
      ],
    },
    hasBits: true,
    times: TIMES,
    warn: () => {},
    ...options,
  });
}

export interface TestWorker {
  readonly lines: string[];
  /** Resolves when it has left. */
  leave(): Promise<void>;
  readonly ended: Promise<void>;
}

export function queueWorker(redis: RedisServer, options: Partial<QueueWorkerOptions> = {}): TestWorker {
  const stop = new AbortController();
  const lines: string[] = [];
  const ended = runQueueWorker({
    address: parseAddress('--queue', redis.url),
    threads: 1,
    memoryBytes: 2 ** 30,
    data: { identify: () => identity, load: async () => tinyDatasets },
    times: TIMES,
    signal: stop.signal,
    report: line => lines.push(line),
    ...options,
  });
  ended.catch(() => {});
  const leave = () => {
    stop.abort();
    return ended;
  };
  return { lines, leave, ended };
}

/** A server for the tests of one file. Executors and workers that a test starts end with it. */
export class QueueStage {
  server!: RedisServer;
  redis!: Redis;
  readonly #executors: Executor[] = [];
  readonly #workers: TestWorker[] = [];

  constructor() {
    beforeAll(async () => {
      this.server = await RedisServer.start();
      this.redis = new Redis(this.server.port, '127.0.0.1');
    });
    afterEach(async () => {
      await Promise.all(this.#workers.splice(0).map(worker => worker.leave()));
      await Promise.all(this.#executors.splice(0).map(executor => executor.close()));
    });
    afterAll(async () => {
      this.redis?.disconnect();
      await this.server?.remove();
    });
  }

  readonly worker = (options: Partial<QueueWorkerOptions> = {}): TestWorker => {
    const made = queueWorker(this.server, options);
    this.#workers.push(made);
    return made;
  };

  readonly executor = async (
    engine: EngineName,
    options: Partial<QueueExecutorOptions> = {},
  ): Promise<Executor> => {
    const made = await queueExecutor(this.server, engine, options);
    this.#executors.push(made);
    return made;
  };
}
