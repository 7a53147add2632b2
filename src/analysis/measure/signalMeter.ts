import type { Tensor } from '@tensorflow/tfjs-core';
import { valuesOf } from '../backend/heap';
import { symmetricEigenvalues } from './symmetricEigenvalues';

/** Positions of a spatial output that are looked at, evenly spaced: enough for a mean over positions, whatever the size. */
const POSITIONS = 64;
/** Fewer positions where there would be more features than this, but always all units. */
const FEATURES = 8192;
/** Features and samples that the effective rank is taken over. */
const RANK_FEATURES = 512;
export const RANK_SAMPLES = 128;

/** What a `SignalMeter` has seen, as plain data. */
export interface SignalState {
  readonly samples: number;
  /** Offsets of the features within a sample; null before the first. */
  readonly features: Int32Array | null;
  /** The first sample, subtracted from all: sums of squares of differences keep their digits. */
  readonly origin: Float64Array;
  /** Sum of differences from the origin, by feature, and of their squares. */
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  /** What the rank is taken over, of the first samples. */
  readonly rows: readonly Float32Array[];
}

/**
 * The forward signal of one layer call: how much its outputs differ between samples. Add batches in any cut; every
 * feature is one unit at one position (at most 64 positions of a spatial output, fewer of a wide one, evenly spaced).
 */
export class SignalMeter implements SignalState {
  samples = 0;
  features: Int32Array | null = null;
  origin = new Float64Array(0);
  sum = new Float64Array(0);
  squares = new Float64Array(0);
  readonly rows: Float32Array[] = [];

  /** @param rankSamples how many samples to keep for the rank: fewer where others have seen the first ones. */
  constructor(private readonly rankSamples = RANK_SAMPLES) {}

  /** @param output values `[samples, ...]` of a layer's output, units on the last axis. */
  add(output: Tensor): void {
    const samples = output.shape[0];
    if (samples === 0 || output.size === 0) return;
    const size = output.size / samples;
    const values = valuesOf(output);
    if (this.features === null) {
      this.features = chosenFeatures(size, output.rank > 2 ? output.shape[output.rank - 1] : size);
      this.origin = Float64Array.from(this.features, (feature) => values[feature]);
      this.sum = new Float64Array(this.features.length);
      this.squares = new Float64Array(this.features.length);
    }
    const { features, origin, sum, squares } = this;
    const stride = Math.ceil(features.length / RANK_FEATURES);
    const kept = Math.ceil(features.length / stride);
    for (let s = 0; s < samples; s++) {
      const start = s * size;
      for (let f = 0; f < features.length; f++) {
        const difference = values[start + features[f]] - origin[f];
        sum[f] += difference;
        squares[f] += difference * difference;
      }
      if (this.rows.length < this.rankSamples) {
        const row = new Float32Array(kept);
        for (let i = 0; i < kept; i++) row[i] = values[start + features[i * stride]];
        this.rows.push(row);
      }
    }
    this.samples += samples;
  }

  /** Adds what another meter has seen of the samples that come next. */
  merge(other: SignalState): void {
    if (other.features === null) return;
    if (this.features === null) {
      this.features = other.features;
      this.origin = other.origin.slice();
      this.sum = new Float64Array(other.sum.length);
      this.squares = new Float64Array(other.squares.length);
    }
    const { origin, sum, squares } = this;
    for (let f = 0; f < sum.length; f++) {
      const step = other.origin[f] - origin[f];
      squares[f] += other.squares[f] + 2 * step * other.sum[f] + other.samples * step * step;
      sum[f] += other.sum[f] + other.samples * step;
    }
    this.rows.push(...other.rows.slice(0, this.rankSamples - this.rows.length));
    this.samples += other.samples;
  }

  /** `mean_j Var_i[a_ij]` with the unbiased variance over samples i; null with fewer than two samples or non-finite values. */
  get variance(): number | null {
    const n = this.samples;
    if (n < 2 || this.features === null) return null;
    let total = 0;
    for (let f = 0; f < this.features.length; f++) {
      total += Math.max(0, this.squares[f] - (this.sum[f] * this.sum[f]) / n) / (n - 1);
    }
    return Number.isFinite(total) ? total / this.features.length : null;
  }

  /**
   * exp of the entropy of the normalised singular values of the centred outputs (Roy and Vetterli 2007), over at most
   * 128 samples and 512 features, with the largest value it could take. Null without finite values or with fewer than two samples.
   */
  effectiveRank(): { readonly rank: number; readonly maximum: number } | null {
    const n = this.rows.length;
    if (n < 2) return null;
    const width = this.rows[0].length;
    // The smaller of the two Gram matrices has the same non-zero eigenvalues: squares of the singular values.
    const vectors = n <= width ? centred(this.rows) : transposed(centred(this.rows));
    const order = vectors.length;
    const gram = new Float64Array(order * order);
    for (let i = 0; i < order; i++) {
      for (let j = i; j < order; j++) {
        gram[i * order + j] = gram[j * order + i] = dotProduct(vectors[i], vectors[j]);
      }
    }
    if (!gram.every(Number.isFinite)) return null;
    const maximum = Math.min(n - 1, width);
    const eigenvalues = symmetricEigenvalues(gram, order);
    const largest = eigenvalues.reduce((a, b) => Math.max(a, b), 0);
    if (largest === 0) return { rank: 0, maximum };
    // Rounding leaves tiny eigenvalues where there are none.
    const singular = Array.from(eigenvalues, (value) => (value > largest * 1e-12 ? Math.sqrt(value) : 0));
    const total = singular.reduce((a, b) => a + b, 0);
    const entropy = singular.reduce((sum, s) => (s === 0 ? sum : sum - (s / total) * Math.log(s / total)), 0);
    return { rank: Math.exp(entropy), maximum };
  }
}

/** Offsets within one sample: all units at evenly spaced positions. */
function chosenFeatures(size: number, units: number): Int32Array {
  const positions = size / units;
  const chosen = Math.min(positions, POSITIONS, Math.max(1, Math.floor(FEATURES / units)));
  const offsets = new Int32Array(chosen * units);
  for (let p = 0; p < chosen; p++) {
    const position = Math.floor(((p + 0.5) * positions) / chosen);
    for (let u = 0; u < units; u++) offsets[p * units + u] = position * units + u;
  }
  return offsets;
}

/** The rows less their mean. */
function centred(rows: readonly Float32Array[]): Float64Array[] {
  const mean = new Float64Array(rows[0].length);
  for (const row of rows) for (let f = 0; f < row.length; f++) mean[f] += row[f] / rows.length;
  return rows.map((row) => {
    const difference = new Float64Array(row.length);
    for (let f = 0; f < row.length; f++) difference[f] = row[f] - mean[f];
    return difference;
  });
}

/** In four partial sums, which a processor adds up side by side. */
function dotProduct(a: Float64Array, b: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 4 <= a.length; k += 4) {
    s0 += a[k] * b[k];
    s1 += a[k + 1] * b[k + 1];
    s2 += a[k + 2] * b[k + 2];
    s3 += a[k + 3] * b[k + 3];
  }
  for (; k < a.length; k++) s0 += a[k] * b[k];
  return s0 + s1 + (s2 + s3);
}

function transposed(rows: readonly Float64Array[]): Float64Array[] {
  return Array.from(rows[0], (_, f) => {
    const column = new Float64Array(rows.length);
    for (let r = 0; r < rows.length; r++) column[r] = rows[r][f];
    return column;
  });
}
