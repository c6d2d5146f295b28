import type { Database } from 'better-sqlite3';
import type { Variant } from '../../domain/types.js';

/** The integer keys of variants. They are few, and all of them are held. */
export class VariantKeys {
  private readonly byContent = new Map<string, number>();
  /** Plans share their variant objects between cells, so that most look-ups need no text. */
  private byObject = new WeakMap<Variant, number>();

  constructor(private readonly db: Database) {
    this.load();
  }

  /** Null where the database had no such variant when it was last read. */
  find(variant: Variant): number | null {
    const known = this.byObject.get(variant);
    if (known !== undefined) return known;
    const key = this.byContent.get(contentOf(variant));
    if (key === undefined) return null;
    this.byObject.set(variant, key);
    return key;
  }

  findOrAdd(variant: Variant): number {
    const known = this.find(variant);
    if (known !== null) return known;
    const { method, objective, subnetSize, retrainIterations } = variant;
    const added = this.db
      .prepare(
        'INSERT INTO variants (method, objective, subnet_size, retrain_iterations) VALUES (?, ?, ?, ?)',
      )
      .run(method, objective, subnetSize, retrainIterations);
    const key = Number(added.lastInsertRowid);
    this.byContent.set(contentOf(variant), key);
    return key;
  }

  /** Forgets what a transaction added that was then rolled back. */
  load(): void {
    this.byContent.clear();
    this.byObject = new WeakMap();
    const rows = this.db
      .prepare(
        'SELECT key, method, objective, subnet_size AS subnetSize, retrain_iterations AS retrainIterations FROM variants',
      )
      .all() as (Variant & { key: number })[];
    for (const row of rows) this.byContent.set(contentOf(row), row.key);
  }
}

const contentOf = ({ method, objective, subnetSize, retrainIterations }: Variant): string =>
  `${method}/${objective}/${subnetSize}/${retrainIterations}`;
