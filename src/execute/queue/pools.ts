/** The thread pools of a worker: one for each engine, data and time limit. Runs that agree in these share one. */
import type { Dataset } from '../../data/dataset.js';
import type { EngineName } from '../../domain/types.js';
import { createPoolExecutor, type PoolExecutor } from '../pool.js';

/** A pool that nobody uses keeps its threads, and their memory, for so long. */
const IDLE_MS = 10_000;

export interface PoolKey {
  readonly engine: EngineName;
  readonly datasets: ReadonlyMap<string, Dataset>;
  readonly timeoutS: number | null;
}

interface Entry {
  readonly pool: PoolExecutor;
  users: number;
  idleSince: number;
}

export class Pools {
  readonly #entries = new Map<string, Entry>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly threads: number) {
    this.#timer = setInterval(() => {
      const old = performance.now() - IDLE_MS;
      this.#closeIdle(({ idleSince }) => idleSince < old);
    }, IDLE_MS).unref();
  }

  /** The pool to use until `release`. Pools that nobody uses are closed: they hold memory that this one may need. */
  acquire({ engine, datasets, timeoutS }: PoolKey): { readonly pool: PoolExecutor; release(): void } {
    const key = `${engine} ${timeoutS} ${[...datasets.keys()].sort().join(' ')}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      this.#closeIdle(() => true);
      const { threads } = this;
      const pool = createPoolExecutor({ engine, datasets, threads, timeoutS: timeoutS ?? undefined });
      entry = { pool, users: 0, idleSince: 0 };
      this.#entries.set(key, entry);
    }
    const used = entry;
    used.users++;
    const release = () => {
      used.users -= 1;
      if (used.users === 0) used.idleSince = performance.now();
    };
    return { pool: used.pool, release };
  }

  /** How many trajectories to take beyond the threads, so that none waits for its next one. */
  prefetch(): number {
    return [...this.#entries.values()].reduce(
      (sum, { pool, users }) => sum + (users > 0 ? pool.prefetch() : 0),
      0,
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#entries.values()].map(({ pool }) => pool.close()));
  }

  #closeIdle(isOld: (entry: Entry) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (entry.users > 0 || !isOld(entry)) continue;
      this.#entries.delete(key);
      void entry.pool.close();
    }
  }
}
