import type { Tensor } from '@tensorflow/tfjs-core';
import { heapTensor, valuesOf, type HeapTensor, type Values } from '../backend/heap';
import type { UnitAccumulator } from '../backend/unitStatistics';
import { centredSpectrum, countOf, type Rows } from './symmetricEigenvalues';

/** Positions of a spatial output that are looked at, evenly spaced: enough for a mean over positions, whatever the size. */
const POSITIONS = 64;
/** Fewer positions where there would be more features than this, but always all units. */
const FEATURES = 8192;
/** Values of features that are looked at together, so that they stay in the cache. */
const BLOCK = 2 ** 18;
/** Features and samples that the effective rank is taken over. */
const RANK_FEATURES = 512;
export const RANK_SAMPLES = 128;

/** What a `SignalMeter` has seen, as plain data. */
export interface SignalState {
  readonly samples: number;
  /** Whether each unit is one feature, so that the statistics of the units are those of the features. */
  readonly ofUnits: boolean;
  /** Null before the first sample and where they are those of the units. */
  readonly features: FeatureSums | null;
  /** What the rank is taken over, of the first samples. */
  readonly rows: Rows;
}

/** By feature; there may be many, and little is asked of them. */
interface FeatureSums {
  /** The first sample, subtracted from all: sums of squares of differences keep their digits. */
  readonly origin: Float32Array;
  /** Of the differences. */
  readonly sum: Float64Array;
  /** Of the differences' squares. */
  readonly squares: Float64Array;
}

/** The features within one sample: `width` values from each of `starts` on. */
interface Places {
  readonly starts: readonly number[];
  readonly width: number;
}

/**
 * The forward signal of one layer call: how much its outputs differ between samples. Add batches in any cut; every
 * feature is one unit at one position (at most 64 positions of a spatial output, fewer of a wide one, evenly spaced).
 */
export class SignalMeter {
  private samples = 0;
  private places: Places | null = null;
  private features: FeatureSums | null = null;
  /** The statistics of the units, which others add to, where each is one feature. */
  private units: UnitAccumulator | null = null;
  private rows: Rows = { width: 0, blocks: [] };

  /** @param rankSamples how many samples to keep for the rank: fewer where others have seen the first ones, none where it will not be asked for. */
  constructor(private readonly rankSamples = RANK_SAMPLES) {}

  /** Everything seen so far; stays the meter's own. */
  get state(): SignalState {
    const { samples, units, features, rows } = this;
    return { samples, ofUnits: units !== null, features, rows };
  }

  /**
   * Adds what another meter has seen of the samples that come next.
   *
   * @param units statistics of the units of all samples so far, those included.
   */
  merge(other: SignalState, units: UnitAccumulator | null): void {
    if (other.ofUnits) {
      this.units = units;
    } else if (other.features !== null && this.features === null) {
      const { origin, sum, squares } = other.features;
      this.features = { origin, sum: sum.slice(), squares: squares.slice() };
    } else if (other.features !== null && this.features !== null) {
      const { origin, sum, squares } = this.features;
      const { origin: otherOrigin, sum: otherSum, squares: otherSquares } = other.features;
      for (let f = 0; f < sum.length; f++) {
        const step = otherOrigin[f] - origin[f];
        squares[f] += otherSquares[f] + 2 * step * otherSum[f] + other.samples * step * step;
        sum[f] += otherSum[f] + other.samples * step;
      }
    }
    for (const block of other.rows.blocks) this.addRows(block, other.rows.width);
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
    this.samples += samples;
    const ofUnits = units?.units === size;
    if (ofUnits) this.units = units;
    if (ofUnits && countOf(this.rows) >= this.rankSamples) return;
    this.places ??= chosenPlaces(size, output.rank > 2 ? output.shape[output.rank - 1] : size);
    const heap = heapTensor(output);
    if (heap !== null) return this.addOnHeap(heap, samples, size, this.places, ofUnits);
    const features = featuresOf(valuesOf(output), samples, this.places);
    this.keepRows(features, features.length / samples);
    if (!ofUnits) this.addFeatures(features, features.length / samples);
  }

