/**
 * One trajectory that is handed out: what was heard of it, from whichever worker.
 *
 * It may be computed more than once, at the same time or in turn. Rows count by their content, whoever sent them; a second
 * copy must have the same bits. An end counts if all rows are there.
 */
import type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  ExecutorEvent,
  Snapshot,
  TrajectoryTask,
} from '../../domain/messages.js';
import { EventQueue, type FinalEvent } from '../event-queue.js';
import type { ReceivedReport } from './event-stream.js';
import { askedCells, bitsOf } from './rows.js';
import type { Origin, WireEvent } from './schemas.js';

export interface TrajectoryHost {
  /** Whether the engine promises equal bits. */
  readonly hasBits: boolean;
  /** The trajectory has ended with this event. */
  onEnd(trajectory: OpenTrajectory, event: FinalEvent): void;
  /** An end came although rows are missing: it has to be handed out again. */
  onGap(trajectory: OpenTrajectory): void;
  onMoved(): void;
  /** Rows of a checkpoint that was not asked for: they may be stored already. */
  onOtherRows(report: ReceivedReport, checkpoint: CheckpointRow, cells: readonly CellRow[]): void;
  /** Fetches the snapshot of a ticket; null if there is none, or a later one. */
  fetchSnapshot(ticket: string, t: number): Promise<Snapshot | null>;
  onPoison(what: string, report: ReceivedReport, reason: string): void;
}

/** The engine of another machine, or a rogue worker, computed other numbers. */
export const BITS_DIFFER = 'BITS_DIFFER';

export const differingBits = (t: number, first: string, second: string, column?: string): string =>
  `the numbers at iteration ${t} from ${first} and from ${second} differ${column ? ` (${column})` : ''}: ` +
  'one of the two computes wrongly';

export const nameOf = ({ host, process }: Origin): string => `${host}/${process}`;

export class OpenTrajectory {
  readonly events = new EventQueue();
  /** The valid ticket; null until it is handed out. */
  ticket: string | null = null;
  /** `performance.now()` when it was handed out last. */
  handedOutMs = Number.POSITIVE_INFINITY;
  /** In so many looks its job was nowhere. */
  missing = 0;
  isOver = false;
  hasSnapshot = false;
  /** The worker at work; null before the first and after one that has left. */
  worker: string | null = null;
  readonly #asked: ReadonlyMap<number, CheckpointTask>;
  readonly #lacking: Map<number, CheckpointTask>;
  /** What each iteration's rows were, and whose. */
  readonly #heard = new Map<number, { readonly bits: string; readonly from: string }>();
  #execution: string | null = null;
  #hasLeft = false;
  /** Reports wait for a snapshot that is fetched, so that they stay in order. */
  #reading: Promise<void> | null = null;
  #latestSnapshot: Snapshot | null;

  constructor(
    readonly task: TrajectoryTask,
    readonly alone: boolean,
    readonly avoid: string | null,
    private readonly host: TrajectoryHost,
  ) {
    this.#asked = new Map(task.checkpoints.map(checkpoint => [checkpoint.t, checkpoint]));
    this.#lacking = new Map(this.#asked);
    this.#latestSnapshot = task.snapshot;
  }

  /** The latest snapshot that was heard of, or that it was submitted with. */
  get latestSnapshot(): Snapshot | null {
    return this.#latestSnapshot;
  }

