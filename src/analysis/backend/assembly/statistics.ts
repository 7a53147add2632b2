import { exponentialConstants } from './exponential';

// @ts-ignore: decorator of AssemblyScript
@inline
function finite(value: f32): bool {
  return value - value == 0;
}

/**
 * Rows that are swept together, so that they stay in the cache while unit after unit is worked off, and so few that
 * float32 is off by less than 1e-6 of their squares even where all are equal and every sum is rounded the same way.
 */
const ROW_BLOCK: i32 = 32;
/** Float32 squares lose digits below 2^-126; where they add up to less than this, too many of them may have. */
const SMALLEST_SQUARES: f32 = 7.8886091e-31;

/**
 * Adds `values: [rows, units]` to running statistics. `state` holds ten float64 arrays `[units]`, in this order: shift,
 * sum and sum of squares of `x - shift`, minimum, maximum, non-finite, zeros, positives, positives of these rows alone
 * (to be given as 0), and the mean of the latest rows (to be given as the shift, or as a better guess in float32). The
 * shift must be one of the unit's finite values.
 *
 * Blocks of rows are summed in float32, as deviations from the mean of the rows before, where nothing is lost by that;
 * others in float64.
 */
export function sweep(values: usize, rows: i32, units: i32, state: usize): void {
  const field = <usize>units << 3;
  const step = <usize>units << 2;
  for (let start: i32 = 0; start < rows; start += ROW_BLOCK) {
    const count = min(ROW_BLOCK, rows - start);
    let unit: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; unit + 8 <= units; unit += 8) {
        sweepEight(at(values, start * units + unit), step, count, state + (<usize>unit << 3), field, start == 0);
      }
      for (; unit + 4 <= units; unit += 4) {
        sweepFour(at(values, start * units + unit), step, count, state + (<usize>unit << 3), field);
      }
    }
    for (; unit < units; unit++) {
      sweepOne(at(values, start * units + unit), step, count, state + (<usize>unit << 3), field);
    }
  }
}

/** Share of the squares that the mean deviation may account for; beyond, their sum says little of the variance. */
const LARGEST_OFFSET: f32 = 0.875;

/** In float32 where nothing is lost by that. The mean of the rows before was a guess where there are none. */
function sweepEight(from: usize, step: usize, rows: i32, state: usize, field: usize, guessed: bool): void {
  const zero = f32x4.splat(0);
  const next = state + 32;
  const origin0 = narrow(state + 9 * field);
  const origin1 = narrow(next + 9 * field);
  let sum0 = zero, squares0 = zero, counts0 = zero;
  let sum1 = zero, squares1 = zero, counts1 = zero;
  let smallest0 = v128.load(from);
  let smallest1 = v128.load(from, 16);
  let largest0 = smallest0;
  let largest1 = smallest1;
  const end = from + <usize>rows * step;
  for (let row = from; row < end; row += step) {
    const value0 = v128.load(row);
    const deviation0 = f32x4.sub(value0, origin0);
    sum0 = f32x4.add(sum0, deviation0);
    squares0 = madd(deviation0, deviation0, squares0);
    smallest0 = f32x4.pmin(smallest0, value0);
    largest0 = f32x4.pmax(largest0, value0);
    counts0 = i16x8.add(counts0, signs(value0));
    const value1 = v128.load(row, 16);
    const deviation1 = f32x4.sub(value1, origin1);
    sum1 = f32x4.add(sum1, deviation1);
    squares1 = madd(deviation1, deviation1, squares1);
    smallest1 = f32x4.pmin(smallest1, value1);
    largest1 = f32x4.pmax(largest1, value1);
    counts1 = i16x8.add(counts1, signs(value1));
  }
  if (!addBlock(rows, state, field, guessed, origin0, sum0, squares0, smallest0, largest0, counts0)) {
    sweepFour(from, step, rows, state, field);
  }
  if (!addBlock(rows, next, field, guessed, origin1, sum1, squares1, smallest1, largest1, counts1)) {
    sweepFour(from + 16, step, rows, next, field);
  }
}

