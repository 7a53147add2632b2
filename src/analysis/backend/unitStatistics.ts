import type { Tensor } from '@tensorflow/tfjs-core';
import { heapTensor, valuesOf, type HeapTensor, type Values } from './heap';
import type { Pointer } from './heapKernels';
import { fieldOf, HeapSweep, KEPT, rowsAtOnce, SUMMED_ROWS, sweepBytes } from './heapSweep';
import { blockScratchBytes, clipped, type Block, type Histogram, type SeenRange } from './histogram';
import { squaresOf } from './squares';

/** Statistics of a set of values; `count` counts all of them, everything else but `nonFinite` only the finite ones. */
export interface PooledStatistics {
  readonly count: number;
  readonly nonFinite: number;
  /** Values equal to 0. */
  readonly zeros: number;
  /** Values above 0. */
  readonly positives: number;
  /** Mean; 0 when nothing finite was seen. */
  readonly mean: number;
  /** Sum of squared deviations from the mean; divide by the number of finite values for the variance. */
  readonly m2: number;
  /** Infinity when nothing finite was seen. */
  readonly minimum: number;
  /** -Infinity when nothing finite was seen. */
  readonly maximum: number;
}

/** Values that are looked at together, so that they stay in the cache. */
const BLOCK = 2 ** 16;

/** What is known of arguments, all finite, that an activation keeps within 0 and a ceiling and does not change otherwise. */
export interface ClippedArguments {
  readonly statistics: UnitAccumulator;
  readonly histogram: Histogram;
  readonly ceiling: number;
}

/**
 * Per-unit statistics of tensors whose last axis counts the units, taken in one sweep over the values.
 *
 * Sums are kept in float64 of the deviations from the unit's first finite value (shifted-data algorithm: Chan, Golub
 * and LeVeque 1983, "Algorithms for computing the sample variance"). The shift is one of the data, which bounds the
 * cancellation. On the heap, blocks of rows are summed in float32 before; counts and extremes are exact, means right to
 * about 1e-7 of a standard deviation and variances to 1e-6, however a batch is cut into chunks.
 */
export class UnitAccumulator {
  /** All values seen, per unit. */
  readonly count: Float64Array;
  readonly nonFinite: Float64Array;
  readonly zeros: Float64Array;
  readonly positives: Float64Array;
  /** Samples in which the unit was above 0 at least at one position. */
  readonly activeSamples: Float64Array;
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
  /** First finite value of each unit; NaN before. */
  readonly shift: Float64Array;
  /** Sum of `x - shift`. */
  readonly sum: Float64Array;
  /** Sum of `(x - shift)^2`. */
  readonly squares: Float64Array;
  /** The arrays above, one after another, as ./heapSweep.ts works on them. */
  private readonly state: Float64Array;

  constructor(readonly units: number) {
    // One array for all: hundreds of small ones are made and collected slowly.
    const all = new Float64Array((KEPT + 2) * units);
    const field = (index: number): Float64Array => fieldOf(all, units, index);
    this.state = all.subarray(0, KEPT * units);
    this.shift = field(0);
    this.sum = field(1);
    this.squares = field(2);
    this.minimum = field(3);
    this.maximum = field(4);
    this.nonFinite = field(5);
    this.zeros = field(6);
    this.positives = field(7);
    this.count = field(KEPT);
    this.activeSamples = field(KEPT + 1);
    this.clear();
  }

  /** Forgets all that was seen, for other values of as many units. */
  clear(): void {
    this.state.fill(0);
    this.shift.fill(NaN);
    this.minimum.fill(Infinity);
    this.maximum.fill(-Infinity);
    this.count.fill(0);
    this.activeSamples.fill(0);
  }

  /**
   * @param tensor viewed as `[samples, positions, units]`; each sample must arrive whole, all its positions in one call.
   * @param histogram is to count the same tensors, and no others.
   * @throws RangeError when the size is no multiple of `samples * units`.
   */
  add(tensor: Tensor, samples: number, histogram: Histogram | null = null): void {
    const { units } = this;
    if (tensor.size === 0) return;
    const positions = this.positionsOf(tensor, samples);
    const onHeap = heapTensor(tensor);
    if (onHeap !== null) this.sweepHeap(onHeap, samples, positions, histogram, null);
    else {
      const values = valuesOf(tensor);
      this.sweep(values, samples, positions);
      histogram?.addValues(values, this.range);
    }
    for (let unit = 0; unit < units; unit++) this.count[unit] += samples * positions;
  }

