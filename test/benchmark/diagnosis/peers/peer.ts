import type { RuleId } from '../../../../src/report/report';
import type { LayerQuantities, Quantities, WeightStep } from '../quantities';

/** Another tool's rules, re-implemented from its sources or documentation. */
export interface Peer {
  readonly name: string;
  readonly checks: readonly PeerCheck[];
}

export interface PeerCheck {
  /** As the tool calls it. */
  readonly name: string;
  /** Our rule that says the same; null where we have none, and then it counts for the network as a whole only. */
  readonly rule: RuleId | null;
  fires(quantities: Quantities): boolean;
}

export const kernelsOf = (weights: readonly WeightStep[]): readonly WeightStep[] =>
  weights.filter(({ kind }) => kind === 'kernel');

export const isRelu = ({ activation }: LayerQuantities): boolean => activation === 'relu';

export const isFiniteArray = (values: Float32Array): boolean => values.every(Number.isFinite);

/** Share of the entries that fulfil the condition; 0 for none. */
export function shareOf(values: Float32Array, condition: (value: number) => boolean): number {
  let count = 0;
  for (const value of values) if (condition(value)) count++;
  return values.length === 0 ? 0 : count / values.length;
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

export const meanAbsolute = (values: Float32Array): number => meanOf(values.map(Math.abs));

/** With `freedom` 1 the sample variance, with 0 the population's. */
export function varianceOf(values: Float32Array, freedom: 0 | 1 = 0): number {
  const mean = meanOf(values);
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum / (values.length - freedom);
}

/** Euclidean norm. */
export const normOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Linear interpolation between order statistics, as NumPy's default. */
export function percentileOf(values: ArrayLike<number>, percent: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** One unit's values, over samples and positions. */
export function unitValues({ units }: { readonly units: number }, values: Float32Array, unit: number): Float32Array {
  const own = new Float32Array(values.length / units);
  for (let i = 0; i < own.length; i++) own[i] = values[i * units + unit];
  return own;
}

/** Share of the layer's units for which the condition holds on the unit's values. */
export function shareOfUnits(
  layer: LayerQuantities,
  values: Float32Array,
  condition: (own: Float32Array) => boolean,
): number {
  let count = 0;
  for (let unit = 0; unit < layer.units; unit++) if (condition(unitValues(layer, values, unit))) count++;
  return count / layer.units;
}