/** In the lower half of every lane -1 for 0, in the upper half -1 for what is positive: two counts in one register. */
// @ts-ignore: decorator of AssemblyScript
@inline
function signs(value: v128): v128 {
  const zero = f32x4.splat(0);
  return v128.shuffle<i16>(f32x4.eq(value, zero), f32x4.gt(value, zero), 0, 9, 2, 11, 4, 13, 6, 15);
}

/**
 * Adds what was taken of four units in float32. Answers whether that did: if not, nothing has been added but the better
 * guess of the mean.
 */
function addBlock(
  rows: i32, state: usize, field: usize, guessed: bool,
  origin: v128, sum: v128, squares: v128, smallest: v128, largest: v128, counts: v128,
): bool {
  const zero = f32x4.splat(0);
  // What is not finite has made squares of itself.
  const accurate = isAccurate(squares);
  const mean = f32x4.mul(sum, f32x4.splat(1 / <f32>rows));
  const next = v128.bitselect(f32x4.add(origin, mean), origin, accurate);
  v128.store(state + 9 * field, f64x2.promote_low_f32x4(next));
  v128.store(state + 9 * field, upper(next), 16);
  const constant = v128.and(v128.and(f32x4.eq(squares, zero), f32x4.eq(sum, zero)), f32x4.eq(smallest, largest));
  if (!i32x4.all_true(v128.or(accurate, constant))) return false;
  const offset = f32x4.gt(f32x4.mul(sum, mean), f32x4.mul(squares, f32x4.splat(LARGEST_OFFSET)));
  if (guessed && v128.any_true(offset)) return false;
  const count = f64x2.splat(<f64>rows);
  addMoments(state, field, count, f64x2.promote_low_f32x4(origin), f64x2.promote_low_f32x4(sum), f64x2.promote_low_f32x4(squares));
  addMoments(state + 16, field, count, upper(origin), upper(sum), upper(squares));
  let to = state + 3 * field;
  v128.store(to, f64x2.pmin(v128.load(to), f64x2.promote_low_f32x4(smallest)));
  v128.store(to, f64x2.pmin(v128.load(to, 16), upper(smallest)), 16);
  to += field;
  v128.store(to, f64x2.pmax(v128.load(to), f64x2.promote_low_f32x4(largest)));
  v128.store(to, f64x2.pmax(v128.load(to, 16), upper(largest)), 16);
  to += 2 * field;
  addCounts(to, i32x4.neg(i32x4.shr_s(i32x4.shl(counts, 16), 16)));
  to += field;
  const positives = i32x4.neg(i32x4.shr_s(counts, 16));
  addCounts(to, positives);
  addCounts(to + field, positives);
  return true;
}

/** Adds sums of deviations from `origin`, and of their squares, to those of deviations from the shift, for two units. */
// @ts-ignore: decorator of AssemblyScript
@inline
function addMoments(state: usize, field: usize, count: v128, origin: v128, sum: v128, squares: v128): void {
  const step = f64x2.sub(origin, v128.load(state));
  const shifted = f64x2.mul(count, step);
  let to = state + field;
  v128.store(to, f64x2.add(v128.load(to), f64x2.add(sum, shifted)));
  to += field;
  const both = f64x2.mul(step, f64x2.add(f64x2.add(sum, sum), shifted));
  v128.store(to, f64x2.add(v128.load(to), f64x2.add(squares, both)));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function upper(value: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(value, value, 2, 3, 0, 1));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function narrow(from: usize): v128 {
  const low = f32x4.demote_f64x2_zero(v128.load(from));
  const high = f32x4.demote_f64x2_zero(v128.load(from, 16));
  return v128.shuffle<i64>(low, high, 0, 2);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function addCounts(to: usize, counts: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.convert_low_i32x4_s(counts)));
  const high = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(counts, counts, 2, 3, 0, 1));
  v128.store(to, f64x2.add(v128.load(to, 16), high), 16);
}

