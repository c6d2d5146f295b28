/** Packs crossings for the likelihood as intervals of ln t*. */

/** One crossing, the input of `packSample`. */
export interface CrossingRow {
  /** n. */
  readonly datasetSize: number;
  readonly seed: number;
  /** t* lies in (lower, upper]. `lower` is 0 if left-censored, `upper` is null if right-censored. */
  readonly lower: number;
  readonly upper: number | null;
  /** The curve's pre-training checkpoints, ascending: the grid of simulated thresholds. */
  readonly checkpoints: readonly number[];
  /** How many times the row counts; default 1. */
  readonly weight?: number;
}

/**
 * Parallel arrays, one entry for each crossing, in a canonical order: results do not depend on the order of the rows.
 * Interval ends are logarithms, -Infinity or Infinity if censored. Equal ends are an exact observation.
 */
export interface Sample {
  /** Ascending. */
  readonly sizes: readonly number[];
  /** ln(n / nRef) of each size. */
  readonly x: Float64Array;
  /** The geometric mean of the sizes. */
  readonly nRef: number;
  /** Ascending. */
  readonly seeds: readonly number[];
  /** Index into `sizes`. */
  readonly size: Int32Array;
  /** Index into `seeds`. */
  readonly seed: Int32Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly weight: Float64Array;
  /** ln of the checkpoints, -Infinity for t = 0. */
  readonly grid: readonly Float64Array[];
}

/** @throws RangeError if an interval is empty or not positive. */
export function packSample(rows: readonly CrossingRow[]): Sample {
  const sizes = ascending(rows.map(row => row.datasetSize));
  const seeds = ascending(rows.map(row => row.seed));
  const sorted = [...rows].sort(
    (a, b) =>
      a.datasetSize - b.datasetSize ||
      a.seed - b.seed ||
      a.lower - b.lower ||
      (a.upper ?? Number.POSITIVE_INFINITY) - (b.upper ?? Number.POSITIVE_INFINITY),
  );
  const sizeIndex = new Map(sizes.map((n, i) => [n, i]));
  const grids = new Map<readonly number[], Float64Array>();
  const gridOf = (checkpoints: readonly number[]): Float64Array => {
    const grid = grids.get(checkpoints) ?? Float64Array.from(checkpoints, Math.log);
    grids.set(checkpoints, grid);
    return grid;
  };
  const seedIndex = new Map(seeds.map((seed, i) => [seed, i]));
  for (const { lower, upper } of sorted) {
    if (!(lower >= 0) || (upper !== null && !(upper > 0 && upper >= lower)))
      throw new RangeError(`t* cannot lie in (${lower}, ${upper}]`);
  }
  return {
    ...scaleOf(sizes),
    seeds,
    size: Int32Array.from(sorted, row => sizeIndex.get(row.datasetSize)!),
    seed: Int32Array.from(sorted, row => seedIndex.get(row.seed)!),
    lower: Float64Array.from(sorted, row => Math.log(row.lower)),
    upper: Float64Array.from(sorted, row =>
      row.upper === null ? Number.POSITIVE_INFINITY : Math.log(row.upper),
    ),
    weight: Float64Array.from(sorted, row => row.weight ?? 1),
    grid: sorted.map(row => gridOf(row.checkpoints)),
  };
}

/** The crossings at the sizes from index `first` to `last`, both included. The seeds stay. */
export function onSizes(sample: Sample, first: number, last: number): Sample {
  const kept = [...sample.size.keys()].filter(i => sample.size[i]! >= first && sample.size[i]! <= last);
  const at = (values: Float64Array): Float64Array => Float64Array.from(kept, i => values[i]!);
  return {
    ...scaleOf(sample.sizes.slice(first, last + 1)),
    seeds: sample.seeds,
    size: Int32Array.from(kept, i => sample.size[i]! - first),
    seed: Int32Array.from(kept, i => sample.seed[i]!),
    lower: at(sample.lower),
    upper: at(sample.upper),
    weight: at(sample.weight),
    grid: kept.map(i => sample.grid[i]!),
  };
}

function scaleOf(sizes: readonly number[]): Pick<Sample, 'sizes' | 'x' | 'nRef'> {
  const nRef = Math.exp(sizes.reduce((sum, n) => sum + Math.log(n), 0) / Math.max(1, sizes.length));
  return { sizes, x: Float64Array.from(sizes, n => Math.log(n / nRef)), nRef };
}

/** The sample's weights, each multiplied by `times` of its seed (by seed index). */
export function reweighted(sample: Sample, times: ArrayLike<number>): Float64Array {
  return sample.weight.map((weight, i) => weight * times[sample.seed[i]!]!);
}

/** The sample's weights without each of its seeds in turn. Empty for a single seed: nothing would be left. */
export function weightsWithoutSeeds(sample: Sample): Float64Array[] {
  if (sample.seeds.length < 2) return [];
  return sample.seeds.map((_, left) =>
    reweighted(
      sample,
      sample.seeds.map((_, i) => Number(i !== left)),
    ),
  );
}

/** One value of ln t* for each crossing: the middle of its log interval, or 0.35 beyond the known end if censored. */
export function logMiddles({ lower, upper }: Sample): Float64Array {
  const beyond = 0.35;
  return lower.map((low, i) => {
    const high = upper[i]!;
    if (low === Number.NEGATIVE_INFINITY) return high - beyond;
    return high === Number.POSITIVE_INFINITY ? low + beyond : 0.5 * (low + high);
  });
}

const ascending = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
