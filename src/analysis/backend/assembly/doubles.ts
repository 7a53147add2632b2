/** What the routines on float64 arrays are put together from. */

// @ts-ignore: decorator of AssemblyScript
@inline
export function at(base: usize, index: i32): usize {
  return base + (<usize>index << 3);
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function get(base: usize, index: i32): f64 {
  return load<f64>(at(base, index));
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function set(base: usize, index: i32, value: f64): void {
  store<f64>(at(base, index), value);
}

/** `a b + c` for two pairs of float64. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function maddPairs(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_madd(a, b, c) : f64x2.add(c, f64x2.mul(a, b));
}

// @ts-ignore: decorators of AssemblyScript
@global @inline
function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** `sum over k of a[k] b[k]`. */
export function dot(a: usize, b: usize, length: i32): f64 {
  let sum: f64 = 0;
  let k: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    let even = f64x2.splat(0), odd = f64x2.splat(0);
    for (; k + 4 <= length; k += 4) {
      even = maddPairs(v128.load(at(a, k)), v128.load(at(b, k)), even);
      odd = maddPairs(v128.load(at(a, k), 16), v128.load(at(b, k), 16), odd);
    }
    sum = total(f64x2.add(even, odd));
  }
  for (; k < length; k++) sum += get(a, k) * get(b, k);
  return sum;
}
