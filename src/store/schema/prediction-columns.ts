/** Documents the columns of the view `predictions`. */
import { columns, ORIGIN, type RelationInfo, SWEEP } from './column-info.js';

export const PREDICTIONS: RelationInfo = {
  name: 'predictions',
  type: 'view',
  meaning:
    'one row for each sweep, trajectory, kernel and target: when the kernel at t = 0 predicts that gradient descent of the ' +
    'dense network meets it, and what the bounds say; `espalier predict` makes them',
  columns: [
    ...SWEEP,
    ...columns(
      ['trajectory_id', 'which training run'],
      ['dataset_size', 'n, the number of training samples'],
      ['width', 'N, the hidden neurons of the dense network'],
      ['seed', 'what initial weights and choice of samples come from'],
      ['axes', "the sweep's other axes as JSON, without those of its cells"],
      ['target', 'a mean training loss; a sum is divided by n'],
      ['kernel', 'initial: of the network at t = 0; infinite: its limit of infinite width'],
      [
        'predicted',
        'iterations until the loss of the linearised network is at most the target; NULL with a reason',
      ],
      ['predicted_lower', 'no fewer than these, by Gauss quadrature; NULL without a bracket'],
      ['predicted_upper', 'no more than these, by Gauss-Lobatto quadrature; NULL without a bracket'],
      ['floor', 'the loss that the kernel cannot go below; NULL where it is not known'],
      ['lanczos_steps', 'steps of the Lanczos process that it took'],
      [
        'bound_kind',
        "what predicted_upper rests on. proven: row sums bound the spectrum; ritz: 1.02 times Lanczos' largest value",
      ],
      ['lambda_max', 'the largest eigenvalue of the kernel, from below'],
      ['lambda_0_upper', 'its smallest eigenvalue is at most this'],
      ['lambda_0_exact', 'the smallest eigenvalue; NULL where it is only bounded'],
      [
        't_lambda0_sharp',
        'ln(L_0 / target) / (-2 ln rho), the bound of the smallest eigenvalue; without lambda_0_exact it is at least this; NULL: infinite',
      ],
      ['t_lambda0_half', 'the same at half the rate, as proofs for real networks have it'],
      [
        't_theorem3_c1',
        '-ln k / ln(1 - d / n^2), Theorem 3 of arXiv 2108.00259v2 with its unknown constant taken as 1; NULL: not defined',
      ],
      ['t_theorem10_c1', '-ln k / ln(1 - d / n), Theorem 10, likewise'],
      ['reason', 'why there is no prediction; NULL where there is one'],
    ),
    ...ORIGIN,
  ],
};
