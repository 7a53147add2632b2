import type { Tensor } from '@tensorflow/tfjs-core';
import { heapTensor, valuesOf, type HeapTensor, type Values } from './heap';
import type { SeenRange } from './histogram';

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

/** Arrays that `sweep` of ./assembly/statistics.ts works on, and how many of them are kept. */
const FIELDS = 10;
const KEPT = 8;

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
  /** What `sweep` of ./assembly/statistics.ts works on: the arrays above, one after another. */
  private readonly state: Float64Array;

  constructor(readonly units: number) {
    const field = (index: number): Float64Array => new Float64Array(this.state.buffer, 8 * index * units, units);
    this.state = new Float64Array(KEPT * units);
    this.shift = field(0);
    this.sum = field(1);
    this.squares = field(2);
    this.minimum = field(3);
    this.maximum = field(4);
    this.nonFinite = field(5);
    this.zeros = field(6);
    this.positives = field(7);
    this.count = new Float64Array(units);
    this.activeSamples = new Float64Array(units);
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
   * @throws RangeError when the size is no multiple of `samples * units`.
   */
  add(tensor: Tensor, samples: number): void {
    const { units } = this;
    if (tensor.size === 0) return;
    if (tensor.size % (samples * units) !== 0) {
      throw new RangeError(
        `A tensor of shape [${tensor.shape.join(', ')}] does not hold ${samples} samples of ${units} units.`,
      );
    }
    const positions = tensor.size / (samples * units);
    const onHeap = heapTensor(tensor);
    if (onHeap !== null) this.sweepHeap(onHeap, samples, positions);
    else this.sweep(valuesOf(tensor), samples, positions);
    for (let unit = 0; unit < units; unit++) this.count[unit] += samples * positions;
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
   * The same with the routine of ./assembly/statistics.ts, which wants every unit to have its shift, and works on four
   * units at a time: where their number is no multiple of 4, two or four rows are swept as one of so many more units.
   */
  private sweepHeap(heap: HeapTensor, samples: number, positions: number): void {
    const { units, state, activeSamples } = this;
    const { pointer } = heap;
    const hopeless = this.findShifts(heap.float32(pointer, samples * positions * units));
    const group = [1, 4, 2, 4][units % 4];
    const [sweeps, rows] = positions === 1 ? [1, samples] : [samples, positions];
    const wideRows = group === 1 ? 0 : Math.floor(rows / group);
    const size = FIELDS * units;
    const wideUnits = wideRows === 0 ? 0 : units * group;
    heap.withScratch(8 * (size + FIELDS * wideUnits), (scratch) => {
      const narrow = heap.float64(scratch, size);
      narrow.set(state);
      const wide = heap.float64(scratch + 8 * size, FIELDS * wideUnits);
      if (wideUnits > 0) wide.set(new UnitAccumulator(wideUnits).state);
      for (let unit = 0; unit < wideUnits; unit += units) wide.set(this.shift, unit);
      narrow.copyWithin(9 * units, 0, units);
      wide.copyWithin(9 * wideUnits, 0, wideUnits);
      const activeNarrow = narrow.subarray(8 * units, 9 * units).fill(0);
      const activeWide = wide.subarray(8 * wideUnits, 9 * wideUnits).fill(0);
      for (let i = 0; i < sweeps; i++) {
        const start = pointer + 4 * i * rows * units;
        const rest = rows - wideRows * group;
        if (wideRows > 0) heap.kernels.sweep(start, wideRows, wideUnits, scratch + 8 * size);
        heap.kernels.sweep(start + 4 * (rows - rest) * units, rest, units, scratch);
        for (let unit = 0; unit < units; unit++) {
          let active = activeNarrow[unit];
          for (let at = unit; at < wideUnits; at += units) active += activeWide[at];
          activeSamples[unit] += positions === 1 ? active : Math.min(1, active);
        }
        activeNarrow.fill(0);
        activeWide.fill(0);
      }
      state.set(narrow.subarray(0, state.length));
      for (let unit = 0; unit < wideUnits; unit += units) this.fold(wide, wideUnits, unit);
    });
    for (const unit of hopeless) {
      this.shift[unit] = NaN;
      this.minimum[unit] = Infinity;
      this.maximum[unit] = -Infinity;
    }
  }

  /** Adds units `offset` and on of another state of `width` units, which has the same shifts. */
  private fold(other: Float64Array, width: number, offset: number): void {
    for (let unit = 0; unit < this.units; unit++) {
      const at = offset + unit;
      this.sum[unit] += other[width + at];
      this.squares[unit] += other[2 * width + at];
      this.minimum[unit] = Math.min(this.minimum[unit], other[3 * width + at]);
      this.maximum[unit] = Math.max(this.maximum[unit], other[4 * width + at]);
      this.nonFinite[unit] += other[5 * width + at];
      this.zeros[unit] += other[6 * width + at];
      this.positives[unit] += other[7 * width + at];
    }
  }

  /** Gives each unit without a shift its first finite value; those without any get 0 for now, and are returned. */
  private findShifts(values: Values): number[] {
    const hopeless: number[] = [];
    for (let unit = 0; unit < this.units; unit++) {
      if (!Number.isNaN(this.shift[unit])) continue;
      let i = unit;
      while (i < values.length && !Number.isFinite(values[i])) i += this.units;
      this.shift[unit] = i < values.length ? values[i] : 0;
      if (i >= values.length) hopeless.push(unit);
    }
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
    let [minimum, maximum, finite] = [Infinity, -Infinity, true];
    for (let unit = 0; unit < this.units; unit++) {
      if (this.minimum[unit] < minimum) minimum = this.minimum[unit];
      if (this.maximum[unit] > maximum) maximum = this.maximum[unit];
      if (this.nonFinite[unit] > 0) finite = false;
    }
    return { minimum, maximum, finite };
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

/** Of the values that were asked for last: what comes back to an activation is often what goes on to the layer before it. */
let latest: { readonly values: object; readonly sum: number; readonly nonFinite: number } | null = null;

function squaresOf(tensor: Tensor): { readonly sum: number; readonly nonFinite: number } {
  // The values behind a data id never change.
  if (latest?.values !== tensor.dataId) latest = { values: tensor.dataId, ...sumSquares(tensor) };
  return latest;
}

function sumSquares(tensor: Tensor): { sum: number; nonFinite: number } {
  const result = { sum: 0, nonFinite: 0 };
  const heap = heapTensor(tensor);
  if (heap !== null) {
    heap.withScratch(16, (scratch) => {
      heap.kernels.sumSquares(heap.pointer, tensor.size, scratch);
      [result.sum, result.nonFinite] = heap.float64(scratch, 2);
    });
    return result;
  }
  for (const value of valuesOf(tensor)) {
    if (Number.isFinite(value)) result.sum += value * value;
    else result.nonFinite++;
  }
  return result;
}

/** What a `SquareAccumulator` has seen, as plain data. */
export type SquareState = Readonly<Pick<SquareAccumulator, 'count' | 'nonFinite' | 'sum'>>;