  /**
   * As `add`, for outputs of an activation of which the arguments tell most; what was added before came of the arguments
   * before.
   *
   * @param known of the arguments of all tensors, this one included.
   */
  addClipped(tensor: Tensor, samples: number, histogram: Histogram, known: ClippedArguments): void {
    const onHeap = heapTensor(tensor);
    if (onHeap === null || tensor.size === 0) {
      this.add(tensor, samples, histogram);
      return;
    }
    const { statistics, ceiling } = known;
    const clip = (value: number): number => clipped(value, ceiling);
    const { minimum, maximum } = statistics.range;
    const range = { minimum: clip(minimum), maximum: clip(maximum), finite: true };
    const counted = histogram.setClipped(known.histogram, ceiling);
    this.sweepHeap(onHeap, samples, this.positionsOf(tensor, samples), counted ? null : histogram, range);
    for (let unit = 0; unit < this.units; unit++) {
      this.count[unit] = statistics.count[unit];
      this.positives[unit] = statistics.positives[unit];
      this.zeros[unit] = statistics.count[unit] - statistics.positives[unit];
      this.activeSamples[unit] = statistics.activeSamples[unit];
      this.minimum[unit] = clip(statistics.minimum[unit]);
      this.maximum[unit] = clip(statistics.maximum[unit]);
    }
  }

  private positionsOf(tensor: Tensor, samples: number): number {
    if (tensor.size % (samples * this.units) === 0) return tensor.size / (samples * this.units);
    throw new RangeError(
      `A tensor of shape [${tensor.shape.join(', ')}] does not hold ${samples} samples of ${this.units} units.`,
    );
  }

  private sweep(values: Values, samples: number, positions: number): void {
    const { units, nonFinite, zeros, positives, activeSamples, minimum, maximum, shift, sum, squares } = this;
    const lastActive = new Int32Array(units).fill(-1);
    let i = 0;
    for (let sample = 0; sample < samples; sample++) {
      for (let position = 0; position < positions; position++) {
        for (let unit = 0; unit < units; unit++) {
          const value = values[i++];
          if (!Number.isFinite(value)) {
            nonFinite[unit]++;
            continue;
          }
          if (value > 0) {
            positives[unit]++;
            if (lastActive[unit] !== sample) {
              lastActive[unit] = sample;
              activeSamples[unit]++;
            }
          } else if (value === 0) {
            zeros[unit]++;
          }
          if (value < minimum[unit]) minimum[unit] = value;
          if (value > maximum[unit]) maximum[unit] = value;
          if (Number.isNaN(shift[unit])) shift[unit] = value;
          const deviation = value - shift[unit];
          sum[unit] += deviation;
          squares[unit] += deviation * deviation;
        }
      }
    }
  }

