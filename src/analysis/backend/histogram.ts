import type { Heap, Values } from './heap';
import type { Pointer } from './heapKernels';

/** Bins of a report, and those that are kept while values are counted. */
const REPORTED_BINS = 32;
const BINS = 64;

/** Bytes of scratch that `Histogram.addBlock` needs. */
export const blockScratchBytes = ({ kernels }: Heap): number => 4 * BINS + kernels.pairTablesBytes.value;

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

/** Neighbouring float32 values on the heap. */
export interface Block {
  readonly pointer: Pointer;
  readonly size: number;
  /** Whether all are expected to be finite. */
  readonly finite: boolean;
}

/**
 * Equal-width histogram of the finite values of tensors, at most 32 bins.
 *
 * The bins are `[k w, (k + 1) w)` with `w` the smallest power of two whose bins cover all values with 32 of them. Each
 * such grid is a refinement of the next coarser one, so bins can be widened without splitting any: the counts are exact
 * and depend neither on the order of the values nor on how they were cut into chunks or merged. One edge is always 0.
 * Twice as many bins are kept, so that those of a rectifier's arguments are narrow enough for its outputs too.
 */
export class Histogram implements ValueRange {
  minimum = Infinity;
  maximum = -Infinity;
  /** Bin width is `2^exponent`. */
  exponent = SMALLEST_EXPONENT;
  /** `k` of the first bin. */
  first = 0;
  counts = new Float64Array(BINS);

  /** @param range of the finite values, or a wider one. */
  addValues(values: Values, range: ValueRange): void {
    if (range.minimum > range.maximum) return;
    this.cover(range);
    const scale = 2 ** -this.exponent;
    for (const value of values) {
      if (Number.isFinite(value)) this.counts[Math.floor(value * scale) - this.first]++;
    }
  }

  /**
   * Adds values on the heap, of which the caller takes other statistics too. The routine of ./assembly/histogram.ts comes
   * first where it can: it reads memory in order, and leaves the values in the cache.
   *
   * @param scratch has room for `blockScratchBytes`.
   * @param sweep looks at the values, and answers the range of all so far.
   * @returns that range.
   */
  addBlock({ kernels, int32 }: Heap, block: Block, scratch: Pointer, sweep: () => SeenRange): SeenRange {
    const count = (finite: boolean): void => {
      const { exponent, first } = this;
      kernels.countBins(block.pointer, block.size, 2 ** -exponent, first, finite, scratch, scratch + 4 * BINS);
    };
    // The values before tell the range of most blocks.
    const guessed = block.finite && this.minimum <= this.maximum;
    if (guessed) count(true);
    const range = sweep();
    if (range.minimum > range.maximum) return range;
    if (!guessed || !range.finite || !this.holds(range)) {
      this.cover(range);
      count(range.finite);
    }
    const counts = int32(scratch, BINS);
    for (let bin = 0; bin < BINS; bin++) this.counts[bin] += counts[bin];
    this.cover(range);
    return range;
  }

  /**
   * Counts what becomes of all values that another histogram has counted when they are kept within 0 and `ceiling`, in
   * place of what was counted here. Answers whether that can be told: the other's bins may be too wide.
   */
  setClipped(other: HistogramState, ceiling: number): boolean {
    const { exponent, counts } = other;
    const [minimum, maximum] = [other.minimum, other.maximum].map((value) => clipped(value, ceiling));
    if (other.minimum > other.maximum || exponent > finestExponent(minimum, maximum, REPORTED_BINS)) return false;
    const scale = 2 ** -exponent;
    const [first, last] = [minimum, maximum].map((value) => Math.floor(value * scale));
    Object.assign(this, { minimum, maximum, exponent, first, counts: new Float64Array(BINS) });
    counts.forEach((count, bin) => {
      if (count > 0) this.counts[Math.min(Math.max(other.first + bin, first), last) - first] += count;
    });
    return true;
  }

  /** Adds what another histogram has counted of other values. */
  merge(other: HistogramState): void {
    if (other.minimum > other.maximum) return;
    this.cover(other, other.exponent);
    const shrink = 2 ** (other.exponent - this.exponent);
    other.counts.forEach((count, bin) => {
      if (count > 0) this.counts[Math.floor((other.first + bin) * shrink) - this.first] += count;
    });
  }

  /** Outer edges and counts of the bins in use; null when nothing finite was seen. */
  bins(): { minimum: number; maximum: number; counts: number[] } | null {
    if (this.minimum > this.maximum) return null;
    const width = 2 ** finestExponent(this.minimum, this.maximum, REPORTED_BINS);
    const [first, last] = [this.minimum, this.maximum].map((value) => Math.floor(value / width));
    const counts = new Array<number>(last - first + 1).fill(0);
    const shrink = 2 ** this.exponent / width;
    this.counts.forEach((count, bin) => {
      if (count > 0) counts[Math.floor((this.first + bin) * shrink) - first] += count;
    });
    return { minimum: first * width, maximum: (last + 1) * width, counts };
  }

  /** Whether all bins of the range are among those that are counted now. */
  private holds({ minimum, maximum }: ValueRange): boolean {
    const scale = 2 ** -this.exponent;
    return Math.floor(minimum * scale) >= this.first && Math.floor(maximum * scale) < this.first + BINS;
  }

  /** Widens the bins, if need be, until they cover the range too and are no narrower than `2^narrowest`. */
  private cover({ minimum, maximum }: ValueRange, narrowest = this.exponent): void {
    if (minimum >= this.minimum && maximum <= this.maximum && narrowest <= this.exponent) return;
    const lower = Math.min(minimum, this.minimum);
    const upper = Math.max(maximum, this.maximum);
    const exponent = Math.max(this.exponent, narrowest, finestExponent(lower, upper, BINS));
    const first = Math.floor(lower * 2 ** -exponent);
    this.minimum = lower;
    this.maximum = upper;
    if (exponent === this.exponent && first === this.first) return;
    const counts = new Float64Array(BINS);
    const shrink = 2 ** (this.exponent - exponent);
    this.counts.forEach((count, bin) => {
      if (count > 0) counts[Math.floor((this.first + bin) * shrink) - first] += count;
    });
    Object.assign(this, { exponent, first, counts });
  }
}

/** The value, kept within 0 and `ceiling`. */
export const clipped = (value: number, ceiling: number): number => Math.min(Math.max(value, 0), ceiling);

/** The smallest exponent `e` such that so many bins of width `2^e` on the grid of its multiples cover `[lower, upper]`. */
function finestExponent(lower: number, upper: number, bins: number): number {
  const magnitude = Math.max(Math.abs(lower), Math.abs(upper));
  const finest = magnitude === 0 ? SMALLEST_EXPONENT : Math.floor(Math.log2(magnitude)) - FRACTION_BITS;
  const spread = upper > lower ? Math.floor(Math.log2((upper - lower) / bins)) : SMALLEST_EXPONENT;
  let exponent = Math.max(SMALLEST_EXPONENT, finest, spread);
  while (Math.floor(upper * 2 ** -exponent) - Math.floor(lower * 2 ** -exponent) >= bins) exponent++;
  return exponent;
}

/** What a `Histogram` has counted, as plain data. */
export type HistogramState = Readonly<Pick<Histogram, 'minimum' | 'maximum' | 'exponent' | 'first' | 'counts'>>;
