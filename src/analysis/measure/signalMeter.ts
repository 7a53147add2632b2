import type { Tensor } from '@tensorflow/tfjs-core';
import { valuesOf, type Values } from '../backend/heap';
import { UnitAccumulator, type UnitState } from '../backend/unitStatistics';
import { gramEigenvalues } from './symmetricEigenvalues';

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
  /** Whether each unit is one feature, so that the statistics of the units are those of the features. */
  readonly ofUnits: boolean;
  /** Statistics of the features; null before the first sample and where they are those of the units. */
  readonly features: UnitState | null;
  /** What the rank is taken over, of the first samples. */
  readonly rows: readonly Float32Array[];
}

/**
 * The forward signal of one layer call: how much its outputs differ between samples. Add batches in any cut; every
 * feature is one unit at one position (at most 64 positions of a spatial output, fewer of a wide one, evenly spaced).
 */
export class SignalMeter {
  private samples = 0;
  /** Offsets of the features within one sample. */
  private places: Int32Array | null = null;
  /** Statistics of the features. */
  private features: UnitAccumulator | null = null;
  /** Whether `features` is the accumulator of the units, which others add to. */
  private ofUnits = false;
  private readonly rows: Float32Array[] = [];

  /** @param rankSamples how many samples to keep for the rank: fewer where others have seen the first ones, none where it will not be asked for. */
  constructor(private readonly rankSamples = RANK_SAMPLES) {}

  /** Everything seen so far; stays the meter's own. */
  get state(): SignalState {
    const { samples, ofUnits, features, rows } = this;
    return { samples, ofUnits, features: ofUnits ? null : features, rows };
  }

  /**
   * Adds what another meter has seen of the samples that come next.
   *
   * @param units statistics of the units of all samples so far, those included.
   */
  merge(other: SignalState, units: UnitAccumulator | null): void {
    if (other.ofUnits) {
      this.ofUnits = true;
      this.features = units;
    } else if (other.features !== null) {
      this.features ??= new UnitAccumulator(other.features.units);
      this.features.merge(other.features);
    }
    this.rows.push(...other.rows.slice(0, this.rankSamples - this.rows.length));
    this.samples += other.samples;
  }

  /**
   * @param output values `[samples, ...]` of a layer's output, units on the last axis.
   * @param units what has taken statistics of the same outputs, this one included; saves doing so again where each unit is one feature.
   */
  add(output: Tensor, units: UnitAccumulator | null = null): void {
    const samples = output.shape[0];
    if (samples === 0 || output.size === 0) return;
    const size = output.size / samples;
    this.places ??= chosenFeatures(size, output.rank > 2 ? output.shape[output.rank - 1] : size);
    const { places } = this;
    if (units?.units === size) {
      this.ofUnits = true;
      this.features = units;
    } else {
      this.features ??= new UnitAccumulator(places.length);
      if (places.length === size) this.features.add(output, samples);
      else this.features.addChosen(output, samples, places);
    }
    if (this.rows.length < this.rankSamples) this.keepRows(valuesOf(output), samples, size, places);
    this.samples += samples;
  }

  private keepRows(values: Values, samples: number, size: number, places: Int32Array): void {
    const stride = Math.ceil(places.length / RANK_FEATURES);
    const kept = Math.ceil(places.length / stride);
    for (let s = 0; s < samples && this.rows.length < this.rankSamples; s++) {
      const row = new Float32Array(kept);
      for (let i = 0; i < kept; i++) row[i] = values[s * size + places[i * stride]];
      this.rows.push(row);
    }
  }

  /** `mean_j Var_i[a_ij]` with the unbiased variance over samples i; null with fewer than two samples or non-finite values. */
  get variance(): number | null {
    const { features, samples } = this;
    if (samples < 2 || features === null) return null;
    let total = 0;
    const { m2, nonFinite } = features;
    for (let f = 0; f < m2.length; f++) {
      if (nonFinite[f] > 0) return null;
      total += m2[f] / (samples - 1);
    }
    return Number.isFinite(total) ? total / m2.length : null;
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
    const [order, length] = n <= width ? [n, width] : [width, n];
    const eigenvalues = gramEigenvalues(centred(this.rows, n > width), order, length);
    if (eigenvalues === null) return null;
    const maximum = Math.min(n - 1, width);
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

/** The rows less their mean, one after another, or, `transposed`, column after column. */
function centred(rows: readonly Float32Array[], transposed: boolean): Float64Array {
  const [n, width] = [rows.length, rows[0].length];
  const mean = new Float64Array(width);
  for (const row of rows) for (let f = 0; f < width; f++) mean[f] += row[f] / n;
  const differences = new Float64Array(n * width);
  const [rowStep, columnStep] = transposed ? [1, n] : [width, 1];
  for (let r = 0; r < n; r++) {
    const row = rows[r];
    for (let f = 0; f < width; f++) differences[r * rowStep + f * columnStep] = row[f] - mean[f];
  }
  return differences;
}
