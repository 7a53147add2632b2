import type { Tensor } from '@tensorflow/tfjs-core';
import { heapTensor, valuesOf, type HeapTensor, type Values } from './heap';

const BINS = 32;
/** The bins get no narrower than the spacing of float32 numbers, and no narrower than 2^-120. */
const FRACTION_BITS = 23;
const SMALLEST_EXPONENT = -120;

/** Smallest and largest finite value; `Infinity` and `-Infinity` where there is none. */
export interface ValueRange {
  readonly minimum: number;
  readonly maximum: number;
}

/** The same of values that may have been others too. */
export interface SeenRange extends ValueRange {
  /** Whether all were finite. */
  readonly finite: boolean;
}

/**
 * Equal-width histogram of the finite values of tensors, at most 32 bins.
 *
 * The bins are `[k w, (k + 1) w)` with `w` the smallest power of two whose bins cover all values with 32 of them. Each
 * such grid is a refinement of the next coarser one, so bins can be widened without splitting any: the counts are exact
 * and depend neither on the order of the values nor on how they were cut into chunks or merged. One edge is always 0.
 */
export class Histogram implements ValueRange {
  minimum = Infinity;
  maximum = -Infinity;
  /** Bin width is `2^exponent`. */
  exponent = SMALLEST_EXPONENT;
  /** `k` of the first bin. */
  first = 0;
  counts = new Float64Array(BINS);

  /** @param range of the finite values of the tensor, or a wider one. */
  add(tensor: Tensor, range: SeenRange): void {
    if (range.minimum > range.maximum) return;
    this.cover(range.minimum, range.maximum);
    const heap = heapTensor(tensor);
    if (heap !== null) this.addHeap(heap, tensor.size, range.finite);
    else this.addValues(valuesOf(tensor));
  }

  private addValues(values: Values): void {
    const scale = 2 ** -this.exponent;
    for (const value of values) {
      if (Number.isFinite(value)) this.counts[Math.floor(value * scale) - this.first]++;
    }
  }

  /** The same with the routines of ./assembly/histogram.ts. */
  private addHeap({ kernels, pointer, withScratch, int32 }: HeapTensor, size: number, finite: boolean): void {
    withScratch(4 * BINS + kernels.pairTablesBytes.value, (scratch) => {
      kernels.countBins(pointer, size, 2 ** -this.exponent, this.first, finite, scratch, scratch + 4 * BINS);
      int32(scratch, BINS).forEach((count, bin) => (this.counts[bin] += count));
    });
  }

  /** Adds what another histogram has counted of other values. */
  merge(other: HistogramState): void {
    if (other.minimum > other.maximum) return;
    this.cover(other.minimum, other.maximum);
    const shrink = 2 ** (other.exponent - this.exponent);
    other.counts.forEach((count, bin) => {
      if (count > 0) this.counts[Math.floor((other.first + bin) * shrink) - this.first] += count;
    });
  }

  /** Outer edges and counts of the bins in use; null when nothing finite was seen. */
  bins(): { minimum: number; maximum: number; counts: number[] } | null {
    if (this.minimum > this.maximum) return null;
    const width = 2 ** this.exponent;
    const used = Math.floor(this.maximum / width) - this.first + 1;
    return {
      minimum: this.first * width,
      maximum: (this.first + used) * width,
      counts: Array.from(this.counts.subarray(0, used)),
    };
  }

  /** Widens the bins, if need be, until they cover `[minimum, maximum]` too. */
  private cover(minimum: number, maximum: number): void {
    if (minimum >= this.minimum && maximum <= this.maximum) return;
    const lower = Math.min(minimum, this.minimum);
    const upper = Math.max(maximum, this.maximum);
    const exponent = Math.max(this.exponent, finestExponent(lower, upper));
    const first = Math.floor(lower * 2 ** -exponent);
    const counts = new Float64Array(BINS);
    const shrink = 2 ** (this.exponent - exponent);
    this.counts.forEach((count, bin) => {
      if (count > 0) counts[Math.floor((this.first + bin) * shrink) - first] += count;
    });
    Object.assign(this, { minimum: lower, maximum: upper, exponent, first, counts });
  }
}

/** The smallest exponent `e` such that 32 bins of width `2^e` on the grid of its multiples cover `[lower, upper]`. */
function finestExponent(lower: number, upper: number): number {
  const magnitude = Math.max(Math.abs(lower), Math.abs(upper));
  const finest = magnitude === 0 ? SMALLEST_EXPONENT : Math.floor(Math.log2(magnitude)) - FRACTION_BITS;
  const spread = upper > lower ? Math.floor(Math.log2((upper - lower) / BINS)) : SMALLEST_EXPONENT;
  let exponent = Math.max(SMALLEST_EXPONENT, finest, spread);
  while (Math.floor(upper * 2 ** -exponent) - Math.floor(lower * 2 ** -exponent) >= BINS) exponent++;
  return exponent;
}

/** What a `Histogram` has counted, as plain data. */
export type HistogramState = Readonly<Pick<Histogram, 'minimum' | 'maximum' | 'exponent' | 'first' | 'counts'>>;
