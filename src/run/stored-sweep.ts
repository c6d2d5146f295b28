import { axisValuesOf } from '../domain/grid.js';
import type { SweepSpec } from '../domain/sweep-spec.js';
import type { StoredSweep } from '../store/schema/rows.js';

/** A sweep as the store saves it. */
export const storedSweep = (spec: SweepSpec): StoredSweep => ({
  name: spec.name,
  description: spec.description,
  definition: spec.definition,
  evaluate: spec.evaluate,
  thresholds: spec.thresholds,
  axes: (config, variant) => axisValuesOf(spec, config, variant),
});