  /**
   * The same on the heap, block after block.
   *
   * @param known the range of the values; then only moments are taken.
   */
  private sweepHeap(
    heap: HeapTensor,
    samples: number,
    positions: number,
    histogram: Histogram | null,
    known: SeenRange | null,
  ): void {
    const { units, state, activeSamples } = this;
    const hopeless = this.findShifts(heap.float32(heap.pointer, samples * positions * units));
    // Without any finite value there is nothing to count.
    const counted = hopeless.length === units ? null : histogram;
    // Where a sample is one row, the rows above 0 are the samples.
    const [sweeps, rows, activeRows] = positions === 1 ? [1, samples, samples] : [samples, positions, 1];
    const step = SUMMED_ROWS * rowsAtOnce(units);
    const blockRows = step * Math.max(1, Math.floor(BLOCK / (step * units)));
    const blockSweeps = Math.max(1, Math.floor(BLOCK / (rows * units)));
    const bytes = sweepBytes(units);
    heap.withScratch(bytes + blockScratchBytes(heap), (scratch) => {
      const sweep = new HeapSweep(heap, scratch, units, state, known !== null);
      let finite = true;
      for (let first = 0; first < sweeps; first += blockSweeps) {
        const count = Math.min(blockSweeps, sweeps - first);
        for (let row = 0; row < rows; row += blockRows) {
          const pieceRows = Math.min(blockRows, rows - row);
          const at = (index: number): Pointer => heap.pointer + 4 * (index * rows + row) * units;
          const look = (): void => {
            for (let i = first; i < first + count; i++) {
              sweep.add(at(i), pieceRows);
              if (known === null && row + pieceRows === rows) sweep.addActive(activeSamples, activeRows);
            }
          };
          if (counted === null) look();
          else {
            const block: Block = { pointer: at(first), size: count * pieceRows * units, finite };
            finite = counted.addBlock(heap, block, scratch + bytes, () => (look(), known ?? sweep.range)).finite;
          }
        }
      }
      sweep.finish();
    });
    for (const unit of hopeless) {
      this.shift[unit] = NaN;
      this.minimum[unit] = Infinity;
      this.maximum[unit] = -Infinity;
    }
  }

  /** Gives each unit without a shift its first finite value; those without any get another's for now, and are returned. */
  private findShifts(values: Values): number[] {
    const hopeless: number[] = [];
    for (let unit = 0; unit < this.units; unit++) {
      if (!Number.isNaN(this.shift[unit])) continue;
      let i = unit;
      while (i < values.length && !Number.isFinite(values[i])) i += this.units;
      if (i < values.length) this.shift[unit] = values[i];
      else hopeless.push(unit);
    }
    const other = hopeless.length === 0 ? 0 : (this.shift.find((shift) => !Number.isNaN(shift)) ?? 0);
    for (const unit of hopeless) this.shift[unit] = other;
    return hopeless;
  }

  /** Adds what another accumulator has seen of other samples. */
  merge(other: UnitState): void {
    if (other.units !== this.units) throw new RangeError(`Cannot merge ${other.units} units into ${this.units}.`);
    // Units have been seen equally often. The first merge comes to a copy, and of a single chunk it is the only one.
    if (this.count[0] === 0) {
      for (const field of STATE) this[field].set(other[field]);
      return;
    }
    for (let unit = 0; unit < this.units; unit++) {
      const finite = other.count[unit] - other.nonFinite[unit];
      if (finite > 0) {
        if (Number.isNaN(this.shift[unit])) this.shift[unit] = other.shift[unit];
        const step = other.shift[unit] - this.shift[unit];
        this.squares[unit] += other.squares[unit] + 2 * step * other.sum[unit] + finite * step * step;
        this.sum[unit] += other.sum[unit] + finite * step;
      }
      this.count[unit] += other.count[unit];
      this.nonFinite[unit] += other.nonFinite[unit];
      this.zeros[unit] += other.zeros[unit];
      this.positives[unit] += other.positives[unit];
      this.activeSamples[unit] += other.activeSamples[unit];
      this.minimum[unit] = Math.min(this.minimum[unit], other.minimum[unit]);
      this.maximum[unit] = Math.max(this.maximum[unit], other.maximum[unit]);
    }
  }

  /** Smallest and largest finite value seen of any unit; Infinity and -Infinity when there was none. */
  get range(): SeenRange {
    const { minimum, maximum, nonFinite } = this;
    let [lowest, highest, finite] = [Infinity, -Infinity, true];
    for (let unit = 0; unit < minimum.length; unit++) {
      if (minimum[unit] < lowest) lowest = minimum[unit];
      if (maximum[unit] > highest) highest = maximum[unit];
      if (nonFinite[unit] > 0) finite = false;
    }
    return { minimum: lowest, maximum: highest, finite };
  }

  /** Mean of the finite values per unit; 0 where there are none. */
  get mean(): Float64Array {
    return this.perUnit((finite, sum, _squares, shift) => shift + sum / finite);
  }

