/** Sums over all values of an array. */
import { exponentialConstants } from './exponential';
import { addSquaresOf, squaresNonFinite, squaresSum, startSquares } from './squares';

/**
 * Writes the sum of squares of the finite values and the number of the others to `out: [2]` of float64. Blocks are
 * summed in float32 where nothing is lost by that, others in float64.
 */
export function sumSquares(values: usize, size: i32, out: usize): void {
  startSquares();
  addSquaresOf(values, size);
  store<f64>(out, squaresSum());
  store<f64>(out, squaresNonFinite(), 8);
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

/** Adds the differences of `values: [rows, count]` from `origin: [count]`, and their squares, to float64 `sums` and `squares`. */
export function addDifferences(values: usize, rows: i32, count: i32, origin: usize, sums: usize, squares: usize): void {
  const step = <usize>count << 2;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= count; i += 4) {
      const center = v128.load(at(origin, i));
      const centerLow = f64x2.promote_low_f32x4(center);
      const centerHigh = upper(center);
      const sum = sums + (<usize>i << 3);
      const square = squares + (<usize>i << 3);
      let sumLow = v128.load(sum), sumHigh = v128.load(sum, 16);
      let squaresLow = v128.load(square), squaresHigh = v128.load(square, 16);
      for (let row: i32 = 0, from = at(values, i); row < rows; row++, from += step) {
        const value = v128.load(from);
        const low = f64x2.sub(f64x2.promote_low_f32x4(value), centerLow);
        const high = f64x2.sub(upper(value), centerHigh);
        sumLow = f64x2.add(sumLow, low);
        sumHigh = f64x2.add(sumHigh, high);
        squaresLow = f64x2.add(squaresLow, f64x2.mul(low, low));
        squaresHigh = f64x2.add(squaresHigh, f64x2.mul(high, high));
      }
      v128.store(sum, sumLow);
      v128.store(sum, sumHigh, 16);
      v128.store(square, squaresLow);
      v128.store(square, squaresHigh, 16);
    }
  }
  for (; i < count; i++) {
    const center = <f64>load<f32>(at(origin, i));
    const sum = sums + (<usize>i << 3);
    const square = squares + (<usize>i << 3);
    for (let row: i32 = 0, from = at(values, i); row < rows; row++, from += step) {
      const difference = <f64>load<f32>(from) - center;
      store<f64>(sum, load<f64>(sum) + difference);
      store<f64>(square, load<f64>(square) + difference * difference);
    }
  }
}
