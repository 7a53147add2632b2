/**
 * The sum of squares of values that a routine goes through, or has just written: blocks of them are summed in float32
 * where nothing is lost by that, others in float64. One sum at a time.
 */

/** Values of a block: so few that their float32 sum keeps their accuracy. */
export const SQUARES_BLOCK: i32 = 256;

let sum: f64 = 0;
let nonFinite: f64 = 0;
/** What the values of the next block are multiplied by, and their squares afterwards. */
let scale: f32 = 1;
let unscale: f64 = 1;

/** Begins with the sum of nothing. */
export function startSquares(): void {
  sum = 0;
  nonFinite = 0;
  scale = 1;
  unscale = 1;
}

/** Of the finite values so far. */
export function squaresSum(): f64 {
  return sum;
}

/** How many values so far were not finite. */
export function squaresNonFinite(): f64 {
  return nonFinite;
}

/** The sum of squares of all values so far, which is not finite where one of them is not. */
export function allSquares(): f64 {
  return nonFinite == 0 ? sum : Infinity;
}

/** What the values of the next block are multiplied by, which keeps their squares within the range of float32. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function squaresScales(): v128 {
  return f32x4.splat(scale);
}

/** `squares` and the squares of four values times `scales`. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function addSquare(value: v128, scales: v128, squares: v128): v128 {
  const scaled = f32x4.mul(value, scales);
  return madd(scaled, scaled, squares);
}

/**
 * Adds the squares of a block.
 *
 * @param squares what `addSquare` has made of them
 * @param bits all values, by `or`
 */
// @ts-ignore: decorator of AssemblyScript
@global
function addSquaresOfBlock(values: usize, squares: v128, bits: v128): void {
  const zeros = f32x4.eq(i32x4.shl(bits, 1), f32x4.splat(0));
  if (i32x4.all_true(v128.or(isAccurate(squares), zeros))) {
    const both = f64x2.add(f64x2.promote_low_f32x4(squares), upper(squares));
    sum += (f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)) * unscale;
  } else {
    scale = scaleFor(addSquares(values, SQUARES_BLOCK) / <f64>SQUARES_BLOCK);
    unscale = 1 / (<f64>scale * <f64>scale);
  }
}

/** The power of two that brings numbers of this mean square near 1, as far as float32 has one. */
function scaleFor(meanSquare: f64): f32 {
  const exponent = reinterpret<u32>(<f32>sqrt(meanSquare)) >> 23;
  return reinterpret<f32>(min<u32>(254 - exponent, 254) << 23);
}

/** Adds the squares of any number of values. */
export function addSquaresOf(values: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + SQUARES_BLOCK <= size; i += SQUARES_BLOCK) {
      const scales = squaresScales();
      let even = f32x4.splat(0);
      let odd = even;
      let bits = even;
      for (let from = at(values, i), end = at(values, i + SQUARES_BLOCK); from < end; from += 32) {
        const first = v128.load(from);
        const second = v128.load(from, 16);
        bits = v128.or(bits, v128.or(first, second));
        even = addSquare(first, scales, even);
        odd = addSquare(second, scales, odd);
      }
      addSquaresOfBlock(at(values, i), f32x4.add(even, odd), bits);
    }
  }
  addSquares(at(values, i), size - i);
}

/** The same, all in float64; answers the sum of these. */
export function addSquares(values: usize, size: i32): f64 {
  let own: f64 = 0;
  let others: f64 = 0;
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
    own = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    others = <f64>(i + sumLanes(finites));
  }
  for (; i < size; i++) {
    const value = load<f32>(at(values, i));
    if (finite(value)) own += <f64>value * <f64>value;
    else others += 1;
  }
  sum += own;
  nonFinite += others;
  return own;
}
