/** The cells of a sweep's finished trajectories, curve by curve. */
import type { Database } from 'better-sqlite3';
import { completeConfig } from '../../domain/later-settings.js';
import { CERTIFIED_LOSS } from '../../domain/metrics.js';
import type { CurveRow, Variant } from '../../domain/types.js';
import { withStoreErrors } from '../file/open.js';
import { DENSE_COLUMNS, RETRAINED_COLUMNS, SUBNET_COLUMNS } from '../schema/rows.js';
import { VARIANT_COLUMNS, VARIANT_ORDER } from '../schema/variant-columns.js';

const CELL_METRICS = [...SUBNET_COLUMNS, ...RETRAINED_COLUMNS, CERTIFIED_LOSS.column];
const METRIC_COLUMNS = [...DENSE_COLUMNS, ...CELL_METRICS];

/** As `Reader.curveRows`. */
export function* curveRows(file: string, db: Database, sweep: string): Generator<CurveRow> {
  const trajectories = withStoreErrors(file, () =>
    db.prepare<[string], CurveTrajectory>(CURVE_TRAJECTORIES).all(sweep),
  );
  const cells = withStoreErrors(file, () => db.prepare<[number, number]>(CURVE_CELLS).raw());
  for (const { sweepKey, key, id, config: text } of trajectories) {
    const config = completeConfig(JSON.parse(text));
    for (const row of withStoreErrors(file, () => cells.all(sweepKey, key)) as CurveCell[]) {
      const [method, objective, sampleSize, subnetSize, retrainIterations, t, ...values] = row;
      const metrics: Record<string, number | null> = {};
      for (let i = 0; i < values.length; i++) metrics[METRIC_COLUMNS[i]!] = values[i]!;
      // Lists the fields: a spread would take most of the time.
      yield {
        trajectoryId: id,
        config,
        method,
        objective,
        sampleSize,
        subnetSize,
        retrainIterations,
        t,
        metrics,
      };
    }
  }
}

interface CurveTrajectory {
  readonly sweepKey: number;
  readonly key: number;
  readonly id: string;
  readonly config: string;
}

const CURVE_TRAJECTORIES = `
  SELECT s.key AS sweepKey, x.key, y.id, y.config FROM sweeps s
  JOIN member_progress p ON p.sweep = s.key
  JOIN trajectory_keys x ON x.key = p.trajectory
  JOIN trajectories y ON y.id = x.id
  WHERE s.name = ? AND p.cells = p.cells_done
  ORDER BY y.dataset_size, y.width, y.seed, y.id`;

type CurveCell = [
  method: Variant['method'],
  objective: Variant['objective'],
  sampleSize: Variant['sampleSize'],
  subnetSize: number,
  retrainIterations: number,
  t: number,
  ...metrics: (number | null)[],
];

const CURVE_CELLS = `
  SELECT ${VARIANT_COLUMNS}, m.t,
    ${[...DENSE_COLUMNS.map(c => `k.${c}`), ...CELL_METRICS.map(c => `c.${c}`)].join(', ')}
  FROM members m
  JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  JOIN variants v ON v.key = m.variant
  WHERE m.sweep = ? AND m.trajectory = ?
  ORDER BY ${VARIANT_ORDER}, m.t`;
