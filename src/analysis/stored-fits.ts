/** A report as the store keeps it: rows for SQL, and the whole as JSON. */
import type { FitGroup, FitReport, LawReport, SizeCounts } from '../fit/index.js';
import type { StoredFits } from '../store/schema/fits.js';

export function storedFits(report: FitReport): StoredFits {
  return {
    simulationSeed: report.simulationSeed,
    report,
    fits: report.groups.map(group => ({
      columns: columnsOf(group),
      laws: group.laws.map(law => ({
        model: law.name,
        parameters: parametersOf(law),
        logLikelihood: law.logLikelihood,
        aicc: law.aicc,
        weight: law.weight,
      })),
    })),
  };
}

function columnsOf(group: FitGroup): StoredFits['fits'][number]['columns'] {
  const sum = (of: (size: SizeCounts) => number): number =>
    group.sizes.reduce((all, size) => all + of(size), 0);
  const { lambda, slope, verdict, regimes, regimesPredicted } = group;
  const agree = regimesPredicted?.agree ?? null;
  return {
    width: group.width,
    axes: JSON.stringify(group.axes),
    prune_method: group.method,
    prune_objective: group.objective,
    subnet_size: group.subnetSize,
    retrain_iterations: group.retrainIterations,
    metric: group.metric,
    target: group.target,
    is_primary: Number(group.isPrimary),
    verdict: verdict.label,
    sentence: verdict.sentence,
    lambda: lambda?.value ?? null,
    lambda_low: lambda?.interval95?.low ?? null,
    lambda_high: lambda?.interval95?.high ?? null,
    slope: slope?.value ?? null,
    slope_low: slope?.interval95?.low ?? null,
    slope_high: slope?.interval95?.high ?? null,
    slope_p: slope?.p ?? null,
    holm_p: group.holmP,
    lack_of_fit_p: group.lackOfFit?.p ?? null,
    simulations: group.lackOfFit?.simulations ?? null,
    sizes: group.sizes.length,
    seeds: group.seeds,
    curves: group.curves,
    left_censored: sum(size => size.left),
    right_censored: sum(size => size.right),
    unreachable: sum(size => size.unreachable),
    engine: group.engine,
    numerics: group.numerics,
    lambda_predicted: group.lambdaPredicted?.value ?? null,
    lambda_predicted_low: group.lambdaPredicted?.interval95?.low ?? null,
    lambda_predicted_high: group.lambdaPredicted?.interval95?.high ?? null,
    regimes: regimes?.sentence ?? null,
    lower_law: regimes?.lower?.law ?? null,
    lower_to: regimes?.lower?.to ?? null,
    upper_law: regimes?.upper?.law ?? null,
    upper_from: regimes?.upper?.from ?? null,
    bend_low: regimes?.bend?.low ?? null,
    bend_high: regimes?.bend?.high ?? null,
    regimes_predicted: regimesPredicted?.regimes.sentence ?? null,
    regimes_agree: agree === null ? null : Number(agree),
    prune_sample_size: group.sampleSize,
  };
}

/** The column `parameters`, in the names of statistics.md; mu in iterations. */
function parametersOf({ law, sigma }: LawReport): Record<string, unknown> {
  switch (law.form) {
    case 'growth':
      return { alpha: law.alpha, r: law.r, lambda: law.lambda, sigma, n_ref: law.nRef };
    case 'power':
      return { alpha: law.alpha, c: law.c, sigma, n_ref: law.nRef };
    case 'means':
      return { mu: Object.fromEntries(law.sizes.map((n, i) => [n, law.mu[i]])), sigma };
  }
}
