/** The functions of science.md: sigma and the loss, each with its derivative. */
import type { Activation, Loss, Objective } from '../../domain/types.js';
import { sigmoid, softplus, tanh } from '../../math/elementary.js';

export interface Sigma {
  value(z: number): number;
  /** sigma'(z), given z and sigma(z). */
  slope(z: number, value: number): number;
}

export const SIGMA: Readonly<Record<Activation, Sigma>> = {
  relu: { value: z => Math.max(z, 0), slope: z => (z > 0 ? 1 : 0) },
  tanh: { value: tanh, slope: (_z, value) => 1 - value * value },
  softplus: { value: softplus, slope: sigmoid },
};

export interface LossFunction {
  /** The loss of one sample with output f and label y. */
  value(f: number, y: number): number;
  /** Its derivative with respect to f. */
  slope(f: number, y: number): number;
}

export const LOSS: Readonly<Record<Loss, LossFunction>> = {
  squared: { value: (f, y) => 0.5 * (f - y) * (f - y), slope: (f, y) => f - y },
  logistic: { value: (f, y) => softplus(-y * f), slope: (f, y) => -y * sigmoid(-y * f) },
};

/** What selection minimises the mean of: the objective of one sample with output u and label y. */
export const OBJECTIVE: Readonly<Record<Objective, (u: number, y: number) => number>> = {
  squared: LOSS.squared.value,
  logistic: LOSS.logistic.value,
  // The probability of the other label: sigmoid(u) - (y + 1) / 2, up to its sign.
  brier: (u, y) => sigmoid(-y * u) * sigmoid(-y * u),
};