  /** Sum of squared deviations from the mean per unit; 0 where there are no finite values. */
  get m2(): Float64Array {
    return this.perUnit((finite, sum, squares) => Math.max(0, squares - (sum * sum) / finite));
  }

  /** Sum of squared deviations of all finite values from the means of their units. */
  get squaredDeviations(): number {
    const { units, count, nonFinite, sum, squares } = this;
    let total = 0;
    for (let unit = 0; unit < units; unit++) {
      const finite = count[unit] - nonFinite[unit];
      if (finite > 0) total += Math.max(0, squares[unit] - (sum[unit] * sum[unit]) / finite);
    }
    return total;
  }

  /** Number, sum and sum of squares of all finite values. */
  get sums(): { readonly count: number; readonly sum: number; readonly squares: number } {
    const { units, count, nonFinite, shift, sum, squares } = this;
    const total = { count: 0, sum: 0, squares: 0 };
    for (let unit = 0; unit < units; unit++) {
      const finite = count[unit] - nonFinite[unit];
      if (finite === 0) continue;
      total.count += finite;
      total.sum += sum[unit] + finite * shift[unit];
      total.squares += squares[unit] + shift[unit] * (2 * sum[unit] + finite * shift[unit]);
    }
    return total;
  }

  /** All units together (Chan's update formula). */
  pooled(): PooledStatistics {
    const { mean, m2 } = this;
    const total = {
      count: 0,
      nonFinite: 0,
      zeros: 0,
      positives: 0,
      mean: 0,
      m2: 0,
      minimum: Infinity,
      maximum: -Infinity,
    };
    let seen = 0;
    for (let unit = 0; unit < this.units; unit++) {
      total.count += this.count[unit];
      total.nonFinite += this.nonFinite[unit];
      total.zeros += this.zeros[unit];
      total.positives += this.positives[unit];
      total.minimum = Math.min(total.minimum, this.minimum[unit]);
      total.maximum = Math.max(total.maximum, this.maximum[unit]);
      const finite = this.count[unit] - this.nonFinite[unit];
      if (finite === 0) continue;
      const step = mean[unit] - total.mean;
      const share = finite / (seen + finite);
      total.m2 += m2[unit] + step * step * seen * share;
      total.mean += step * share;
      seen += finite;
    }
    return total;
  }

  private perUnit(formula: (finite: number, sum: number, squares: number, shift: number) => number): Float64Array {
    // Not by `Float64Array.from`, whose iterator takes longer than the rest.
    const values = new Float64Array(this.units);
    for (let unit = 0; unit < this.units; unit++) {
      const finite = this.count[unit] - this.nonFinite[unit];
      if (finite > 0) values[unit] = formula(finite, this.sum[unit], this.squares[unit], this.shift[unit]);
    }
    return values;
  }
}

const STATE = [
  'count',
  'nonFinite',
  'zeros',
  'positives',
  'activeSamples',
  'minimum',
  'maximum',
  'shift',
  'sum',
  'squares',
] as const;

/** What a `UnitAccumulator` has seen: plain data, one entry per unit, that another thread can be sent. */
export type UnitState = Readonly<Pick<UnitAccumulator, 'units' | (typeof STATE)[number]>>;

/** Sum of squares of the finite entries of tensors, in float64. */
export class SquareAccumulator {
  /** All entries seen. */
  count = 0;
  nonFinite = 0;
  /** Sum of squares of the finite entries. */
  sum = 0;

  add(tensor: Tensor): void {
    const { sum, nonFinite } = squaresOf(tensor);
    this.count += tensor.size;
    this.nonFinite += nonFinite;
    this.sum += sum;
  }

  merge(other: SquareState): void {
    this.count += other.count;
    this.nonFinite += other.nonFinite;
    this.sum += other.sum;
  }

  /** Root of the mean square of the finite entries; null when there are none. */
  get rootMeanSquare(): number | null {
    const finite = this.count - this.nonFinite;
    return finite === 0 ? null : Math.sqrt(this.sum / finite);
  }
}

/** What a `SquareAccumulator` has seen, as plain data. */
export type SquareState = Readonly<Pick<SquareAccumulator, 'count' | 'nonFinite' | 'sum'>>;