  /** The checkpoints whose rows were not heard. */
  get lacking(): CheckpointTask[] {
    return [...this.#lacking.values()];
  }

  get isStarted(): boolean {
    return this.#execution !== null;
  }

  /** Takes a report in its turn. */
  handle(report: ReceivedReport): void {
    if (!this.#reading) return this.#handle(report);
    this.#waitFor(async () => this.#handle(report));
  }

  #waitFor(work: () => Promise<void>): void {
    const reading: Promise<void> = (this.#reading ?? Promise.resolve()).then(work).finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
  }

  #handle(report: ReceivedReport): void {
    const { event, settle } = report;
    if (this.isOver) return settle();
    const isValid = report.ticket === this.ticket || this.ticket === null;
    switch (event.kind) {
      case 'started':
        if (isValid) this.#start(report);
        return settle();
      case 'rows':
        return this.#rows(report, event);
      case 'snapshot':
        this.#waitFor(() => this.#snapshot(report, event.t));
        return;
      case 'warning':
        this.#startedBy(report);
        this.events.push(event);
        return settle();
      case 'left':
        if (report.execution === this.#execution) {
          this.#hasLeft = true;
          this.worker = null;
        }
        return settle();
      case 'done':
        this.#startedBy(report);
        if (this.#lacking.size === 0) return this.end(event, settle);
        if (isValid) this.host.onGap(this);
        return settle();
      case 'failed':
      case 'stopped':
        if (!isValid || this.ticket === null) return settle();
        if (this.#execution !== null && report.execution !== this.#execution) return settle();
        this.#startedBy(report);
        return this.end(event, settle);
    }
  }

  /** Reports the end. @param onStored called when it is on the disk. */
  end(event: FinalEvent, onStored?: () => void): void {
    if (this.isOver) {
      onStored?.();
      return;
    }
    this.isOver = true;
    this.#push(event, onStored);
    this.host.onEnd(this, event);
  }

  /** A snapshot beyond the first missing row is useless. */
  async #snapshot({ ticket, settle }: ReceivedReport, t: number): Promise<void> {
    this.hasSnapshot = true;
    const snapshot = await this.host.fetchSnapshot(ticket, t).catch(() => null);
    const [first] = this.#lacking.keys();
    if (this.isOver || !snapshot || first === undefined || t > first) return settle();
    this.#latestSnapshot = snapshot;
    this.#push({ kind: 'snapshot', snapshot }, settle);
  }

  #rows(report: ReceivedReport, { checkpoint, cells }: Extract<WireEvent, { kind: 'rows' }>): void {
    const { t } = checkpoint;
    const { evaluate, id } = this.task;
    const asked = this.#asked.get(t);
    if (!asked) return this.host.onOtherRows(report, checkpoint, cells);
    const found = askedCells(asked, evaluate, checkpoint, cells);
    if (!found) {
      // What an earlier run was asked for may be less.
      if (report.ticket === this.ticket)
        this.host.onPoison('rows', report, `trajectory ${id} at ${t}: not the cells that were asked for`);
      return report.settle();
    }
    const from = nameOf(report.by);
    const bits = bitsOf(evaluate, checkpoint, found);
    const heard = this.#heard.get(t);
    if (!heard) {
      this.#startedBy(report);
      this.#heard.set(t, { bits, from });
      this.#lacking.delete(t);
      return this.#push({ kind: 'rows', checkpoint, cells: found }, report.settle);
    }
    if (heard.bits !== bits && this.host.hasBits) {
      const message = differingBits(t, heard.from, from);
      this.end({ kind: 'failed', code: BITS_DIFFER, message, stack: null });
    }
    report.settle();
  }

  /** What comes first from a worker starts it, if its start was stored before a restart of the coordinator. */
  #startedBy(report: ReceivedReport): void {
    if (this.#execution === null) this.#start(report);
  }

  #start({ execution, worker, slot, by }: ReceivedReport): void {
    if (execution === this.#execution) return;
    const isMove = this.#execution !== null;
    this.#execution = execution;
    this.worker = worker;
    if (isMove) this.host.onMoved();
    const before = isMove ? { before: this.#hasLeft ? ('stopped' as const) : ('lost' as const) } : {};
    this.#hasLeft = false;
    this.events.push({ kind: 'started', slot, by, ...before });
  }

  #push(event: Exclude<ExecutorEvent, { kind: 'started' }>, onStored?: () => void): void {
    this.events.push(onStored ? { ...event, onStored } : event);
  }
}
