import type { InputBox, InputValues } from './probe';

/** Running range, mean and standard deviation of one input over the samples handed out, and the range per element. */
export class InputStatistics {
  /** Values that are NaN or infinite; they are left out of everything else. */
  nonFinite = 0;
  private finite = 0;
  private mean = 0;
  private squares = 0;
  private samples = 0;
  private readonly lower: Float32Array;
  private readonly upper: Float32Array;

  /** `size` is the number of elements of one sample. */
  constructor(private readonly size: number) {
    this.lower = new Float32Array(size).fill(Infinity);
    this.upper = new Float32Array(size).fill(-Infinity);
  }

  /** Number of values seen, finite or not. */
  get count(): number {
    return this.finite + this.nonFinite;
  }

  /** Adds samples `start`, `start + 1`, … `[samples, size]`; those below the highest sample seen are not counted again. */
  add(values: InputValues, start: number): void {
    const { size, lower, upper } = this;
    const first = Math.max(0, this.samples - start) * size;
    if (first >= values.length) return;
    const fresh = values.subarray(first);
    const { finite, sum } = sumWithin(fresh, lower, upper);
    this.samples = start + values.length / size;
    this.nonFinite += fresh.length - finite;
    if (finite === 0) return;

    const mean = sum / finite;
    const squares = squaresAbout(fresh, mean);
    // Chan, Golub and LeVeque (1983): merging the moments of two parts.
    const total = this.finite + finite;
    const difference = mean - this.mean;
    this.squares += squares + (difference * difference * this.finite * finite) / total;
    this.mean += (difference * finite) / total;
    this.finite = total;
  }

  /** Null each, while no finite value was seen. */
  get summary(): Record<'minimum' | 'maximum' | 'mean' | 'standardDeviation', number | null> {
    if (this.finite === 0) return { minimum: null, maximum: null, mean: null, standardDeviation: null };
    return {
      minimum: this.lower.reduce((a, b) => Math.min(a, b)),
      maximum: this.upper.reduce((a, b) => Math.max(a, b)),
      mean: this.mean,
      standardDeviation: Math.sqrt(this.squares / this.finite),
    };
  }

  /** Unbounded where an element had no finite value yet. */
  get box(): InputBox {
    const unseen = (_: number, feature: number) => this.lower[feature] > this.upper[feature];
    return {
      lower: this.lower.map((value, i) => (unseen(value, i) ? -Infinity : value)),
      upper: this.upper.map((value, i) => (unseen(value, i) ? Infinity : value)),
      source: 'observed',
    };
  }
}

/**
 * Of the finite values, whose range by feature is widened. Not in `add` itself: there, V8 puts every number that a loop
 * carries on its heap.
 */
function sumWithin(values: InputValues, lower: Float32Array, upper: Float32Array): { finite: number; sum: number } {
  let finite = 0;
  let sum = 0;
  for (let sample = 0; sample < values.length; sample += lower.length) {
    for (let feature = 0; feature < lower.length; feature++) {
      const value = values[sample + feature];
      if (!Number.isFinite(value)) continue;
      finite++;
      sum += value;
      if (value < lower[feature]) lower[feature] = value;
      if (value > upper[feature]) upper[feature] = value;
    }
  }
  return { finite, sum };
}

/** Sum of the squared deviations of the finite values. */
function squaresAbout(values: InputValues, mean: number): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
  }
  return squares;
}

/** Number of elements of one sample. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