function sweepFour(from: usize, step: usize, rows: i32, state: usize, field: usize): void {
  const zero = f32x4.splat(0);
  const shift = narrow(state);
  const shiftLow = v128.load(state);
  const shiftHigh = v128.load(state, 16);
  let to = state + field;
  let sumLow = v128.load(to), sumHigh = v128.load(to, 16);
  to += field;
  let squaresLow = v128.load(to), squaresHigh = v128.load(to, 16);
  to += field;
  let smallest = narrow(to);
  to += field;
  let largest = narrow(to);
  // A true comparison is -1 in every lane, so counts are kept negative.
  let finites = i32x4.splat(0);
  let zeros = i32x4.splat(0);
  let positives = i32x4.splat(0);
  for (let row: i32 = 0; row < rows; row++) {
    const raw = v128.load(from);
    const isFinite = f32x4.eq(f32x4.sub(raw, raw), zero);
    const value = v128.bitselect(raw, shift, isFinite);
    finites = i32x4.add(finites, isFinite);
    zeros = i32x4.add(zeros, f32x4.eq(raw, zero));
    positives = i32x4.add(positives, v128.and(isFinite, f32x4.gt(raw, zero)));
    smallest = f32x4.pmin(smallest, value);
    largest = f32x4.pmax(largest, value);
    const low = f64x2.sub(f64x2.promote_low_f32x4(value), shiftLow);
    const high = f64x2.sub(upper(value), shiftHigh);
    sumLow = f64x2.add(sumLow, low);
    sumHigh = f64x2.add(sumHigh, high);
    squaresLow = f64x2.add(squaresLow, f64x2.mul(low, low));
    squaresHigh = f64x2.add(squaresHigh, f64x2.mul(high, high));
    from += step;
  }
  to = state + field;
  v128.store(to, sumLow);
  v128.store(to, sumHigh, 16);
  to += field;
  v128.store(to, squaresLow);
  v128.store(to, squaresHigh, 16);
  to += field;
  v128.store(to, f64x2.promote_low_f32x4(smallest));
  v128.store(to, upper(smallest), 16);
  to += field;
  v128.store(to, f64x2.promote_low_f32x4(largest));
  v128.store(to, upper(largest), 16);
  to += field;
  addCounts(to, i32x4.add(i32x4.splat(rows), finites));
  to += field;
  addCounts(to, i32x4.neg(zeros));
  to += field;
  addCounts(to, i32x4.neg(positives));
  addCounts(to + field, i32x4.neg(positives));
}

function sweepOne(from: usize, step: usize, rows: i32, state: usize, field: usize): void {
  const shift = load<f64>(state);
  let sum = load<f64>(state + field);
  let squares = load<f64>(state + 2 * field);
  let smallest = <f32>load<f64>(state + 3 * field);
  let largest = <f32>load<f64>(state + 4 * field);
  let nonFinite: i32 = 0;
  let zeros: i32 = 0;
  let positives: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    const value = load<f32>(from);
    from += step;
    if (!finite(value)) {
      nonFinite++;
      continue;
    }
    if (value > 0) positives++;
    else if (value == 0) zeros++;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
    const deviation = <f64>value - shift;
    sum += deviation;
    squares += deviation * deviation;
  }
  store<f64>(state + field, sum);
  store<f64>(state + 2 * field, squares);
  store<f64>(state + 3 * field, <f64>smallest);
  store<f64>(state + 4 * field, <f64>largest);
  let to = state + 5 * field;
  store<f64>(to, load<f64>(to) + <f64>nonFinite);
  to += field;
  store<f64>(to, load<f64>(to) + <f64>zeros);
  to += field;
  store<f64>(to, load<f64>(to) + <f64>positives);
  to += field;
  store<f64>(to, load<f64>(to) + <f64>positives);
}

/** Values whose squares are summed in float32: so few that the sum keeps their accuracy. */
const SQUARES_BLOCK: i32 = 128;

/**
 * Writes the sum of squares of the finite values and the number of the others to `out: [2]` of float64. Blocks are
 * summed in float32 where nothing is lost by that, others in float64.
 */
