/**
 * Names of everything that a run keeps in Redis. All of it can be lost: the database is the truth.
 *
 * Own keys start with `espalier:`, BullMQ's with `espalier-queue:`.
 */

/** Prefix of BullMQ's keys, for bull-board. */
export const BULL_PREFIX = 'espalier-queue';

/** Set of the names of all runs. */
export const RUNS_KEY = 'espalier:runs';

/** Channel on which runs announce new tasks, by their names, and wishes. Whoever misses a message looks in time. */
export const WAKE_CHANNEL = 'espalier:wake';
export const wish = (run: string): string => `${run} look`;

/** Keys that nobody renews disappear after this. */
export const KEEP_S = 7 * 86_400;

export interface RunKeys {
  /** Hash: `manifest`, `epoch`, `control`. */
  readonly state: string;
  /** String: the database that uses this name; expires unless it is renewed. */
  readonly owner: string;
  /** Hash: trajectory id -> task. */
  readonly tasks: string;
  /** Hash: trajectory id -> the ticket that is valid now, followed by `!` where the trajectory has to stop. */
  readonly tickets: string;
  /** Hash: lane -> peak bytes of its largest trajectory. */
  readonly lanes: string;
  /** Stream of what workers report. */
  readonly events: string;
  /** Hash: worker id -> heartbeat. */
  readonly workers: string;
  /** Hash: worker id -> why it takes nothing of this run. */
  readonly refusals: string;
  /** Hash: ticket -> the newest snapshot. */
  readonly snapshots: string;
  /** Hash of the pieces of one snapshot, numbered from 0. */
  pieces(ticket: string, t: number): string;
}

export function keysOf(run: string): RunKeys {
  const key = (part: string) => `espalier:${run}:${part}`;
  return {
    state: key('state'),
    owner: key('owner'),
    tasks: key('tasks'),
    tickets: key('tickets'),
    lanes: key('lanes'),
    events: key('events'),
    workers: key('workers'),
    refusals: key('refusals'),
    snapshots: key('snapshots'),
    pieces: (ticket, t) => key(`snapshot:${ticket}:${t}`),
  };
}

/** Names of runs: they are part of keys, and of BullMQ's queue names, which must not hold a colon. */
export const RUN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Lane of trajectories that must run alone on their worker. */
export const ALONE = 'alone';

const SMALL_BYTES = 64 * 2 ** 20;
/** Lanes per doubling of memory. */
const LANES_PER_OCTAVE = 4;

/**
 * The lane of a trajectory with this peak. Each lane is a BullMQ queue, so a worker looks only where everything fits.
 * Lanes are a quarter of an octave wide; small trajectories share the first.
 */
export function laneOf(memoryBytes: number, alone = false): string {
  if (alone) return ALONE;
  const octaves = Math.log2(Math.max(memoryBytes, SMALL_BYTES) / SMALL_BYTES);
  return String(Math.ceil(LANES_PER_OCTAVE * octaves));
}

/** The name of a lane's BullMQ queue. */
export const queueName = (run: string, lane: string): string => `${run}~${lane}`;

/** BullMQ refuses ids that are whole numbers or hold a colon. */
export const jobId = (id: string, ticket: string): string => `t-${id}.${ticket}`;

/** The trajectory and ticket of a job; null for a job that is none of ours. */
export function parseJobId(text: string): { readonly id: string; readonly ticket: string } | null {
  const [, id, ticket] = /^t-([\w-]{1,200})\.(\w{1,40})$/.exec(text) ?? [];
  return id === undefined || ticket === undefined ? null : { id, ticket };
}
