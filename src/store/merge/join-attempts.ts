/** Joins the attempts of trajectories. Each is named by its start. */
import type { Database, Statement } from 'better-sqlite3';
import type { Bundle, Places } from './join-trajectory.js';
import { compareRows, compareValues } from './order.js';
import { ATTEMPT_END, type Row, type Value } from './tables.js';

/**
 * One row for each start. The start names an attempt; two that began alike in one database are two. Of their ends, one
 * that its run has told counts before `lost`, then the earlier.
 */
export function joinAttempts(bundles: readonly Bundle[], { attempt: columns, finished }: Places): Row[] {
  const starts = columns
    .map((name, i) => ((ATTEMPT_END as readonly string[]).includes(name) ? -1 : i))
    .filter(i => i >= 0);
  const [ended, outcome] = [columns.indexOf('ended_at'), columns.indexOf('outcome')];
  const endOf = (row: Row): Value[] => [Number(row[outcome] === 'lost'), row[ended]!, ...row];
  const joined = new Map<string, Row>();
  for (const { attempts, cells } of bundles) {
    const seen = new Map<string, number>();
    for (const attempt of attempts) {
      const row = [...attempt];
      if (row[ended] === null) {
        row[outcome] = 'lost';
        row[ended] = lastSign(row[columns.indexOf('started_at')] as string, cells, finished);
      }
      const start = JSON.stringify(starts.map(i => row[i]));
      const count = seen.get(start) ?? 0;
      seen.set(start, count + 1);
      const name = `${start} ${count}`;
      const held = joined.get(name);
      if (!held || compareRows(endOf(row), endOf(held)) < 0) joined.set(name, row);
    }
  }
  return [...joined.values()].sort(compareRows);
}

/** The last moment at which an attempt without an end is known to have been at work. */
function lastSign(startedAt: string, cells: readonly Row[], finished: number): string {
  const last = cells.reduce((latest, cell) => Math.max(latest, cell[finished] as number), 0);
  const sign = new Date(last).toISOString();
  return compareValues(sign, startedAt) > 0 ? sign : startedAt;
}

/** Attempts that wait, outside of memory, until those of all trajectories are known: they are stored by their starts. */
export class WaitingAttempts {
  private readonly listed: string;
  private readonly insert: Statement<Row>;

  constructor(
    private readonly db: Database,
    { attempt: columns }: Places,
  ) {
    this.listed = columns.join(', ');
    db.exec('CREATE TEMP TABLE merged_attempts AS SELECT * FROM attempts WHERE false');
    this.insert = db.prepare(
      `INSERT INTO temp.merged_attempts (${this.listed}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) this.insert.run(...row);
  }

  store(): void {
    const { listed } = this;
    this.db.exec(
      `INSERT INTO attempts (${listed}) SELECT ${listed} FROM temp.merged_attempts
         ORDER BY started_at, trajectory_id, ${listed}, rowid;
       DROP TABLE temp.merged_attempts`,
    );
  }
}