export function sumSquares(values: usize, size: i32, out: usize): void {
  store<f64>(out, 0);
  store<f64>(out, 0, 8);
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    let scale: f32 = 1;
    let sums = f64x2.splat(0);
    for (; i + SQUARES_BLOCK <= size; i += SQUARES_BLOCK) {
      const scales = f32x4.splat(scale);
      let even = f32x4.splat(0);
      let odd = even;
      let bits = even;
      for (let from = at(values, i), end = at(values, i + SQUARES_BLOCK); from < end; from += 32) {
        const first = v128.load(from);
        const second = v128.load(from, 16);
        bits = v128.or(bits, v128.or(first, second));
        const scaledFirst = f32x4.mul(first, scales);
        const scaledSecond = f32x4.mul(second, scales);
        even = madd(scaledFirst, scaledFirst, even);
        odd = madd(scaledSecond, scaledSecond, odd);
      }
      const squares = f32x4.add(even, odd);
      const zeros = f32x4.eq(i32x4.shl(bits, 1), f32x4.splat(0));
      if (i32x4.all_true(v128.or(isAccurate(squares), zeros))) {
        const unscaled = f64x2.splat(1 / (<f64>scale * <f64>scale));
        sums = f64x2.add(sums, f64x2.mul(f64x2.add(f64x2.promote_low_f32x4(squares), upper(squares)), unscaled));
      } else {
        scale = scaleFor(addSquares(at(values, i), SQUARES_BLOCK, out) / <f64>SQUARES_BLOCK);
      }
    }
    store<f64>(out, load<f64>(out) + f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
  }
  addSquares(at(values, i), size - i, out);
}

/** The power of two that brings numbers of this mean square near 1, as far as float32 has one. */
function scaleFor(meanSquare: f64): f32 {
  const exponent = reinterpret<u32>(<f32>sqrt(meanSquare)) >> 23;
  return reinterpret<f32>(min<u32>(254 - exponent, 254) << 23);
}

/** Whether sums of squares are within the range of float32; those of what is not finite are not. */
// @ts-ignore: decorator of AssemblyScript
@inline
function isAccurate(squares: v128): v128 {
  return v128.and(f32x4.ge(squares, f32x4.splat(SMALLEST_SQUARES)), f32x4.lt(squares, f32x4.splat(Infinity)));
}

/** Adds to what `out` holds, in float64, and answers the sum of these squares. */
function addSquares(values: usize, size: i32, out: usize): f64 {
  let sum: f64 = 0;
  let nonFinite: f64 = 0;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    let sums = f64x2.splat(0);
    let finites = i32x4.splat(0);
    for (; i + 4 <= size; i += 4) {
      const raw = v128.load(at(values, i));
      const isFinite = f32x4.eq(f32x4.sub(raw, raw), f32x4.splat(0));
      const value = v128.and(raw, isFinite);
      finites = i32x4.add(finites, isFinite);
      const low = f64x2.promote_low_f32x4(value);
      const high = upper(value);
      sums = f64x2.add(sums, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    }
    sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    nonFinite = <f64>(i + sumLanes(finites));
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (finite(value)) sum += <f64>value * <f64>value;
    else nonFinite += 1;
  }
  store<f64>(out, load<f64>(out) + sum);
  store<f64>(out, load<f64>(out, 8) + nonFinite, 8);
  return sum;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function sumLanes(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}

/** Writes how many values lie between `low` and `high`, ends excluded, and how many are finite, to `out: [2]` of float64. */
export function countWithin(values: usize, size: i32, low: f32, high: f32, out: usize): void {
  let within: i32 = 0;
  let finites: i32 = 0;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const lows = f32x4.splat(low);
    const highs = f32x4.splat(high);
    // A true comparison is -1 in every lane.
    let countsWithin = i32x4.splat(0);
    let countsFinite = i32x4.splat(0);
    for (; i + 4 <= size; i += 4) {
      const value = v128.load(at(values, i));
      countsWithin = i32x4.add(countsWithin, v128.and(f32x4.gt(value, lows), f32x4.lt(value, highs)));
      countsFinite = i32x4.add(countsFinite, f32x4.eq(f32x4.sub(value, value), f32x4.splat(0)));
    }
    within = -sumLanes(countsWithin);
    finites = -sumLanes(countsFinite);
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (value > low && value < high) within++;
    if (finite(value)) finites++;
  }
  store<f64>(out, <f64>within);
  store<f64>(out, <f64>finites, 8);
}

/** Values whose derivatives, none of which is negative, are summed in float32 before they are added to the total. */
const DERIVATIVES_BLOCK: i32 = 64;

