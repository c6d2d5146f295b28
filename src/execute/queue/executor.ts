/** An executor that hands trajectories to workers on any machine, over Redis. */
import type { Executor } from '../executor.js';
import { connect, disconnect, serverAdvice } from './connection.js';
import { Coordinator } from './coordinator.js';
import { keysOf } from './keys.js';
import { QUEUE_TIMES, type QueueExecutorOptions } from './options.js';
import { RunState } from './run-state.js';
import { type Manifest, PROTOCOL } from './schemas.js';

/** @throws QueueError (QUEUE_UNREACHABLE, QUEUE_REFUSED, QUEUE_IN_USE) */
export async function createQueueExecutor(options: QueueExecutorOptions): Promise<Executor> {
  const { address, name, warn } = options;
  const times = { ...QUEUE_TIMES, ...options.times };
  let isClosing = false;
  const redis = await connect(address, times, {
    onLost: reason =>
      isClosing || warn(`${address.shown} cannot be reached (${reason}); the run goes on when it can`),
    onBack: () => isClosing || warn(`${address.shown} can be reached again`),
  });
  try {
    for (const advice of await serverAdvice(redis, address)) warn(advice);
    const manifest = { ...options.manifest, protocol: PROTOCOL, run: name } as unknown as Manifest;
    const state = new RunState(redis, keysOf(name), manifest, options.database);
    await state.acquire();
    const reader = await connect(address, times);
    const coordinator = new Coordinator({ ...options, times }, redis, reader, state, () => {
      isClosing = true;
    });
    try {
      await coordinator.start();
    } catch (error) {
      disconnect(reader);
      throw error;
    }
    return coordinator;
  } catch (error) {
    disconnect(redis);
    throw error;
  }
}
