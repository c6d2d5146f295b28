/** One run, as a worker sees it: whether it can take part, and what the run wants. */
import type { Redis } from 'ioredis';
import { describeError } from '../../base/errors.js';
import { processName } from '../../base/process-name.js';
import type { Dataset } from '../../data/dataset.js';
import type { DatasetIdentity, DatasetSettings, EngineName } from '../../domain/types.js';
import { createEngine } from '../../engine/index.js';
import { NUMERICS } from '../../engine/numerics.js';
import { imagesKey } from '../../trajectory/environment.js';
import { pack, unpack } from './codec.js';
import { runPipeline } from './connection.js';
import type { Execution } from './execution.js';
import { KEEP_S, keysOf, type RunKeys } from './keys.js';
import { Lanes } from './lanes.js';
import type { QueueTimes } from './options.js';
import { ReportSender } from './report-sender.js';
import { CONTROL } from './run-state.js';
import {
  type Beat,
  MAX_STATE_BYTES,
  type Manifest,
  manifestSchema,
  type Origin,
  PROTOCOL,
  type Refusal,
} from './schemas.js';
import { SnapshotTransfer } from './snapshots.js';

/** Data sets as a worker finds them. */
export interface WorkerData {
  /** @throws DataError for data that are missing or damaged. */
  identify(settings: DatasetSettings): DatasetIdentity;
  /** The data sets of these settings, keyed by imagesKey. */
  load(sets: readonly DatasetSettings[]): Promise<ReadonlyMap<string, Dataset>>;
}

export interface WorkerIdentity {
  readonly id: string;
  readonly by: Omit<Origin, 'kernels'>;
  /** Takes runs of this engine only; null: of any. */
  readonly engine: EngineName | null;
  readonly memoryBytes: number;
  readonly since: string;
}

export function bytesOfImages(datasets: ReadonlyMap<string, Dataset>): number {
  let bytes = 0;
  for (const { pool, test } of datasets.values()) bytes += pool.images.length + test.images.length;
  return bytes;
}

export class WorkerRun {
  readonly keys: RunKeys;
  readonly lanes: Lanes;
  readonly snapshots: SnapshotTransfer;
  readonly running = new Set<Execution>();
  readonly counts = { cells: 0, trajectories: 0 };
  datasets: ReadonlyMap<string, Dataset> = new Map();
  sender!: ReportSender;
  /** Whether the run hands out to this worker. */
  isOpen = false;
  #epoch: string | null = null;
  /** The manifest that it has agreed to. A coordinator that starts again publishes the same. */
  #joined: Buffer | null = null;
  #beat = 0;
  #hasLeft = false;
  #by: Origin;

  constructor(
    readonly name: string,
    private readonly redis: Redis,
    private readonly worker: WorkerIdentity,
    private readonly data: WorkerData,
    times: QueueTimes,
    private readonly hooks: {
      /** What the worker's user should know. */
      report(line: string): void;
      poison(what: string, reason: string): void;
    },
  ) {
    this.keys = keysOf(name);
    this.lanes = new Lanes(redis, name, times);
    this.snapshots = new SnapshotTransfer(redis, this.keys, reason => hooks.poison('a snapshot', reason));
    this.#by = { ...worker.by, kernels: null };
  }

  /** Looks at what the run wants, and tells it what this worker does. Returns false if the run is over. */
  async look(wanted: number, dropped: number): Promise<boolean> {
    if (this.#hasLeft) return true;
    const { state, lanes, tickets } = this.keys;
    const running = [...this.running];
    const pipeline = this.redis.pipeline();
    pipeline.hmget(state, 'epoch', 'control').hgetall(lanes);
    if (running.length > 0) pipeline.hmget(tickets, ...running.map(({ id }) => id));
    if (this.isOpen) this.#tell(pipeline, running, wanted, dropped);
    const [ofState, ofLanes, valid = []] = (await runPipeline(pipeline)) as [
      [string | null, string | null],
      Record<string, string>,
      (string | null)[]?,
    ];
    const [epoch, control] = ofState;
    // Redis has lost the run, or the run is over: what runs goes on, because it may come back.
    if (epoch === null) {
      this.isOpen = false;
      this.#epoch = null;
      return false;
    }
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.isOpen = await this.#join();
      if (this.isOpen) await this.look(wanted, dropped);
      return true;
    }
    this.lanes.update(ofLanes);
    for (const [i, execution] of running.entries()) {
      const { ticket } = execution.work;
      if (control === CONTROL.stop || valid[i] === `${ticket}!`) execution.stop('stop');
      else if (valid[i] !== ticket) execution.stop('void');
    }
    if (control === CONTROL.stop) this.isOpen = false;
    return true;
  }

