/** One tensor's sweep over the heap of the wasm backend, with the routine `sweep` of ./assembly/statistics.ts. */

import type { Heap } from './heap';
import type { Pointer } from './heapKernels';
import type { SeenRange } from './histogram';

/** Arrays of the routine's state, one entry per unit each: the first are those that `UnitAccumulator` keeps. */
const FIELDS = 10;
export const KEPT = 8;
const [SHIFT, MINIMUM, MAXIMUM, ACTIVE, LATEST_MEAN] = [0, 3, 4, 8, 9];

/** Units that the routine works on at a time, and rows that it sums in float32 before it adds them to the total. */
const LANES = 4;
export const SUMMED_ROWS = 64;

/** Not by `subarray`, which takes several times as long. */
export const fieldOf = (state: Float64Array, units: number, index: number): Float64Array =>
  new Float64Array(state.buffer, state.byteOffset + 8 * index * units, units);

/** Where the number of units is no multiple of 4: how many rows are swept as one of so many more units. */
export const rowsAtOnce = (units: number): number => LANES / Math.min(units & -units, LANES);

/** Bytes of scratch that the sweep of so many units needs. */
export const sweepBytes = (units: number): number => 8 * FIELDS * units * (1 + wideRows(units)) + RANGE_BYTES;

const RANGE_BYTES = 3 * 8;

const wideRows = (units: number): number => (rowsAtOnce(units) === 1 ? 0 : rowsAtOnce(units));

/** Runs the routine on the rows of one tensor, piece by piece. */
export class HeapSweep {
  /** For the rows that are left over, and for what the accumulator has seen before. */
  private readonly narrow: SweepState;
  /** For several rows at once; null where a row fills the lanes. */
  private readonly wide: SweepState | null;
  /** Where the routines write the range. */
  private readonly rangePointer: Pointer;

  /**
   * @param scratch has room for `sweepBytes`, and is not touched by others.
   * @param state of the accumulator; its shifts are numbers.
   * @param onlyMoments leaves alone all but the sums and their squares.
   */
  constructor(
    private readonly heap: Heap,
    scratch: Pointer,
    private readonly units: number,
    private readonly state: Float64Array,
    private readonly onlyMoments: boolean,
  ) {
    const shift = fieldOf(state, units, SHIFT);
    const rows = wideRows(units);
    this.rangePointer = scratch;
    const states = scratch + RANGE_BYTES;
    this.narrow = new SweepState(heap, states, units, shift);
    this.wide = rows === 0 ? null : new SweepState(heap, states + 8 * FIELDS * units, units * rows, shift);
    this.narrow.values.set(state);
  }

  /** @param pointer where `rows` rows of the tensor begin. */
  add(pointer: Pointer, rows: number): void {
    const { narrow, wide, units } = this;
    const rest = wide === null ? rows : rows % rowsAtOnce(units);
    if (wide !== null && rest < rows) this.sweep(pointer, ((rows - rest) * units) / wide.units, wide);
    if (rest > 0) this.sweep(pointer + 4 * (rows - rest) * units, rest, narrow);
  }

  private sweep(pointer: Pointer, rows: number, state: SweepState): void {
    const { kernels } = this.heap;
    if (this.onlyMoments) kernels.sweepMoments(pointer, rows, state.units, state.pointer);
    else kernels.sweep(pointer, rows, state.units, state.pointer);
  }

  /** Smallest and largest finite value so far. */
  get range(): SeenRange {
    const narrow = this.rangeOf(this.narrow);
    if (this.wide === null) return narrow;
    const wide = this.rangeOf(this.wide);
    return {
      minimum: Math.min(narrow.minimum, wide.minimum),
      maximum: Math.max(narrow.maximum, wide.maximum),
      finite: narrow.finite && wide.finite,
    };
  }

  private rangeOf({ pointer, units }: SweepState): SeenRange {
    const { kernels, float64 } = this.heap;
    kernels.seenRange(pointer, units, this.rangePointer);
    const [minimum, maximum, nonFinite] = float64(this.rangePointer, 3);
    return { minimum, maximum, finite: nonFinite === 0 };
  }

  /** Per unit, adds how many rows since the last call were above 0, each time `limit` at most. */
  addActive(counts: Float64Array, limit: number): void {
    const { units, narrow, wide } = this;
    for (let unit = 0; unit < units; unit++) {
      let rows = narrow.active[unit];
      if (wide !== null) for (let at = unit; at < wide.units; at += units) rows += wide.active[at];
      counts[unit] += Math.min(limit, rows);
    }
    narrow.active.fill(0);
    wide?.active.fill(0);
  }

  /** Writes to the accumulator's state what it knows now. */
  finish(): void {
    const { state, units, narrow, wide } = this;
    const kept = this.onlyMoments ? MINIMUM : KEPT;
    state.set(narrow.values.subarray(0, kept * units));
    if (wide === null) return;
    for (let offset = 0; offset < wide.units; offset += units) {
      for (let field = SHIFT + 1; field < kept; field++) {
        const from = field * wide.units + offset;
        const to = field * units;
        for (let unit = 0; unit < units; unit++) {
          const value = wide.values[from + unit];
          if (field === MINIMUM) state[to + unit] = Math.min(state[to + unit], value);
          else if (field === MAXIMUM) state[to + unit] = Math.max(state[to + unit], value);
          else state[to + unit] += value;
        }
      }
    }
  }
}

/** What the routine works on: sums that start at 0, and a mean of the latest rows that starts as the shift. */
class SweepState {
  readonly values: Float64Array;
  readonly active: Float64Array;

  /** @param shift of some units; those of further units are the same again. */
  constructor(
    heap: Heap,
    readonly pointer: Pointer,
    readonly units: number,
    shift: Float64Array,
  ) {
    this.values = heap.float64(pointer, FIELDS * units).fill(0);
    const field = (index: number): Float64Array => fieldOf(this.values, units, index);
    field(MINIMUM).fill(Infinity);
    field(MAXIMUM).fill(-Infinity);
    this.active = field(ACTIVE);
    for (const index of [SHIFT, LATEST_MEAN]) {
      for (let unit = 0; unit < units; unit += shift.length) field(index).set(shift, unit);
    }
  }
}
