import * as tf from '@tensorflow/tfjs-core';
import { drawNormal } from '../probe/random';
import type { Heads } from './pass';

/**
 * `sum_k sum c_k * logits_k` with a fixed vector of standard normal numbers c for every sample: a stand-in for dLoss/d(logits)
 * of unit variance that no confident output can make vanish.
 */
export function randomCotangent({ logits }: Heads, seed: number, firstSample: number): tf.Scalar {
  const terms = logits.flatMap((z, k) => {
    if (z === null) return [];
    const [samples, ...shape] = z.shape;
    const size = shape.reduce((a, b) => a * b, 1);
    // Two uniform draws make two normal numbers; an even number per sample keeps every sample's own, whatever the cut.
    const draws = size + (size % 2);
    const values = new Float32Array(samples * size);
    for (let s = 0; s < samples; s++) {
      const own = values.subarray(s * size, (s + 1) * size);
      drawNormal(own, Math.imul(seed + 1, 0x9e3779b1) + k, (firstSample + s) * draws);
    }
    return tf.sum(tf.mul(z, tf.tensor(values, z.shape)));
  });
  return terms.reduce((a, b) => tf.add(a, b)) as tf.Scalar;
}
