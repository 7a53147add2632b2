/**
 * Rows that are swept together, so that they stay in the cache while unit after unit is worked off, and so few that
 * float32 is off by less than 1e-6 of their squares even where all are equal and every sum is rounded the same way:
 * even and odd rows are summed apart.
 */
const ROW_BLOCK: i32 = 64;

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
  sweepRows(values, rows, units, state, false);
}

/** The same for the sums alone: minima, maxima and counts mean nothing afterwards. */
export function sweepMoments(values: usize, rows: i32, units: i32, state: usize): void {
  sweepRows(values, rows, units, state, true);
}

/** Bytes of a line of the cache. */
const LINE: usize = 64;
let fetched: i32 = 0;

/** Brings memory into the cache, in order, which is faster than column by column. */
function fetch(from: usize, bytes: usize): void {
  let bits: i32 = 0;
  for (const end = from + bytes; from < end; from += LINE) bits |= load<i32>(from);
  // So that the loads are made.
  fetched = bits;
}

/** @param onlyMoments takes the sums alone. */
function sweepRows(values: usize, rows: i32, units: i32, state: usize, onlyMoments: bool): void {
  const field = <usize>units << 3;
  const step = <usize>units << 2;
  for (let start: i32 = 0; start < rows; start += ROW_BLOCK) {
    const count = min(ROW_BLOCK, rows - start);
    // Otherwise another routine has just gone through the values.
    if (onlyMoments) fetch(at(values, start * units), <usize>count * step);
    let unit: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; unit + 4 <= units; unit += 4) {
        const from = at(values, start * units + unit);
        const to = state + (<usize>unit << 3);
        if (onlyMoments) sweepMomentsOfFour(from, step, count, to, field, start == 0);
        else sweepFour(from, step, count, to, field, start == 0);
      }
    }
    for (; unit < units; unit++) {
      sweepOne(at(values, start * units + unit), step, count, state + (<usize>unit << 3), field);
    }
  }
}

/** Writes the smallest minimum of all units, the largest maximum and the sum of non-finite to `out: [3]` of float64. */
export function seenRange(state: usize, units: i32, out: usize): void {
  const minimum = state + 3 * (<usize>units << 3);
  const maximum = minimum + (<usize>units << 3);
  const nonFinite = maximum + (<usize>units << 3);
  let smallest = Infinity, largest = -Infinity, others: f64 = 0;
  let unit: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    let smallestTwo = f64x2.splat(smallest), largestTwo = f64x2.splat(largest), othersTwo = f64x2.splat(0);
    for (; unit + 2 <= units; unit += 2) {
      const place = <usize>unit << 3;
      smallestTwo = f64x2.pmin(smallestTwo, v128.load(minimum + place));
      largestTwo = f64x2.pmax(largestTwo, v128.load(maximum + place));
      othersTwo = f64x2.add(othersTwo, v128.load(nonFinite + place));
    }
    smallest = min(f64x2.extract_lane(smallestTwo, 0), f64x2.extract_lane(smallestTwo, 1));
    largest = max(f64x2.extract_lane(largestTwo, 0), f64x2.extract_lane(largestTwo, 1));
    others = f64x2.extract_lane(othersTwo, 0) + f64x2.extract_lane(othersTwo, 1);
  }
  for (; unit < units; unit++) {
    const place = <usize>unit << 3;
    smallest = min(smallest, load<f64>(minimum + place));
    largest = max(largest, load<f64>(maximum + place));
    others += load<f64>(nonFinite + place);
  }
  store<f64>(out, smallest);
  store<f64>(out, largest, 8);
  store<f64>(out, others, 16);
}

/** Share of the squares that the mean deviation may account for; beyond, their sum says little of the variance. */
const LARGEST_OFFSET: f32 = 0.875;

/**
 * In float32 where nothing is lost by that. The mean of the rows before was a guess where there are none. Two rows at a
 * time: what is kept of more units fills more registers than V8 has.
 */
function sweepFour(from: usize, step: usize, rows: i32, state: usize, field: usize, guessed: bool): void {
  const zero = f32x4.splat(0);
  const origin = narrow(state + 9 * field);
  let evenSum = zero, oddSum = zero, evenSquares = zero, oddSquares = zero, counts = zero;
  let smallest = v128.load(from);
  let largest = smallest;
  let row = from;
  for (const end = from + <usize>(rows & ~1) * step; row < end; row += 2 * step) {
    const even = v128.load(row);
    const evenDeviation = f32x4.sub(even, origin);
    evenSum = f32x4.add(evenSum, evenDeviation);
    evenSquares = madd(evenDeviation, evenDeviation, evenSquares);
    const odd = v128.load(row + step);
    const oddDeviation = f32x4.sub(odd, origin);
    oddSum = f32x4.add(oddSum, oddDeviation);
    oddSquares = madd(oddDeviation, oddDeviation, oddSquares);
    smallest = f32x4.pmin(smallest, f32x4.pmin(even, odd));
    largest = f32x4.pmax(largest, f32x4.pmax(even, odd));
    counts = i16x8.add(counts, i16x8.add(signs(even), signs(odd)));
  }
  if (rows & 1) {
    const last = v128.load(row);
    const deviation = f32x4.sub(last, origin);
    evenSum = f32x4.add(evenSum, deviation);
    evenSquares = madd(deviation, deviation, evenSquares);
    smallest = f32x4.pmin(smallest, last);
    largest = f32x4.pmax(largest, last);
    counts = i16x8.add(counts, signs(last));
  }
  const constant = f32x4.eq(smallest, largest);
  if (addMoments(rows, state, field, guessed, origin, evenSum, oddSum, evenSquares, oddSquares, constant)) {
    addExtremes(state, field, smallest, largest, counts);
  } else sweepFourInDoubles(from, step, rows, state, field);
}

