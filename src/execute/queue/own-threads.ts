/** Threads of the run's own process: one more worker of its queue. */
import type { QueueExecutorOptions } from './options.js';
import { runQueueWorker } from './worker.js';

/** Computes until `signal`, if the run has threads of its own. Resolves when they have left. */
export async function computeHere(options: QueueExecutorOptions, signal: AbortSignal): Promise<void> {
  const { own, address, name, times, warn, manifest } = options;
  if (!own) return;
  const { threads, memoryBytes, datasets } = own;
  const identities = new Map(
    manifest.datasets.map(({ settings, identity }) => [JSON.stringify(settings), identity]),
  );
  try {
    await runQueueWorker({
      address,
      run: name,
      threads,
      memoryBytes,
      times: times ?? {},
      signal,
      data: {
        identify: settings => identities.get(JSON.stringify(settings))!,
        load: async () => datasets,
      },
      report: () => {},
    });
  } catch (error) {
    warn(`no thread of this process computes: ${(error as Error).message}`);
  }
}
