/** sigma of science.md and its derivative, entry by entry. sigma(NaN) is NaN. */
import type { Activation } from '../../domain/types.js';
import type { Matrix, TensorFlow } from './tensorflow.js';

export interface Sigma {
  value(tf: TensorFlow, z: Matrix): Matrix;
  /** sigma'(z), given z and sigma(z). */
  slope(tf: TensorFlow, z: Matrix, value: Matrix): Matrix;
}

export const SIGMA: Readonly<Record<Activation, Sigma>> = {
  relu: {
    // Backends disagree on relu(NaN).
    value: (tf, z) => tf.where(tf.lessEqual(z, 0), tf.zerosLike(z), z),
    slope: (tf, z) => tf.cast(tf.greater(z, 0), 'float32'),
  },
  tanh: {
    value: (tf, z) => tf.tanh(z),
    slope: (tf, _z, value) => tf.sub(1, tf.square(value)),
  },
  softplus: {
    value: (tf, z) => tf.add(tf.relu(z), tf.log1p(tf.exp(tf.neg(tf.abs(z))))),
    slope: (tf, z) => tf.sigmoid(z),
  },
};
