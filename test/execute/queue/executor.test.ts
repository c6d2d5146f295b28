/** The executors' contract, kept over Redis. */
import { afterAll, beforeAll, describe } from 'vitest';
import { hasRedis, RedisServer, WITHOUT_REDIS } from '../../support/redis.js';
import { executorConformance } from '../conformance.js';
import { queueExecutor, queueWorker, type TestWorker, until } from './support.js';

describe.skipIf(!hasRedis)(hasRedis ? 'with Redis' : WITHOUT_REDIS, () => {
  let redis: RedisServer;
  let workers: TestWorker[] = [];
  beforeAll(async () => {
    redis = await RedisServer.start();
    workers = [1, 2].map(threads => queueWorker(redis, { threads }));
  });
  afterAll(async () => {
    await Promise.all(workers.map(worker => worker.leave()));
    await redis.remove();
  });

  executorConformance('queue with two workers', 'wasm', async engine => {
    const executor = await queueExecutor(redis, engine);
    await until(() => executor.capacity === 3);
    return executor;
  });
});
