/** Whether a Redis server can be reached, and whether it suits a queue. */
import { describeError } from '../base/errors.js';
import type { QueueAddress } from '../execute/queue/index.js';
import type { QueueState } from './report.js';

const CONNECT_MS = 5_000;

/** Connects once. Never rejects: what goes wrong is part of the state. */
export async function examineQueue(address: QueueAddress): Promise<QueueState> {
  const { connect, disconnect, serverAdvice } = await import('../execute/queue/connection.js');
  const { QUEUE_TIMES } = await import('../execute/queue/options.js');
  try {
    const redis = await connect(address, { ...QUEUE_TIMES, connectMs: CONNECT_MS });
    try {
      const start = performance.now();
      await redis.ping();
      const roundTripMs = Number((performance.now() - start).toPrecision(2));
      const advice = await serverAdvice(redis, address);
      return { address: address.shown, reachable: true, roundTripMs, problem: null, advice };
    } finally {
      disconnect(redis);
    }
  } catch (error) {
    const problem = describeError(error).message;
    return { address: address.shown, reachable: false, roundTripMs: null, problem, advice: [] };
  }
}
