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
    let finite = 0;
    let sum = 0;
    for (let i = first, feature = 0; i < values.length; i++, feature = feature + 1 === size ? 0 : feature + 1) {
      const value = values[i];
      if (!Number.isFinite(value)) continue;
      finite++;
      sum += value;
      if (value < lower[feature]) lower[feature] = value;
      if (value > upper[feature]) upper[feature] = value;
    }
    this.samples = start + values.length / size;
    this.nonFinite += values.length - first - finite;
    if (finite === 0) return;

    const mean = sum / finite;
    let squares = 0;
    for (let i = first; i < values.length; i++) {
      const deviation = values[i] - mean;
      if (Number.isFinite(deviation)) squares += deviation * deviation;
    }
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

/** Number of elements of one sample. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