/**
 * Adds up `e / (1 + e)^2` with `e = exp(-|scale * value|)`, the derivative of the logistic function at `scale * value`,
 * over the finite values. Writes the sum and the number of finite values to `out: [2]` of float64.
 */
export function sumLogisticDerivatives(values: usize, size: i32, scale: f32, out: usize): void {
  store<f64>(out, 0);
  store<f64>(out, 0, 8);
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    const scales = f32x4.splat(-scale);
    const constants = exponentialConstants;
    let sums = f64x2.splat(0);
    let count: i32 = 0;
    for (; i + DERIVATIVES_BLOCK <= size; i += DERIVATIVES_BLOCK) {
      let even = zero;
      let odd = zero;
      // 0, unless something is not finite.
      let differences = zero;
      const end = at(values, i + DERIVATIVES_BLOCK);
      for (let from = at(values, i); from < end; from += 32) {
        const first = v128.load(from);
        const second = v128.load(from, 16);
        differences = f32x4.add(differences, f32x4.add(f32x4.sub(first, first), f32x4.sub(second, second)));
        even = f32x4.add(even, logisticDerivative(first, scales, constants));
        odd = f32x4.add(odd, logisticDerivative(second, scales, constants));
      }
      if (v128.any_true(f32x4.ne(differences, zero))) {
        addLogisticDerivatives(at(values, i), DERIVATIVES_BLOCK, scale, out);
      } else {
        const block = f32x4.add(even, odd);
        sums = f64x2.add(sums, f64x2.add(f64x2.promote_low_f32x4(block), upper(block)));
        count += DERIVATIVES_BLOCK;
      }
    }
    store<f64>(out, load<f64>(out) + f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
    store<f64>(out, load<f64>(out, 8) + <f64>count, 8);
  }
  addLogisticDerivatives(at(values, i), size - i, scale, out);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function logisticDerivative(value: v128, scales: v128, constants: usize): v128 {
  const e = exponential(f32x4.mul(f32x4.abs(value), scales), constants);
  const root = f32x4.add(f32x4.splat(1), e);
  return f32x4.div(e, f32x4.mul(root, root));
}

/** Adds to what `out` holds. */
function addLogisticDerivatives(values: usize, size: i32, scale: f32, out: usize): void {
  let sum: f64 = 0;
  let count: f64 = 0;
  for (let i: i32 = 0; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (!finite(value)) continue;
    const e = exponentialOne(-abs(value * scale));
    sum += <f64>(e / ((1 + e) * (1 + e)));
    count += 1;
  }
  store<f64>(out, load<f64>(out) + sum);
  store<f64>(out, load<f64>(out, 8) + count, 8);
}

/**
 * Adds the differences of `rows` vectors from `origin`, and their squares, to float64 `sums` and `squares`. The vectors have
 * `count` entries and begin `step` entries apart.
 */
export function addDifferences(
  values: usize, rows: i32, step: i32, count: i32,
  origin: usize, sums: usize, squares: usize,
): void {
  for (let row: i32 = 0; row < rows; row++) {
    let i: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; i + 4 <= count; i += 4) {
        const value = v128.load(at(values, i));
        const center = v128.load(at(origin, i));
        const low = f64x2.sub(f64x2.promote_low_f32x4(value), f64x2.promote_low_f32x4(center));
        const high = f64x2.sub(upper(value), upper(center));
        const sum = sums + (<usize>i << 3);
        v128.store(sum, f64x2.add(v128.load(sum), low));
        v128.store(sum, f64x2.add(v128.load(sum, 16), high), 16);
        const square = squares + (<usize>i << 3);
        v128.store(square, f64x2.add(v128.load(square), f64x2.mul(low, low)));
        v128.store(square, f64x2.add(v128.load(square, 16), f64x2.mul(high, high)), 16);
      }
    }
    for (; i < count; i++) {
      const difference = <f64>load<f32>(at(values, i)) - <f64>load<f32>(at(origin, i));
      const sum = sums + (<usize>i << 3);
      store<f64>(sum, load<f64>(sum) + difference);
      const square = squares + (<usize>i << 3);
      store<f64>(square, load<f64>(square) + difference * difference);
    }
    values = at(values, step);
  }
}
