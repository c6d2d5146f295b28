import type { Database } from 'better-sqlite3';
import type { Variant } from '../../domain/types.js';
import { variantKey } from '../../domain/variant.js';
import { VARIANT_COLUMNS } from '../schema/variant-columns.js';

/** Integer keys of variants. Variants are few, so all are cached. */
export class VariantKeys {
  private readonly byContent = new Map<string, number>();
  /** Plans share variant objects between cells, so most lookups need no text key. */
  private byObject = new WeakMap<Variant, number>();

  constructor(private readonly db: Database) {
    this.reload();
  }

  /** The variant's key; null if it is not among those loaded or added. */
  find(variant: Variant): number | null {
    const cached = this.byObject.get(variant);
    if (cached !== undefined) return cached;
    const key = this.byContent.get(variantKey(variant));
    if (key === undefined) return null;
    this.byObject.set(variant, key);
    return key;
  }

  /** The variant's key, inserting it if needed. The caller must be in a transaction. */
  findOrAdd(variant: Variant): number {
    const cached = this.find(variant);
    if (cached !== null) return cached;
    const { method, objective, sampleSize, subnetSize, retrainIterations } = variant;
    const added = this.db
      .prepare(
        `INSERT INTO variants (method, objective, sample_size, subnet_size, retrain_iterations)
         VALUES (?, ?, ?, ?, ?)`,
      )
      .run(method, objective, sampleSize, subnetSize, retrainIterations);
    const key = Number(added.lastInsertRowid);
    this.byContent.set(variantKey(variant), key);
    return key;
  }

  /** Reloads the cache. Call it after a rollback, to drop keys that the transaction added. */
  reload(): void {
    this.byContent.clear();
    this.byObject = new WeakMap();
    const rows = this.db.prepare(`SELECT v.key, ${VARIANT_COLUMNS} FROM variants v`).all() as (Variant & {
      key: number;
    })[];
    for (const row of rows) this.byContent.set(variantKey(row), row.key);
  }
}