  /** Gives up what another worker may have by now. */
  async renewLeases(): Promise<void> {
    for (const execution of await this.lanes.renew([...this.running])) execution.stop('void');
  }

  /** Tells the run that this worker is gone. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    await this.redis.hdel(this.keys.workers, this.worker.id);
    await this.lanes.close();
  }

  #tell(
    pipeline: ReturnType<Redis['pipeline']>,
    running: readonly Execution[],
    wanted: number,
    dropped: number,
  ): void {
    const beat: Beat = {
      protocol: PROTOCOL,
      by: this.#by,
      beat: this.#beat++,
      since: this.worker.since,
      memoryBytes: Math.max(0, this.worker.memoryBytes - bytesOfImages(this.datasets)),
      wanted,
      running: running.map(({ id }) => id),
      ...this.counts,
      dropped,
    };
    const { workers } = this.keys;
    pipeline.hset(workers, this.worker.id, pack(beat)).expire(workers, KEEP_S);
  }

  /** Checks the run's manifest. A worker that cannot take part says why, here and there. */
  async #join(): Promise<boolean> {
    const packed = await this.redis.hgetBuffer(this.keys.state, 'manifest');
    if (!packed) return false;
    if (this.#joined?.equals(packed)) return true;
    this.#joined = null;
    try {
      const manifest = unpack(packed, manifestSchema, MAX_STATE_BYTES);
      const reason = await this.#obstacle(manifest);
      if (reason === null) {
        await this.redis.hdel(this.keys.refusals, this.worker.id);
        this.#joined = packed;
        this.hooks.report(
          `takes part in the run ${this.name} (sweep ${manifest.sweep}, engine ${manifest.engine})`,
        );
        this.sender = new ReportSender(this.redis, this.keys.events, this.worker.id, this.#by);
        return true;
      }
      const refusal: Refusal = { by: processName(this.worker.by), reason };
      const telling = this.redis.pipeline().hset(this.keys.refusals, this.worker.id, pack(refusal));
      await runPipeline(telling.expire(this.keys.refusals, KEEP_S));
      this.hooks.report(`takes nothing of the run ${this.name}: ${reason}`);
    } catch (error) {
      this.hooks.poison('a manifest', describeError(error).message);
    }
    return false;
  }

  /** Why this worker cannot compute for the run; null if it can. */
  async #obstacle({ protocol, toolVersion, engine, numerics, datasets }: Manifest): Promise<string | null> {
    const { by, engine: only } = this.worker;
    if (protocol !== PROTOCOL)
      return `the run is of espalier ${toolVersion} (protocol ${protocol}), the worker of ${by.toolVersion} (protocol ${PROTOCOL})`;
    if (only !== null && engine !== only) return `its engine is ${engine}, --engine allows ${only}`;
    if (numerics !== NUMERICS[engine])
      return `its ${engine} engine has numerics ${numerics}, the worker's ${NUMERICS[engine]}: other versions of espalier`;
    try {
      const { kernels } = await createEngine(engine);
      this.#by = { ...by, kernels };
      for (const { settings, identity } of datasets) {
        const own = this.data.identify(settings as DatasetSettings);
        if (imagesKey(own) !== imagesKey(identity as DatasetIdentity))
          return `the data set ${settings.name} is another one here: content ${own.content}, the run has ${identity.content}`;
      }
      this.datasets = await this.data.load(datasets.map(({ settings }) => settings as DatasetSettings));
      return null;
    } catch (error) {
      return describeError(error).message.replaceAll(/\s+/g, ' ');
    }
  }
}
