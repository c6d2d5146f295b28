/**
 * Reports of trajectories that are not open at the coordinator: not submitted yet since its start, ended already, or none
 * of this run.
 */
import { processName } from '../../base/process-name.js';
import type { CellRow, CheckpointRow } from '../../domain/messages.js';
import { isAudit } from '../audit.js';
import { BITS_DIFFER, differingBits } from '../bits.js';
import type { ResultCheck } from '../executor.js';
import type { ReceivedReport } from './event-stream.js';
import type { PoisonLog } from './poison.js';

export class UnopenedReports {
  /** Of trajectories that will be submitted. */
  readonly #early = new Map<string, ReceivedReport[]>();

  /** @param fail marks a trajectory failed, open or not. */
  constructor(
    private readonly check: ResultCheck | undefined,
    private readonly hasBits: boolean,
    private readonly poison: PoisonLog,
    private readonly fail: (id: string, code: string, message: string) => void,
  ) {}

  /** Keeps it for a trajectory to come; rows of another one are compared with what is stored. */
  hear(report: ReceivedReport): void {
    const { id, event } = report;
    const status = this.check ? this.check.status(id) : 'pending';
    if (status === 'pending' || status === 'running') {
      const early = this.#early.get(id) ?? [];
      early.push(report);
      this.#early.set(id, early);
      return;
    }
    if (status === undefined && !isAudit(id))
      this.#drop('a report', report, `trajectory ${id} is none of this run`);
    else if (event.kind === 'rows') this.compare(report, event.checkpoint, event.cells);
    report.settle();
  }

  /** What was kept for a trajectory, in the order in which it came. */
  take(id: string): ReceivedReport[] {
    const early = this.#early.get(id) ?? [];
    this.#early.delete(id);
    return early;
  }

  /** Compares rows with stored ones. Other bits make the trajectory fail. */
  compare(report: ReceivedReport, checkpoint: CheckpointRow, cells: readonly CellRow[]): void {
    const { id, by } = report;
    const { t } = checkpoint;
    const comparison = this.hasBits && this.check ? this.check.compare(id, checkpoint, cells) : null;
    if (comparison?.kind === 'unknown')
      this.#drop('rows', report, `trajectory ${id} at ${t}: nobody asked for them`);
    if (comparison?.kind === 'differs')
      this.fail(id, BITS_DIFFER, differingBits(t, comparison.worker, processName(by), comparison.column));
  }

  #drop(what: string, { by }: ReceivedReport, reason: string): void {
    this.poison.add(what, processName(by), reason);
  }
}
