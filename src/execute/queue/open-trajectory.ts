/**
 * One trajectory that is handed out: what was heard of it, from whichever worker.
 *
 * It may be computed more than once, at the same time or in turn. Rows count by their content, whoever sent them; a second
 * copy must have the same bits. An end counts if all rows are there.
 */
import { processName } from '../../base/process-name.js';
import type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  ExecutorEvent,
  Snapshot,
  TrajectoryTask,
} from '../../domain/messages.js';
import { Agenda } from '../../trajectory/agenda.js';
import { BITS_DIFFER, bitsOf, differingBits } from '../bits.js';
import { EventQueue, type FinalEvent } from '../event-queue.js';
import type { ReceivedReport } from './event-stream.js';
import { askedCells } from './rows.js';
import type { WireEvent } from './schemas.js';

export interface TrajectoryHost {
  /** Whether the engine promises equal bits. */
  readonly hasBits: boolean;
  /** The trajectory has ended with this event. */
  onEnd(trajectory: OpenTrajectory, event: FinalEvent): void;
  /** An end came although rows are missing: it has to be handed out again. */
  onGap(trajectory: OpenTrajectory): void;
  onMoved(): void;
  /** Whoever executes it next is to know the rows that were heard, since further checkpoints follow from them. */
  onRefined(trajectory: OpenTrajectory): void;
  /** Rows of a checkpoint that was not asked for: they may be stored already. */
  onOtherRows(report: ReceivedReport, checkpoint: CheckpointRow, cells: readonly CellRow[]): void;
  /** Fetches the snapshot of a ticket; null if there is none, or a later one. */
  fetchSnapshot(ticket: string, t: number): Promise<Snapshot | null>;
  onPoison(what: string, report: ReceivedReport, reason: string): void;
}

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
  readonly #asked: Map<number, CheckpointTask>;
  readonly #agenda: Agenda;
  /** What each iteration's rows were, and whose. */
  readonly #heard = new Map<number, { readonly bits: string; readonly from: string }>();
  #execution: string | null = null;
  #hasLeft = false;
  /** Reports wait for a snapshot that is fetched, so that they stay in order. */
  #reading: Promise<void> | null = null;
  #latestSnapshot: Snapshot | null;

  constructor(
    readonly task: TrajectoryTask,
    private readonly host: TrajectoryHost,
  ) {
    this.#asked = new Map(task.checkpoints.map(checkpoint => [checkpoint.t, checkpoint]));
    this.#agenda = new Agenda(task);
    this.#latestSnapshot = task.snapshot;
  }

  /** What is left of the task: the checkpoints whose rows were not heard, and a snapshot that fits them. */
  get rest(): TrajectoryTask {
    const checkpoints = this.#agenda.left();
    const refinement = this.#agenda.refinement();
    return { ...this.task, checkpoints, refinement, snapshot: this.#usable(this.#latestSnapshot) };
  }

  /** A snapshot beyond the first missing row is useless, unless the worker finds the way back. */
  #usable(snapshot: Snapshot | null): Snapshot | null {
    const [first] = this.#agenda.left();
    if (!snapshot || this.task.refinement) return snapshot;
    return first && snapshot.t <= first.t ? snapshot : null;
  }

  get isStarted(): boolean {
    return this.#execution !== null;
  }

  /** Takes a report in its turn: after a snapshot that is being fetched. */
  handle(report: ReceivedReport): void {
    const take = () => {
      if (this.isOver || this.#take(report)) report.settle();
    };
    if (!this.#reading) take();
    else this.#waitFor(async () => take());
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

  /** Returns whether the report is done with; if not, it is settled later. */
  #take(report: ReceivedReport): boolean {
    const { event, settle } = report;
    const isValid = report.ticket === this.ticket || this.ticket === null;
    switch (event.kind) {
      case 'started':
        if (isValid) this.#start(report);
        return true;
      case 'rows':
        return this.#takeRows(report, event);
      case 'snapshot':
        this.#waitFor(() => this.#fetchSnapshot(report, event.t));
        return false;
      case 'warning':
        this.#startedBy(report);
        this.events.push(event);
        return true;
      case 'left':
        if (report.execution === this.#execution) this.#hasLeft = true;
        return true;
      case 'done':
        this.#startedBy(report);
        if (!this.#agenda.next()) {
          this.end(event, settle);
          return false;
        }
        if (isValid) this.host.onGap(this);
        return true;
      case 'failed':
      case 'stopped': {
        const isOther = this.#execution !== null && report.execution !== this.#execution;
        if (report.ticket !== this.ticket || isOther) return true;
        this.#startedBy(report);
        this.end(event, settle);
        return false;
      }
    }
  }

  #waitFor(work: () => Promise<void>): void {
    const reading: Promise<void> = (this.#reading ?? Promise.resolve()).then(work).finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
  }

  async #fetchSnapshot({ ticket, settle }: ReceivedReport, t: number): Promise<void> {
    this.hasSnapshot = true;
    const snapshot = await this.host.fetchSnapshot(ticket, t).catch(() => null);
    if (this.isOver || !this.#usable(snapshot)) return settle();
    this.#latestSnapshot = snapshot;
    this.#push({ kind: 'snapshot', snapshot: snapshot! }, settle);
    if (this.task.refinement) this.host.onRefined(this);
  }

  #takeRows(report: ReceivedReport, { checkpoint, cells }: Extract<WireEvent, { kind: 'rows' }>): boolean {
    const { t } = checkpoint;
    const { evaluate, id } = this.task;
    const asked = this.#asked.get(t);
    if (!asked) {
      this.host.onOtherRows(report, checkpoint, cells);
      return true;
    }
    const found = askedCells(asked, evaluate, checkpoint, cells);
    if (!found) {
      // What an earlier run was asked for may be less.
      if (report.ticket === this.ticket)
        this.host.onPoison('rows', report, `trajectory ${id} at ${t}: not the cells that were asked for`);
      return true;
    }
    const from = processName(report.by);
    const bits = bitsOf(evaluate, checkpoint, found);
    const heard = this.#heard.get(t);
    if (!heard) {
      this.#startedBy(report);
      this.#heard.set(t, { bits, from });
      // The worker chooses, too. Its choice is not relied on, because the same rows give the same one.
      const chosen = this.#agenda.finish(checkpoint, found);
      if (chosen.length > 0) for (const each of this.#agenda.left()) this.#asked.set(each.t, each);
      this.#push({ kind: 'rows', checkpoint, cells: found, chosen }, report.settle);
      return false;
    }
    if (heard.bits !== bits && this.host.hasBits) {
      const message = differingBits(t, heard.from, from);
      this.end({ kind: 'failed', code: BITS_DIFFER, message, stack: null });
    }
    return true;
  }

  /** What comes first from a worker starts it, if its start was stored before a restart of the coordinator. */
  #startedBy(report: ReceivedReport): void {
    if (this.#execution === null) this.#start(report);
  }

  #start({ execution, slot, by }: ReceivedReport): void {
    if (execution === this.#execution) return;
    const isMove = this.#execution !== null;
    this.#execution = execution;
    if (isMove) this.host.onMoved();
    const before = isMove ? { before: this.#hasLeft ? ('stopped' as const) : ('lost' as const) } : {};
    this.#hasLeft = false;
    this.events.push({ kind: 'started', slot, by, ...before });
  }

  #push(event: Exclude<ExecutorEvent, { kind: 'started' }>, onStored?: () => void): void {
    this.events.push(onStored ? { ...event, onStored } : event);
  }
}
