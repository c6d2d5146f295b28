/** The accuracy required of an engine, by the type of its stored numbers. */
export interface Tolerances {
  readonly storage: 'float32' | 'float64';
  /** Largest error of a gradient's entry, relative to the largest entry. */
  readonly gradient: number;
  /** Error of the weights' change over 100 steps, relative to that change (Euclidean norms). */
  readonly training: number;
  /** Largest error of an output, relative to the largest sum of the sizes of its parts. */
  readonly outputs: number;
  /** How much worse than the best a pick may be: relative to ||z||^2 + j^2 n (squared), to the mean loss (logistic). */
  readonly pick: number;
}

export const FLOAT64: Tolerances = {
  storage: 'float64',
  gradient: 1e-7,
  training: 1e-9,
  outputs: 1e-13,
  pick: 1e-13,
};

export const FLOAT32: Tolerances = {
  storage: 'float32',
  gradient: 1e-4,
  training: 1e-3,
  outputs: 1e-5,
  pick: 1e-6,
};
