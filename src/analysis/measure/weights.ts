import type { Tensor } from '@tensorflow/tfjs-core';
import type { WeightReport } from '../../report/report';
import { valuesOf } from '../backend/heap';
import { nominalStandardDeviation } from '../model/fans';
import type { Weight } from '../model/network';

/** Moments and range of one weight tensor, over its finite entries. */
export function weightReport(weight: Weight): WeightReport {
  const { name, value, trainable, initializer, fanIn, fanOut } = weight;
  const { count, mean, m2, minimum, maximum, zeros, nonFinite, squares } = moments(value);
  const known = (number: number): number | null => (count > 0 ? number : null);
  return {
    name,
    shape: value.shape,
    trainable,
    mean: known(mean),
    standardDeviation: known(Math.sqrt(m2 / count)),
    minimum: known(minimum),
    maximum: known(maximum),
    norm: known(Math.sqrt(squares)),
    nonFinite,
    zeroShare: value.size === 0 ? 0 : zeros / value.size,
    initializer,
    nominalStandardDeviation: nominalStandardDeviation(initializer, value.shape),
    fanIn,
    fanOut,
  };
}

function moments(tensor: Tensor): {
  count: number;
  mean: number;
  m2: number;
  minimum: number;
  maximum: number;
  zeros: number;
  nonFinite: number;
  squares: number;
} {
  const values = valuesOf(tensor);
  const result = {
    count: 0,
    mean: 0,
    m2: 0,
    minimum: Infinity,
    maximum: -Infinity,
    zeros: 0,
    nonFinite: 0,
    squares: 0,
  };
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) {
      result.nonFinite++;
      continue;
    }
    result.count++;
    sum += value;
    result.squares += value * value;
    if (value === 0) result.zeros++;
    if (value < result.minimum) result.minimum = value;
    if (value > result.maximum) result.maximum = value;
  }
  if (result.count === 0) return result;
  result.mean = sum / result.count;
  // A second pass: the differences keep the digits that a formula from the sums would lose.
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - result.mean;
    if (Number.isFinite(difference)) result.m2 += difference * difference;
  }
  return result;
}
