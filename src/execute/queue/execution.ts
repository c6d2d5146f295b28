/** One execution of a trajectory at a worker: its lease, and what becomes of its events. */
import type { Job } from 'bullmq';
import type { ExecutorEvent, Snapshot } from '../../domain/messages.js';
import type { PoolExecutor } from '../pool.js';
import type { Lease } from './lanes.js';
import type { ReportSender } from './report-sender.js';
import type { WireEvent } from './schemas.js';
import type { SnapshotTransfer } from './snapshots.js';
import type { TicketedTask } from './task-message.js';

/**
 * Why an execution is stopped, each reason stronger than those before: the run wants it to stop; this worker leaves; it is
 * void, because another one has it or nobody wants it.
 */
const REASONS = ['stop', 'leave', 'void'] as const;
type StopReason = (typeof REASONS)[number];

interface ExecutionContext {
  readonly pool: PoolExecutor;
  readonly sender: ReportSender;
  readonly snapshots: SnapshotTransfer;
  /** Of the run, at this worker. */
  readonly counts: { cells: number; trajectories: number };
}

export class Execution implements Lease {
  readonly lane: string;
  readonly job: Job;
  readonly token: string;
  readonly ended: Promise<void>;
  #reason: StopReason | null = null;
  #slot = 0;
  #upload: Promise<void> = Promise.resolve();
  /** The snapshot to write after the one that is being written. */
  #next: Snapshot | null = null;
  #isUploading = false;
  #isOver = false;

  constructor(
    lease: Lease,
    private readonly key: string,
    readonly work: TicketedTask,
    snapshot: Promise<Snapshot | null> | null,
    private readonly context: ExecutionContext,
  ) {
    this.lane = lease.lane;
    this.job = lease.job;
    this.token = lease.token;
    this.ended = this.#run(snapshot);
  }

  get id(): string {
    return this.work.task.id;
  }

  get bytes(): number {
    return this.work.task.memoryBytes;
  }

  stop(reason: StopReason): void {
    const isStronger = !this.#reason || REASONS.indexOf(reason) > REASONS.indexOf(this.#reason);
    const isFirst = !this.#reason;
    if (isStronger) this.#reason = reason;
    if (isFirst) this.context.pool.cancel(this.id);
  }

  async #run(fetching: Promise<Snapshot | null> | null): Promise<void> {
    const { task } = this.work;
    const snapshot = fetching && (await fetching);
    if (this.#reason) return this.#onStopped();
    // Rows before the snapshot were reported before it, in the same order. A refined task is kept up to date instead.
    const checkpoints =
      snapshot && !task.refinement ? task.checkpoints.filter(({ t }) => t >= snapshot.t) : task.checkpoints;
    for await (const event of this.context.pool.submit({ ...task, checkpoints, snapshot }))
      await this.#handle(event);
  }

  async #handle(event: ExecutorEvent): Promise<void> {
    switch (event.kind) {
      case 'started':
        this.#slot = event.slot;
        return this.#report({ kind: 'started' });
      case 'snapshot':
        return this.#save(event.snapshot);
      case 'rows':
        this.context.counts.cells += event.cells.length;
        return this.#report({ kind: 'rows', checkpoint: event.checkpoint, cells: [...event.cells] });
      case 'warning':
        return this.#report(event);
      case 'stopped':
        return this.#onStopped();
      case 'done':
      case 'failed':
        this.#isOver = true;
        this.context.counts.trajectories++;
        if (this.#reason !== 'void') this.#report(event);
        return this.#complete();
    }
  }

  /** Nobody asked for it to stop: its pool was closed, as when the worker leaves. */
  async #onStopped(): Promise<void> {
    await this.#upload;
    this.#isOver = true;
    if (this.#reason === 'void') return this.#complete();
    if (this.#reason === 'stop') {
      this.#report({ kind: 'stopped' });
      await this.context.sender.flush();
      return this.#complete();
    }
    this.#report({ kind: 'left' });
    await this.context.sender.flush();
    await this.job.moveToWait(this.token).catch(() => {});
  }

  /** The end must be in Redis before the job is gone, or the run would hand it out again. */
  async #complete(): Promise<void> {
    await this.job.moveToCompleted(null, this.token, false).catch(() => {
      // The lease is lost, or BullMQ's keys are: the run looks after it.
    });
  }

  #report(event: WireEvent): void {
    if (this.#reason === 'void') return;
    const { ticket } = this.work;
    this.context.sender.add({ id: this.id, ticket, execution: this.key, slot: this.#slot, event });
  }

  /** Writes one snapshot at a time, the newest next. */
  #save(snapshot: Snapshot): void {
    this.#next = snapshot;
    if (this.#isUploading) return;
    this.#isUploading = true;
    this.#upload = this.#writeAll().catch(() => {});
  }

  async #writeAll(): Promise<void> {
    try {
      for (let snapshot = this.#next; snapshot; snapshot = this.#next) {
        this.#next = null;
        const { t, bytes } = snapshot;
        // Rows before it go first.
        await this.context.sender.flush();
        const isWanted = () => !this.#isOver && this.#reason !== 'void';
        if (await this.context.snapshots.write(this.work.ticket, snapshot, isWanted))
          this.#report({ kind: 'snapshot', t, bytes: bytes.length });
      }
    } finally {
      this.#isUploading = false;
    }
  }
}
