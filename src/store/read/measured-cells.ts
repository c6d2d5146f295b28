/** The stored cells of a trajectory that the choice of fine checkpoints looks at (threshold/refine.ts). */
import type { Database, Statement } from 'better-sqlite3';
import type { MeasuredCell } from '../../domain/messages.js';
import type { Evaluate, PlannedCheckpoint, PlannedTrajectory, Variant } from '../../domain/types.js';
import { choiceColumns, choiceRules, knownCheckpoints } from '../../threshold/refine.js';
import { setMask } from '../schema/rows.js';
import type { VariantKeys } from './variants.js';

type Row = [t: number, variant: number, ...metrics: (number | null)[]];

/** The trajectories with the checkpoints that are known from stored rows. */
export function withKnownCheckpoints(
  db: Database,
  variants: VariantKeys,
  planned: readonly PlannedTrajectory[],
  evaluate: Evaluate,
): readonly PlannedTrajectory[] {
  if (!planned.some(({ refinement }) => refinement)) return planned;
  const measured = new MeasuredCells(db, variants);
  return planned.map(trajectory => ({
    ...trajectory,
    checkpoints: measured.checkpointsOf(trajectory, evaluate),
  }));
}

export class MeasuredCells {
  /** By columns. */
  private readonly statements = new Map<string, Statement<unknown[], Row>>();

  constructor(
    private readonly db: Database,
    private readonly variants: VariantKeys,
  ) {}

  /** Finished cells at checkpoints of the fine sequence, of all the sweep's variants. Empty without a refinement. */
  of(trajectory: PlannedTrajectory, evaluate: Evaluate): MeasuredCell[] {
    const rules = choiceRules(trajectory);
    if (!rules) return [];
    const columns = choiceColumns(rules);
    const fine = new Set(rules.fine);
    const byKey = new Map<number, Variant>();
    for (const variant of rules.variants) {
      const key = this.variants.find(variant);
      if (key !== null) byKey.set(key, variant);
    }
    const [subnet, dense] = [setMask(evaluate.subnet), setMask(evaluate.dense)];
    const cells: MeasuredCell[] = [];
    for (const row of this.statement(columns).iterate(trajectory.id, subnet, subnet, dense, dense)) {
      const [t, key, ...values] = row;
      const variant = byKey.get(key);
      if (!variant || !fine.has(t)) continue;
      cells.push({
        ...variant,
        t,
        metrics: Object.fromEntries(columns.map((name, i) => [name, values[i]!])),
      });
    }
    return cells;
  }

  /** The checkpoints that are known from the stored rows, ascending. */
  checkpointsOf(trajectory: PlannedTrajectory, evaluate: Evaluate): readonly PlannedCheckpoint[] {
    return knownCheckpoints(trajectory, this.of(trajectory, evaluate));
  }

  private statement(columns: readonly string[]): Statement<unknown[], Row> {
    const listed = columns.map(column => `, ${column.startsWith('dense_') ? 'k' : 'c'}.${column}`).join('');
    const statement =
      this.statements.get(listed) ??
      this.db
        .prepare<unknown[], Row>(
          `SELECT c.t, c.variant${listed} FROM cells c JOIN checkpoints k ON k.trajectory = c.trajectory AND k.t = c.t
           WHERE c.trajectory = (SELECT key FROM trajectory_keys WHERE id = ?)
             AND (c.recorded & ?) = ? AND (k.recorded & ?) = ? ORDER BY c.t, c.variant`,
        )
        .raw();
    this.statements.set(listed, statement);
    return statement;
  }
}
