/** Derives from a sweep the sizes, seeds and checkpoints that a fit of its primary target would have. */
import { KNOWN_POOLS, zippedWithSize } from '../analysis/fit-input.js';
import { UsageError } from '../base/errors.js';
import { axisValuesOf } from '../domain/grid.js';
import type { ThresholdSpec } from '../domain/types.js';
import { type FitRow, type Group, groupRows, type Sample, sampleOf } from '../fit/index.js';
import type { PreparedSweep } from '../run/prepare.js';
import { targetLabel } from '../threshold/targets.js';

export interface Template {
  readonly target: ThresholdSpec;
  /** The group that a fit would call primary. */
  readonly group: Pick<Group, 'key' | 'name'>;
  /** One entry for each curve, with placeholder thresholds. */
  readonly sample: Sample;
  /** Checkpoints on which the curves' crossings are located, ascending, without 0. */
  readonly checkpoints: readonly number[];
}

/** @throws UsageError if the sweep sets no target, or has fewer than two data set sizes. */
export function templateOf({ spec, trajectories }: Pick<PreparedSweep, 'spec' | 'trajectories'>): Template {
  const target = spec.thresholds.find(({ primary }) => primary);
  if (!target) throw new UsageError(`design: ${spec.name} sets no thresholds, expected at least one`);
  const rows = trajectories.flatMap(({ id, config, checkpoints, refinement }) => {
    // A `published` target is refined in a later run alone.
    const isRefined = target.refine !== false && target.kind !== 'published';
    const fine = isRefined ? refinement?.fine : undefined;
    const { datasetSize, width, seed, engine, numerics, dataset } = config;
    const pool = dataset.pool ?? KNOWN_POOLS[dataset.name] ?? null;
    const own = { trajectoryId: id, datasetSize, width, seed, engine, numerics, pool };
    const variants = [...new Set(checkpoints.flatMap(checkpoint => checkpoint.variants))];
    return variants.map(
      (variant): FitRow => ({
        ...own,
        ...variant,
        axes: axisValuesOf(spec, config, variant),
        checkpoints:
          fine ?? checkpoints.filter(({ variants: pruned }) => pruned.includes(variant)).map(({ t }) => t),
        metric: target.metric,
        target: targetLabel(target),
        lower: 0,
        upper: 1,
        censoring: 'left',
        rawUpper: null,
        sustainedUpper: null,
        flagged: false,
      }),
    );
  });
  const [group] = groupRows(rows, spec.thresholds, zippedWithSize(spec.definition));
  const sample = sampleOf(group?.rows ?? []);
  if (!group || sample.sizes.length < 2) {
    throw new UsageError(
      `design: ${spec.name} has one data set size, expected several: t* is asked as a function of n`,
    );
  }
  const checkpoints = [...new Set(group.rows.flatMap(row => row.checkpoints))].filter(t => t > 0);
  return { target, group, sample, checkpoints: checkpoints.sort((a, b) => a - b) };
}