/** As `sweepFour`. */
function sweepMomentsOfFour(
  from: usize, step: usize, rows: i32, state: usize, field: usize, guessed: bool,
): void {
  const zero = f32x4.splat(0);
  const origin = narrow(state + 9 * field);
  let evenSum = zero, oddSum = zero, evenSquares = zero, oddSquares = zero, bits = zero;
  let row = from;
  for (const end = from + <usize>(rows & ~1) * step; row < end; row += 2 * step) {
    const even = f32x4.sub(v128.load(row), origin);
    evenSum = f32x4.add(evenSum, even);
    evenSquares = madd(even, even, evenSquares);
    const odd = f32x4.sub(v128.load(row + step), origin);
    oddSum = f32x4.add(oddSum, odd);
    oddSquares = madd(odd, odd, oddSquares);
    bits = v128.or(bits, v128.or(even, odd));
  }
  if (rows & 1) {
    const last = f32x4.sub(v128.load(row), origin);
    evenSum = f32x4.add(evenSum, last);
    evenSquares = madd(last, last, evenSquares);
    bits = v128.or(bits, last);
  }
  const constant = f32x4.eq(i32x4.shl(bits, 1), zero);
  if (!addMoments(rows, state, field, guessed, origin, evenSum, oddSum, evenSquares, oddSquares, constant)) {
    sweepFourInDoubles(from, step, rows, state, field);
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
 * Adds the sums that were taken of four units in float32. Answers whether that did: if not, nothing has been added but the
 * better guess of the mean.
 *
 * @param constant where all values are the same.
 */
function addMoments(
  rows: i32, state: usize, field: usize, guessed: bool,
  origin: v128, evenSum: v128, oddSum: v128, evenSquares: v128, oddSquares: v128, constant: v128,
): bool {
  const zero = f32x4.splat(0);
  const sum = f32x4.add(evenSum, oddSum);
  const squares = f32x4.add(evenSquares, oddSquares);
  // What is not finite has made squares of itself.
  const accurate = isAccurate(squares);
  const mean = f32x4.mul(sum, f32x4.splat(1 / <f32>rows));
  const next = v128.bitselect(f32x4.add(origin, mean), origin, accurate);
  v128.store(state + 9 * field, f64x2.promote_low_f32x4(next));
  v128.store(state + 9 * field, upper(next), 16);
  const none = v128.and(v128.and(f32x4.eq(squares, zero), f32x4.eq(sum, zero)), constant);
  if (!i32x4.all_true(v128.or(accurate, none))) return false;
  const offset = f32x4.gt(f32x4.mul(sum, mean), f32x4.mul(squares, f32x4.splat(LARGEST_OFFSET)));
  if (guessed && v128.any_true(offset)) return false;
  const count = f64x2.splat(<f64>rows);
  addDeviations(
    state, field, count, f64x2.promote_low_f32x4(origin), lowerSum(evenSum, oddSum), lowerSum(evenSquares, oddSquares),
  );
  addDeviations(
    state + 16, field, count, upper(origin), upperSum(evenSum, oddSum), upperSum(evenSquares, oddSquares),
  );
  return true;
}

/** Adds to what is kept of four units beside their sums. */
// @ts-ignore: decorator of AssemblyScript
@inline
function addExtremes(state: usize, field: usize, smallest: v128, largest: v128, counts: v128): void {
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
}

/** The sums of the lower two of four numbers each, in float64. */
// @ts-ignore: decorator of AssemblyScript
@inline
function lowerSum(a: v128, b: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
}

/** The same of the upper two. */
// @ts-ignore: decorator of AssemblyScript
@inline
function upperSum(a: v128, b: v128): v128 {
  return f64x2.add(upper(a), upper(b));
}

/** Adds sums of deviations from `origin`, and of their squares, to those of deviations from the shift, for two units. */
// @ts-ignore: decorator of AssemblyScript
@inline
function addDeviations(state: usize, field: usize, count: v128, origin: v128, sum: v128, squares: v128): void {
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

function sweepFourInDoubles(from: usize, step: usize, rows: i32, state: usize, field: usize): void {
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
