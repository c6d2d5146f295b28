/** Documents the columns of the views `fits` and `verdicts`. */
import { columns, ORIGIN, type RelationInfo, SWEEP, TARGET } from './column-info.js';

const WIDTH = ['width', 'N; NULL where it moves with n'] as const;
const AXES = ['axes', "the sweep's further axes as JSON, but for those that move with n"] as const;
const METHOD = [
  'prune_method',
  "greedy, random or magnitude; NULL for the dense network's own thresholds",
] as const;
const SIZE = ['subnet_size', 'k; NULL for the dense network, and where it moves with n'] as const;
const PRIMARY = ['is_primary', '1 for the primary target at the largest N and k'] as const;
const VERDICT = [
  'verdict',
  'insufficient data, no smooth law fits, no growth detected, decreases, grows faster than logarithmic, slower than ' +
    'logarithmic, logarithmic growth supported (within the margin), or consistent with logarithmic, not decisive',
] as const;

export const FITS: RelationInfo = {
  name: 'fits',
  type: 'view',
  meaning:
    'one row for each law fitted to the thresholds of one target, N, method and k; `espalier fit` makes them',
  columns: [
    ...SWEEP,
    ...columns(WIDTH, AXES, METHOD, SIZE),
    ...TARGET,
    ...columns(
      PRIMARY,
      ['model', 'the law; NULL where too little has crossed to fit any'],
      [
        'parameters',
        'JSON. Growth laws: mu(n) = e^alpha (1 + r g), g = (z^lambda - 1) / lambda, ln z for lambda = 0, z = n / n_ref; ' +
          'power: e^alpha z^c; one mean per size: mu by n. sigma: standard deviation of ln t*',
      ],
      ['log_likelihood', 'of the crossings, interval-censored'],
      ['aicc', "Akaike's criterion, corrected for few crossings; NULL for too few"],
      ['weight', 'Akaike weight among the laws; NULL for one mean per size'],
      VERDICT,
    ),
    ...ORIGIN,
  ],
};

export const VERDICTS: RelationInfo = {
  name: 'verdicts',
  type: 'view',
  meaning:
    'one row for each target, N, method and k: how its threshold grows with n; `espalier fit` makes them',
  columns: [
    ...SWEEP,
    ...columns(
      WIDTH,
      AXES,
      METHOD,
      ['prune_objective', 'what selection minimises: squared, logistic or brier; NULL where there is none'],
      SIZE,
      ['retrain_iterations', 're-training after pruning; NULL for the dense network'],
    ),
    ...TARGET,
    ...columns(
      PRIMARY,
      VERDICT,
      ['sentence', 'the verdict with lambda, its interval, the margin and the design'],
      ['lambda', 'growth exponent of the free law: 0 is logarithmic; NULL where it was not fitted'],
      ['lambda_low', '95% interval; NULL where lambda is unidentified'],
      ['lambda_high', 'its upper end'],
      ['slope', 'of the logarithmic law, iterations per unit of ln n'],
      ['slope_low', '95% interval'],
      ['slope_high', 'its upper end'],
      ['slope_p', 'of the test that the slope is 0'],
      ['holm_p', "the same after Holm's adjustment over all but the primary row; NULL for that"],
      ['lack_of_fit_p', 'small where no smooth law fits'],
      ['simulations', 'drawn for lack_of_fit_p'],
      ['sizes', 'how many n'],
      ['seeds', 'with a crossing in the fit'],
      ['curves', 'in all'],
      ['left_censored', 'curves that met the target by the first checkpoint'],
      ['right_censored', 'curves that had not met it by the last'],
      ['unreachable', 'curves that have flattened out short of it: not in the fit'],
    ),
    ...ORIGIN,
    ...columns(
      ['simulation_seed', 'what all simulations were drawn from'],
      [
        'lambda_predicted',
        'lambda of the free law fitted to what the kernel predicts for these curves; NULL without predictions',
      ],
      ['lambda_predicted_low', '95% interval; NULL where it is unidentified'],
      ['lambda_predicted_high', 'its upper end'],
      ['regimes', 'where which law holds, in a sentence; NULL in rows of versions before it'],
      [
        'lower_law',
        'of the regime at the smallest n; NULL without a bend, or where no law holds on four sizes',
      ],
      ['lower_to', 'the largest n of that regime'],
      ['upper_law', 'of the regime at the largest n; NULL likewise'],
      ['upper_from', 'the smallest n of that regime'],
      ['bend_low', '95% interval for the n of the bend; NULL where one law holds over all sizes'],
      ['bend_high', 'its upper end'],
      [
        'regimes_predicted',
        'the same sentence of what the kernel predicts for these curves; NULL without predictions',
      ],
      [
        'regimes_agree',
        '1 where those agree with the measured ones, 0 where not; NULL where either is missing',
      ],
      [
        'prune_sample_size',
        'samples that each pick of greedy selection looks at; NULL for all n, and where it moves with n',
      ],
    ),
  ],
};
