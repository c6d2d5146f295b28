/** What an edited sweep changes: which cells are new, kept, or drop out of the view `results`. */
import { existsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { countCells } from '../../domain/grid.js';
import { completeConfig } from '../../domain/later-settings.js';
import type { Evaluate, EvaluatedSets, PlannedTrajectory } from '../../domain/types.js';
import { connectReader, withStoreErrors } from '../file/open.js';
import { isCertified, type StoredSweep, setMask, setsOf, subnetMask } from '../schema/rows.js';
import { IS_FINISHED } from '../schema/views.js';
import { withKnownCheckpoints } from './measured-cells.js';
import { planHash } from './plan-hash.js';
import { originChanges, type SettingChange, settingChanges } from './setting-changes.js';
import { UnfinishedCells } from './unfinished.js';
import { VariantKeys } from './variants.js';

/** An edited sweep compared with the sweep of its name in the database. Dropped cells stay in the file. */
export interface SweepChanges {
  readonly trajectories: { readonly new: number; readonly kept: number; readonly dropped: number };
  readonly cells: {
    readonly new: number;
    /** Of the new ones, those that the database holds already, finished: another sweep or an earlier edit left them. */
    readonly newHeld: number;
    readonly kept: number;
    readonly dropped: number;
    /** Of the dropped ones, those that are finished: the rows that leave `results`. */
    readonly droppedFinished: number;
    /** Of the kept ones, those that were finished and have to be measured on further sets. */
    readonly measuredAgain: number;
  };
  /** The further sets of `measuredAgain`. */
  readonly furtherSets: EvaluatedSets;
  /** Whether a threshold on `certified_loss`, which earlier cells may lack, is new. */
  readonly newlyCertified: boolean;
  /** Settings and axes whose values differ. */
  readonly settings: readonly SettingChange[];
}

/** The row of a sweep in the table `sweeps`, before it is replaced. */
export interface FormerSweep {
  readonly key: number;
  readonly definition: string;
  readonly dense_mask: number;
  readonly subnet_mask: number;
  /** See `planHash`; null in a database of espalier 0.1.0. */
  readonly plan: string | null;
}

/**
 * What running a sweep would change for the sweep of its name in a database. Null where that is nothing, also where
 * there is no such file or sweep. @throws StoreError as `connectReader` (file/open.ts)
 */
export function storedSweepChanges(
  file: string,
  sweep: StoredSweep,
  planned: readonly PlannedTrajectory[],
): SweepChanges | null {
  if (!existsSync(file)) return null;
  const db = connectReader(file);
  try {
    return withStoreErrors(
      file,
      db.transaction(() => {
        const former = db
          .prepare<[string], FormerSweep>('SELECT * FROM sweeps WHERE name = ?')
          .get(sweep.name);
        if (!former || former.plan === planHash(sweep, planned)) return null;
        const variants = new VariantKeys(db);
        const known = withKnownCheckpoints(db, variants, planned, sweep.evaluate);
        return sweepChanges(db, variants, former, sweep, known);
      }),
    );
  } finally {
    db.close();
  }
}

/** Cells of a planned trajectory. Trajectories share lists of checkpoints, so each list is expanded once. */
interface CellSet {
  readonly cells: number;
  /** See `cellKey`; without variants that no cell in the database has. */
  readonly keys: ReadonlySet<number>;
}

/** t is below 2^31, so the number is exact for up to 2^22 variants. */
const cellKey = (t: number, variant: number): number => t * 2 ** 22 + variant;

type MemberRow = [trajectory: number, t: number, variant: number, wasFinished: 0 | 1, isFinished: 0 | 1];

/**
 * Null where no cell is new, dropped or to be measured again. Reads each member once, about 1.5 us each.
 *
 * @param former the stored sweep of the same name, whose members are still those in the database.
 * @param planned with the checkpoints that are known (`withKnownCheckpoints`).
 */
export function sweepChanges(
  db: Database,
  variants: VariantKeys,
  former: FormerSweep,
  { definition, evaluate }: Pick<StoredSweep, 'definition' | 'evaluate'>,
  planned: readonly PlannedTrajectory[],
): SweepChanges | null {
  const byId = new Map(planned.map(trajectory => [trajectory.id, trajectory]));
  const cellsOf = cellSets(variants);
  const members = db.prepare<unknown[], MemberRow>(MEMBERS).raw();
  const idOf = db.prepare<[number], string>('SELECT id FROM trajectory_keys WHERE key = ?').pluck();
  const cells = { new: 0, newHeld: 0, kept: 0, dropped: 0, droppedFinished: 0, measuredAgain: 0 };
  /** Planned trajectories that the sweep had already -> kept cells, and of these the finished ones. */
  const found = new Map<string, { kept: number; finished: number }>();
  let dropped = 0;
  let firstDropped: number | null = null;
  let current: number | null = null;
  let keys: ReadonlySet<number> | null = null;
  let count = { kept: 0, finished: 0 };
  const masks = { dense: setMask(evaluate.dense), subnet: subnetMask(evaluate), sweep: former.key };
  for (const [trajectory, t, variant, wasFinished, isFinished] of members.iterate(masks)) {
    if (trajectory !== current) {
      current = trajectory;
      const plan = byId.get(idOf.get(trajectory)!);
      keys = plan ? cellsOf(plan).keys : null;
      count = { kept: 0, finished: 0 };
      if (plan) found.set(plan.id, count);
      else {
        dropped++;
        firstDropped ??= trajectory;
      }
    }
    if (keys?.has(cellKey(t, variant))) {
      count.kept++;
      count.finished += isFinished;
      if (wasFinished > isFinished) cells.measuredAgain++;
    } else {
      cells.dropped++;
      cells.droppedFinished += wasFinished;
    }
  }
  const unfinished = new UnfinishedCells(db, variants);
  for (const trajectory of byId.values()) {
    const { kept, finished } = found.get(trajectory.id) ?? { kept: 0, finished: 0 };
    const all = cellsOf(trajectory).cells;
    cells.kept += kept;
    cells.new += all - kept;
    if (kept === all) continue;
    const left = countCells([{ checkpoints: unfinished.checkpointsOf(trajectory, evaluate) }]);
    cells.newHeld += all - left - finished;
  }
  if (cells.new + cells.dropped + cells.measuredAgain === 0) return null;
  return {
    trajectories: { new: byId.size - found.size, kept: found.size, dropped },
    cells,
    furtherSets: furtherSets(former, evaluate),
    newlyCertified: evaluate.certified === true && !isCertified(former.subnet_mask),
    settings: [
      ...(firstDropped !== null && planned[0] ? originsOf(db, firstDropped, planned[0]) : []),
      ...settingChanges(JSON.parse(former.definition), definition),
    ],
  };
}

const MEMBERS = `
  SELECT m.trajectory, m.t, m.variant, (${IS_FINISHED}) IS TRUE,
    (c.recorded & @subnet = @subnet AND k.recorded & @dense = @dense) IS TRUE
  FROM sweeps s
  CROSS JOIN members m ON m.sweep = s.key
  LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  WHERE s.key = @sweep ORDER BY m.trajectory, m.t, m.variant`;

function cellSets(variants: VariantKeys): (trajectory: PlannedTrajectory) => CellSet {
  const byList = new Map<PlannedTrajectory['checkpoints'], CellSet>();
  return ({ checkpoints }) => {
    const existing = byList.get(checkpoints);
    if (existing) return existing;
    const keys = new Set<number>();
    for (const { t, variants: pruned } of checkpoints) {
      for (const variant of pruned) {
        const key = variants.find(variant);
        if (key !== null) keys.add(cellKey(t, key));
      }
    }
    const set = { cells: countCells([{ checkpoints }]), keys };
    byList.set(checkpoints, set);
    return set;
  };
}

function furtherSets({ dense_mask, subnet_mask }: FormerSweep, { dense, subnet }: Evaluate) {
  return { dense: setsOf(setMask(dense) & ~dense_mask), subnet: setsOf(setMask(subnet) & ~subnet_mask) };
}

/** Compares one trajectory that was dropped with one that is planned. */
function originsOf(db: Database, dropped: number, planned: PlannedTrajectory): SettingChange[] {
  const text = db
    .prepare('SELECT config FROM trajectories WHERE id = (SELECT id FROM trajectory_keys WHERE key = ?)')
    .pluck()
    .get(dropped) as string;
  return originChanges(completeConfig(JSON.parse(text)), planned.config);
}
