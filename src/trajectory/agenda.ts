/** The checkpoints that a task still has to do, with those that its rows choose (threshold/refine.ts). */
import type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  MeasuredCell,
  RefinementTask,
  TrajectoryTask,
} from '../domain/messages.js';
import { METRIC_COLUMNS, type MetricInfo } from '../domain/metrics.js';
import type { Variant } from '../domain/types.js';
import { variantKey, variantOf } from '../domain/variant.js';
import { type ChoiceRules, choiceColumns, chosenCheckpoints } from '../threshold/refine.js';

export class Agenda {
  private readonly pending: Map<number, CheckpointTask>;
  private readonly choice: Choice | null;

  constructor({
    checkpoints,
    refinement,
    config,
  }: Pick<TrajectoryTask, 'checkpoints' | 'refinement' | 'config'>) {
    this.pending = new Map(checkpoints.map(checkpoint => [checkpoint.t, checkpoint]));
    this.choice = refinement && new Choice(refinement, config.datasetSize, this.pending);
  }

  /** The checkpoints that are left to do, as far as they are known, ascending. */
  left(): CheckpointTask[] {
    return [...this.pending.values()].sort((a, b) => a.t - b.t);
  }

  /** The refinement of a task that goes on from here; null without one. */
  refinement(): RefinementTask | null {
    return this.choice?.soFar() ?? null;
  }

  /** The earliest checkpoint to do: chosen ones lie before the states that chose them, which may still be kept. */
  next(): CheckpointTask | null {
    const first = [...this.pending.keys()].reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    return this.pending.get(first) ?? null;
  }

  /** Takes the rows of a checkpoint that is done. Returns the checkpoints that follow from them, ascending. */
  finish(checkpoint: CheckpointRow, cells: readonly CellRow[]): number[] {
    this.pending.delete(checkpoint.t);
    if (!this.choice) return [];
    const chosen = this.choice.add(checkpoint, cells);
    for (const t of chosen) {
      const variants = this.choice.lacking(t);
      if (variants.length > 0) this.pending.set(t, { t, variants });
    }
    return chosen;
  }
}

class Choice {
  private readonly rules: ChoiceRules;
  private readonly columns: readonly MetricInfo[];
  private readonly cells: MeasuredCell[];
  private readonly chosen: Set<number>;

  constructor(
    private readonly refinement: RefinementTask,
    datasetSize: number,
    pending: ReadonlyMap<number, CheckpointTask>,
  ) {
    this.rules = { ...refinement, datasetSize };
    const names = choiceColumns(refinement);
    this.columns = METRIC_COLUMNS.filter(({ column }) => names.includes(column));
    this.cells = [...refinement.stored];
    // Those that follow from stored rows are members of the sweep already, pending or finished.
    this.chosen = new Set([...chosenCheckpoints(this.rules, this.cells), ...pending.keys()]);
  }

  add({ t, dense }: CheckpointRow, cells: readonly CellRow[]): number[] {
    for (const cell of cells) {
      const measured = { dense, subnet: cell.subnet, retrained: cell.retrained ?? {} };
      const metrics = Object.fromEntries(
        this.columns.map(({ column, network, set, quantity }) => [
          column,
          measured[network][set]?.[quantity] ?? null,
        ]),
      );
      this.cells.push({ ...variantOf(cell), t, metrics });
    }
    const chosen = chosenCheckpoints(this.rules, this.cells).filter(each => !this.chosen.has(each));
    for (const each of chosen) this.chosen.add(each);
    return chosen;
  }

  soFar(): RefinementTask {
    return { ...this.refinement, stored: [...this.cells] };
  }

  /** The variants that have no cell at a checkpoint yet. */
  lacking(t: number): Variant[] {
    const held = new Set(this.cells.filter(cell => cell.t === t).map(variantKey));
    return this.rules.variants.filter(variant => !held.has(variantKey(variant)));
  }
}
