import type { WeightReport } from '../../report/report';
import { SquareAccumulator, UnitAccumulator } from '../backend/unitStatistics';
import { nominalStandardDeviation } from '../model/fans';
import type { Weight } from '../model/network';

/** Moments and range of one weight tensor, over its finite entries. */
export function weightReport(weight: Weight): WeightReport {
  const { name, value, trainable, initializer, fanIn, fanOut } = weight;
  const entries = new UnitAccumulator(1);
  entries.add(value, value.size);
  const squares = new SquareAccumulator();
  squares.add(value);
  const { count, nonFinite, mean, m2, minimum, maximum, zeros } = entries.pooled();
  const finite = count - nonFinite;
  const known = (number: number): number | null => (finite > 0 ? number : null);
  return {
    name,
    shape: value.shape,
    trainable,
    mean: known(mean),
    standardDeviation: known(Math.sqrt(m2 / finite)),
    minimum: known(minimum),
    maximum: known(maximum),
    norm: known(Math.sqrt(squares.sum)),
    nonFinite,
    zeroShare: value.size === 0 ? 0 : zeros / value.size,
    initializer,
    nominalStandardDeviation: nominalStandardDeviation(initializer, value.shape),
    fanIn,
    fanOut,
  };
}
