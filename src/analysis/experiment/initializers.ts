/**
 * Draws weights as the saved initialisers would, from a seeded generator: the same seed gives the same network.
 * Sources: Keras `random_initializers.py`; tfjs-layers 4.22.0 `initializers.ts`, whose normal variance scaling cuts at
 * two sigma without correcting the variance (tensorflow/tfjs#8594), as `truncation: 'uncorrected'` does here.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { WeightReport } from '../../report/report';
import { nominalStandardDeviation } from '../model/fans';
import type { WeightStream } from './weightStream';

/** Standard deviation that a standard normal distribution cut at two sigma keeps. */
const TRUNCATED = 0.87962566;

/** Whether the library that made the model makes up for the variance lost by truncation: Keras does, tfjs does not. */
export type Truncation = 'corrected' | 'uncorrected';

/** Multiplications that orthogonalising may cost: about a second. */
const ORTHOGONAL_OPERATIONS = 1e9;

/** The drawn values, or null for an initialiser that is not known or would take too long. */
export function drawInitial(
  initializer: WeightReport['initializer'],
  shape: readonly number[],
  stream: WeightStream,
  truncation: Truncation,
): tf.Tensor | null {
  if (initializer === null) return null;
  const { className, config } = initializer;
  const number = (key: string, otherwise: number): number =>
    typeof config[key] === 'number' ? config[key] : otherwise;
  const deviation = nominalStandardDeviation(initializer, shape);
  switch (className) {
    case 'Zeros':
      return tf.zeros([...shape]);
    case 'Ones':
      return tf.ones([...shape]);
    case 'Constant':
      return tf.fill([...shape], number('value', 0));
    case 'RandomNormal':
      return stream.normal(shape, number('mean', 0), number('stddev', 0.05));
    case 'TruncatedNormal':
      return stream.normal(shape, number('mean', 0), number('stddev', 0.05), true);
    case 'RandomUniform':
      return stream.uniform(shape, number('minval', -0.05), number('maxval', 0.05));
    case 'Identity': {
      const gain = number('gain', 1);
      const columns = shape[shape.length - 1];
      const rows = shape.reduce((a, b) => a * b, 1) / columns;
      return tf.tidy(() => tf.reshape(tf.mul(tf.eye(rows, columns), gain), [...shape]));
    }
    case 'Orthogonal':
      return orthogonal(shape, number('gain', 1), stream);
    default: {
      if (deviation === null) return null;
      const uniform = /Uniform$/.test(className) || config['distribution'] === 'uniform';
      if (uniform) return stream.uniform(shape, -deviation * Math.sqrt(3), deviation * Math.sqrt(3));
      if (config['distribution'] === 'untruncated_normal') return stream.normal(shape, 0, deviation);
      return stream.normal(shape, 0, truncation === 'corrected' ? deviation / TRUNCATED : deviation, true);
    }
  }
}

/** A matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014, arXiv:1312.6120), by Gram-Schmidt. */
function orthogonal(shape: readonly number[], gain: number, stream: WeightStream): tf.Tensor | null {
  if (shape.length < 2) return null;
  const columns = shape[shape.length - 1];
  const rows = shape.reduce((a, b) => a * b, 1) / columns;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  if (2 * count * count * length > ORTHOGONAL_OPERATIONS) return null;
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from(tf.tidy(() => stream.normal([length], 0, 1).dataSync()));
    // Twice: once is not enough in floating point.
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        let dot = 0;
        for (let i = 0; i < length; i++) dot += vector[i] * other[i];
        for (let i = 0; i < length; i++) vector[i] -= dot * other[i];
      }
    }
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (norm > 1e-8) vectors.push(vector.map((value) => value / norm));
  }
  const matrix = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++)
      matrix[i * columns + j] = gain * (rows <= columns ? vectors[i][j] : vectors[j][i]);
  }
  return tf.tensor(matrix, [...shape]);
}
