/** How queries read the table `variants`, aliased v. */

/** The fields of a `Variant`. */
export const VARIANT_COLUMNS =
  'v.method, v.objective, v.sample_size AS sampleSize, v.subnet_size AS subnetSize, v.retrain_iterations AS retrainIterations';

/** Terms of ORDER BY that order variants totally, all n samples before a sample of them. */
export const VARIANT_ORDER =
  "v.method, coalesce(v.objective, ''), coalesce(v.sample_size, 0), v.subnet_size, v.retrain_iterations";
