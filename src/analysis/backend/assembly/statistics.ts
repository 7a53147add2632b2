// @ts-ignore: decorator of AssemblyScript
@inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function finite(value: f32): bool {
  return value - value == 0;
}

/** Rows that are swept together, so that they stay in the cache while unit after unit is worked off. */
const ROW_BLOCK: i32 = 64;

/**
 * Adds `values: [rows, units]` to running statistics. `state` holds nine float64 arrays `[units]`, in this order: shift,
 * sum and sum of squares of `x - shift`, minimum, maximum, non-finite, zeros, positives, positives of these rows alone
 * (to be given as 0). The shift must be one of the unit's finite values.
 */
export function sweep(values: usize, rows: i32, units: i32, state: usize): void {
  const field = <usize>units << 3;
  const step = <usize>units << 2;
  for (let start: i32 = 0; start < rows; start += ROW_BLOCK) {
    const count = min(ROW_BLOCK, rows - start);
    let unit: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; unit + 4 <= units; unit += 4) {
        sweepFour(at(values, start * units + unit), step, count, state + (<usize>unit << 3), field);
      }
    }
    for (; unit < units; unit++) {
      sweepOne(at(values, start * units + unit), step, count, state + (<usize>unit << 3), field);
    }
  }
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

/** Writes the smallest and the largest finite value to `out: [2]` of float32; Infinity and -Infinity where there is none. */
export function finiteRange(values: usize, size: i32, out: usize): void {
  let smallest: f32 = Infinity;
  let largest: f32 = -Infinity;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    let low = f32x4.splat(Infinity);
    let high = f32x4.splat(-Infinity);
    for (; i + 4 <= size; i += 4) {
      const value = v128.load(at(values, i));
      const isFinite = f32x4.eq(f32x4.sub(value, value), zero);
      low = f32x4.pmin(low, v128.bitselect(value, low, isFinite));
      high = f32x4.pmax(high, v128.bitselect(value, high, isFinite));
    }
    smallest = min(
      min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)),
      min(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3)),
    );
    largest = max(
      max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)),
      max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)),
    );
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (!finite(value)) continue;
    smallest = min(smallest, value);
    largest = max(largest, value);
  }
  store<f32>(out, smallest);
  store<f32>(out, largest, 4);
}

/**
 * Counts the finite values in bins: bin `floor(value * scale) - first`, which must lie within 0 to 31. `table` are four
 * int32 tables of 33 bins that take turns, so that equal neighbours do not wait for each other; bin 32 takes what is
 * not finite. They are cleared first.
 */
export function countBins(values: usize, size: i32, scale: f32, first: i32, table: usize): void {
  memory.fill(table, 0, 4 * 33 * 4);
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    const scales = f32x4.splat(scale);
    const firsts = i32x4.splat(first);
    const trash = i32x4.splat(32);
    for (; i + 4 <= size; i += 4) {
      const value = v128.load(at(values, i));
      const isFinite = f32x4.eq(f32x4.sub(value, value), zero);
      const bin = i32x4.sub(i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.mul(value, scales))), firsts);
      const safe = v128.bitselect(bin, trash, isFinite);
      count(table, i32x4.extract_lane(safe, 0));
      count(table + 132, i32x4.extract_lane(safe, 1));
      count(table + 264, i32x4.extract_lane(safe, 2));
      count(table + 396, i32x4.extract_lane(safe, 3));
    }
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    count(table, finite(value) ? <i32>Mathf.floor(value * scale) - first : 32);
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function count(table: usize, bin: i32): void {
  const to = at(table, bin);
  store<i32>(to, load<i32>(to) + 1);
}

/** Writes the sum of squares of the finite values and the number of the others to `out: [2]` of float64. */
export function sumSquares(values: usize, size: i32, out: usize): void {
  let sum: f64 = 0;
  let nonFinite: f64 = 0;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    let sumLow = f64x2.splat(0);
    let sumHigh = f64x2.splat(0);
    let finites = i32x4.splat(0);
    for (; i + 4 <= size; i += 4) {
      const raw = v128.load(at(values, i));
      const isFinite = f32x4.eq(f32x4.sub(raw, raw), zero);
      const value = v128.and(raw, isFinite);
      finites = i32x4.add(finites, isFinite);
      const low = f64x2.promote_low_f32x4(value);
      const high = upper(value);
      sumLow = f64x2.add(sumLow, f64x2.mul(low, low));
      sumHigh = f64x2.add(sumHigh, f64x2.mul(high, high));
    }
    const sums = f64x2.add(sumLow, sumHigh);
    sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    const count =
      i32x4.extract_lane(finites, 0) + i32x4.extract_lane(finites, 1) + i32x4.extract_lane(finites, 2) + i32x4.extract_lane(finites, 3);
    nonFinite = <f64>(i + count);
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (finite(value)) sum += <f64>value * <f64>value;
    else nonFinite += 1;
  }
  store<f64>(out, sum);
  store<f64>(out, nonFinite, 8);
}

/**
 * Adds up `e / (1 + e)^2` with `e = exp(-|scale * value|)`, the derivative of the logistic function at `scale * value`,
 * over the finite values. Writes the sum and the number of finite values to `out: [2]` of float64.
 */
export function sumLogisticDerivatives(values: usize, size: i32, scale: f32, out: usize): void {
  let sum: f64 = 0;
  let count: f64 = 0;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    const one = f32x4.splat(1);
    const scales = f32x4.splat(scale);
    let sums = f64x2.splat(0);
    let finites = i32x4.splat(0);
    for (; i + 4 <= size; i += 4) {
      const value = v128.load(at(values, i));
      const isFinite = f32x4.eq(f32x4.sub(value, value), zero);
      finites = i32x4.add(finites, isFinite);
      const e = exponential(f32x4.neg(f32x4.abs(f32x4.mul(value, scales))));
      const root = f32x4.add(one, e);
      const derivative = v128.and(f32x4.div(e, f32x4.mul(root, root)), isFinite);
      sums = f64x2.add(sums, f64x2.add(f64x2.promote_low_f32x4(derivative), upper(derivative)));
    }
    sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    count = -<f64>(
      i32x4.extract_lane(finites, 0) + i32x4.extract_lane(finites, 1) + i32x4.extract_lane(finites, 2) + i32x4.extract_lane(finites, 3)
    );
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (!finite(value)) continue;
    const e = exponentialOne(-abs(value * scale));
    sum += <f64>(e / ((1 + e) * (1 + e)));
    count += 1;
  }
  store<f64>(out, sum);
  store<f64>(out, count, 8);
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