  /** With the routines of ../backend/assembly, as many samples at a time as the cache holds the features of. */
  private addOnHeap(heap: HeapTensor, samples: number, size: number, places: Places, ofUnits: boolean): void {
    const { kernels } = heap;
    const { starts, width } = places;
    const length = starts.length * width;
    const atOnce = Math.min(samples, Math.max(1, Math.floor(BLOCK / length)));
    heap.withScratch(20 * length + 4 * (starts.length + atOnce * length), (sums) => {
      const squares = sums + 8 * length;
      const origin = squares + 8 * length;
      const runs = origin + 4 * length;
      const block = runs + 4 * starts.length;
      heap.int32(runs, starts.length).set(starts);
      for (let sample = 0; sample < samples; sample += atOnce) {
        const count = Math.min(atOnce, samples - sample);
        let from = heap.pointer + 4 * sample * size;
        if (length < size) {
          kernels.gatherRuns(from, count, size, runs, starts.length, width, block);
          from = block;
        }
        const features = heap.float32(from, count * length);
        this.keepRows(features, length);
        if (ofUnits) continue;
        if (sample === 0) {
          heap.float32(origin, length).set(this.features?.origin ?? features.subarray(0, length));
          if (this.features === null) heap.float64(sums, 2 * length).fill(0);
          else {
            heap.float64(sums, length).set(this.features.sum);
            heap.float64(squares, length).set(this.features.squares);
          }
        }
        kernels.addDifferences(from, count, length, origin, sums, squares);
      }
      if (ofUnits) return;
      this.features = {
        origin: this.features?.origin ?? heap.float32(origin, length).slice(),
        sum: heap.float64(sums, length).slice(),
        squares: heap.float64(squares, length).slice(),
      };
    });
  }

  /** @param features of one sample after another. */
  private addFeatures(features: Float32Array, length: number): void {
    this.features ??= newSums(features.slice(0, length));
    const { origin, sum, squares } = this.features;
    features.forEach((value, i) => {
      const difference = value - origin[i % length];
      sum[i % length] += difference;
      squares[i % length] += difference * difference;
    });
  }

  /** @param features of one sample after another. */
  private keepRows(features: Float32Array, length: number): void {
    const wanted = Math.min(features.length / length, this.rankSamples - countOf(this.rows));
    if (wanted <= 0) return;
    const stride = Math.ceil(length / RANK_FEATURES);
    const kept = Math.ceil(length / stride);
    if (stride === 1) return this.addRows(features.slice(0, wanted * length), length);
    const block = new Float32Array(wanted * kept);
    for (let s = 0, to = 0; s < wanted; s++) {
      for (let i = 0; i < length; i += stride) block[to++] = features[s * length + i];
    }
    this.addRows(block, kept);
  }

  /** Keeps as many as are still wanted. */
  private addRows(block: Float32Array, width: number): void {
    const wanted = block.subarray(0, Math.max(0, this.rankSamples - countOf(this.rows)) * width);
    if (wanted.length > 0) this.rows = { width, blocks: [...this.rows.blocks, wanted] };
  }

  /** `mean_j Var_i[a_ij]` with the unbiased variance over samples i; null with fewer than two samples or non-finite values. */
  get variance(): number | null {
    const { samples: n, units, features } = this;
    if (n < 2) return null;
    if (units !== null) return units.range.finite ? units.squaredDeviations / units.units / (n - 1) : null;
    if (features === null) return null;
    const { sum, squares } = features;
    // What is not finite has made sums of itself.
    const mean = meanOf(squares.map((square, f) => Math.max(0, square - (sum[f] * sum[f]) / n))) / (n - 1);
    return Number.isFinite(mean) ? mean : null;
  }

  /**
   * exp of the entropy of the normalised singular values of the centred outputs (Roy and Vetterli 2007), over at most
   * 128 samples and 512 features, with the largest value it could take. Null without finite values or with fewer than two samples.
   */
  effectiveRank(): { readonly rank: number; readonly maximum: number } | null {
    const n = countOf(this.rows);
    if (n < 2) return null;
    const eigenvalues = centredSpectrum(this.rows);
    if (eigenvalues === null) return null;
    const maximum = Math.min(n - 1, this.rows.width);
    const largest = eigenvalues.reduce((a, b) => Math.max(a, b), 0);
    if (largest === 0) return { rank: 0, maximum };
    // Rounding leaves tiny eigenvalues where there are none.
    const singular = Array.from(eigenvalues, (value) => (value > largest * 1e-12 ? Math.sqrt(value) : 0));
    const total = singular.reduce((a, b) => a + b, 0);
    const entropy = singular.reduce((sum, s) => (s === 0 ? sum : sum - (s / total) * Math.log(s / total)), 0);
    return { rank: Math.exp(entropy), maximum };
  }
}

/** The features of one sample after another. */
function featuresOf(values: Values, samples: number, { starts, width }: Places): Float32Array {
  const size = values.length / samples;
  const length = starts.length * width;
  const chosen = new Float32Array(samples * length);
  for (let sample = 0; sample < samples; sample++) {
    starts.forEach((start, i) => {
      const from = sample * size + start;
      chosen.set(values.subarray(from, from + width), sample * length + i * width);
    });
  }
  return chosen;
}

const newSums = (origin: Float32Array): FeatureSums => ({
  origin,
  sum: new Float64Array(origin.length),
  squares: new Float64Array(origin.length),
});

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** All units at evenly spaced positions. */
function chosenPlaces(size: number, units: number): Places {
  const positions = size / units;
  const chosen = Math.min(positions, POSITIONS, Math.max(1, Math.floor(FEATURES / units)));
  const starts = Array.from({ length: chosen }, (_, p) => units * Math.floor(((p + 0.5) * positions) / chosen));
  return { starts, width: units };
}
