/**
 * Draws weights as the saved initialisers would, from a seeded generator: the same seed gives the same network.
 * Sources: Keras `random_initializers.py`; tfjs-layers 4.22.0 `initializers.ts`, whose normal variance scaling cuts at
 * two sigma without correcting the variance (tensorflow/tfjs#8594), as `truncation: 'uncorrected'` does here.
 */

import type { WeightReport } from '../../report/report';
import { nominalStandardDeviation } from '../model/fans';
import { drawInto, normal, type Random } from '../probe/random';

/** Standard deviation that a standard normal distribution cut at two sigma keeps. */
const TRUNCATED = 0.87962566;

/** Whether the library that made the model makes up for the variance lost by truncation: Keras does, tfjs does not. */
export type Truncation = 'corrected' | 'uncorrected';

/** Multiplications that orthogonalising may cost: about a second. */
const ORTHOGONAL_OPERATIONS = 1e9;

/** Values in row-major order, or null for an initialiser that is not known or would take too long. */
export function drawInitial(
  initializer: WeightReport['initializer'],
  shape: readonly number[],
  random: Random,
  truncation: Truncation,
): Float32Array | null {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = new Float32Array(size);
  if (initializer === null) return null;
  const { className, config } = initializer;
  const number = (key: string, otherwise: number): number =>
    typeof config[key] === 'number' ? config[key] : otherwise;
  const deviation = nominalStandardDeviation(initializer, shape);
  const gaussian = normal(random);
  const cut = (): number => {
    for (;;) {
      const value = gaussian();
      if (Math.abs(value) <= 2) return value;
    }
  };
  switch (className) {
    case 'Zeros':
      return values;
    case 'Ones':
      return values.fill(1);
    case 'Constant':
      return values.fill(number('value', 0));
    case 'RandomNormal':
    case 'TruncatedNormal': {
      const [mean, spread, draw] = [number('mean', 0), number('stddev', 0.05), className === 'TruncatedNormal' ? cut : gaussian]; // prettier-ignore
      return drawInto(values, () => mean + spread * draw());
    }
    case 'RandomUniform': {
      const [low, high] = [number('minval', -0.05), number('maxval', 0.05)];
      return drawInto(values, () => low + (high - low) * random());
    }
    case 'Identity': {
      const gain = number('gain', 1);
      return values.map((_, i) => (Math.floor(i / shape[shape.length - 1]) === i % shape[shape.length - 1] ? gain : 0));
    }
    case 'Orthogonal':
      return orthogonal(shape, number('gain', 1), gaussian);
    default: {
      if (deviation === null) return null;
      const uniform = /Uniform$/.test(className) || config['distribution'] === 'uniform';
      if (uniform) return drawInto(values, () => deviation * Math.sqrt(3) * (2 * random() - 1));
      const scale =
        config['distribution'] === 'untruncated_normal' ? null : truncation === 'corrected' ? 1 / TRUNCATED : 1;
      return drawInto(values, () => deviation * (scale === null ? gaussian() : scale * cut()));
    }
  }
}

/** A matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014, arXiv:1312.6120), by Gram-Schmidt. */
function orthogonal(shape: readonly number[], gain: number, gaussian: Random): Float32Array | null {
  if (shape.length < 2) return null;
  const columns = shape[shape.length - 1];
  const rows = shape.reduce((a, b) => a * b, 1) / columns;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  if (2 * count * count * length > ORTHOGONAL_OPERATIONS) return null;
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => gaussian());
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
  return matrix;
}
