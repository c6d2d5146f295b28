/** Options of the executor, and times. */
import type { Dataset } from '../../data/dataset.js';
import type { DatasetIdentity, DatasetSettings, EngineName } from '../../domain/types.js';
import type { ResultCheck } from '../executor.js';
import type { QueueAddress } from './address.js';

/** Times of a queue. Tests shorten them; all of them are in ms. */
export interface QueueTimes {
  /** A worker that has not renewed a trajectory's lease for so long loses it. */
  readonly leaseMs: number;
  /** Interval of BullMQ's search for lost leases. */
  readonly stallCheckMs: number;
  /** Interval of a worker's heartbeat, and of its look at what its runs want. */
  readonly beatMs: number;
  /** A worker whose heartbeat has not changed for so long counts no more. */
  readonly staleMs: number;
  /** Interval at which a run compares what it has handed out with what Redis holds. */
  readonly lookMs: number;
  /** A server that starts at the same time as its clients is given this long. */
  readonly connectMs: number;
  /** A connection that answers nothing for so long is made anew. */
  readonly silenceMs: number;
}

export const QUEUE_TIMES: QueueTimes = {
  leaseMs: 120_000,
  stallCheckMs: 30_000,
  beatMs: 1_000,
  staleMs: 15_000,
  lookMs: 1_000,
  connectMs: 10_000,
  silenceMs: 15_000,
};

/** A worker that leaves waits no longer than this for snapshots and for Redis. */
export const LEAVE_WITHIN_MS = 20_000;

/** The times of this process. ESPALIER_QUEUE_TIMES, for tests, replaces some: `leaseMs=4000 staleMs=2000`. */
export function queueTimes(text = process.env.ESPALIER_QUEUE_TIMES ?? ''): Partial<QueueTimes> {
  const given = text.split(' ').flatMap(each => {
    const [name, value] = each.split('=');
    return name !== undefined && Object.hasOwn(QUEUE_TIMES, name) && Number(value) > 0
      ? [[name, Number(value)]]
      : [];
  });
  return Object.fromEntries(given);
}

/** What `createQueueExecutor` needs to know. */
export interface QueueExecutorOptions {
  readonly address: QueueAddress;
  /** The run's name on the server. */
  readonly name: string;
  /** Names the database, on any machine: only one database may use a name. */
  readonly database: string;
  readonly manifest: RunDescription;
  /** Threads of this process, as one more worker. */
  readonly own?: OwnThreads | null;
  /** Whether the engine gives the same bits on every machine. */
  readonly hasBits: boolean;
  /** Seconds that an attempt may take; default: any number. */
  readonly timeoutS?: number | undefined;
  /** @internal */
  readonly times?: Partial<QueueTimes>;
  /** As `RunOptions.executor` gets it. With it, results that arrive twice or late are compared with the stored ones. */
  readonly check?: ResultCheck | undefined;
  /** One line for the user. */
  warn(message: string): void;
}

/** What workers learn of a run before they take part in it. */
export interface RunDescription {
  readonly sweep: string;
  /** espalier's; shown to users. */
  readonly toolVersion: string;
  readonly engine: EngineName;
  readonly numerics: number;
  readonly datasets: readonly { readonly settings: DatasetSettings; readonly identity: DatasetIdentity }[];
}

/** What the run's own process computes. */
export interface OwnThreads {
  readonly threads: number;
  /** Bytes that it may take, images included. */
  readonly memoryBytes: number;
  readonly datasets: ReadonlyMap<string, Dataset>;
}
