/** What the steps of recurrent layers are put together from; `out` may be one of the operands. */

/** `out = a + b`. */
export function addVectors(a: usize, b: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= size; i += 4) v128.store(at(out, i), f32x4.add(v128.load(at(a, i)), v128.load(at(b, i))));
  }
  for (; i < size; i++) store<f32>(at(out, i), load<f32>(at(a, i)) + load<f32>(at(b, i)));
}

/** `out = a - b`. */
export function subtractVectors(a: usize, b: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= size; i += 4) v128.store(at(out, i), f32x4.sub(v128.load(at(a, i)), v128.load(at(b, i))));
  }
  for (; i < size; i++) store<f32>(at(out, i), load<f32>(at(a, i)) - load<f32>(at(b, i)));
}

/** `out = a b`, entry by entry. */
export function multiplyVectors(a: usize, b: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= size; i += 4) v128.store(at(out, i), f32x4.mul(v128.load(at(a, i)), v128.load(at(b, i))));
  }
  for (; i < size; i++) store<f32>(at(out, i), load<f32>(at(a, i)) * load<f32>(at(b, i)));
}

/** `out = a b + c`, entry by entry. */
export function addProducts(a: usize, b: usize, c: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= size; i += 4) {
      v128.store(at(out, i), madd(v128.load(at(a, i)), v128.load(at(b, i)), v128.load(at(c, i))));
    }
  }
  for (; i < size; i++) store<f32>(at(out, i), load<f32>(at(a, i)) * load<f32>(at(b, i)) + load<f32>(at(c, i)));
}

/** `out = 1 - a`. */
export function complement(a: usize, out: usize, size: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const one = f32x4.splat(1);
    for (; i + 4 <= size; i += 4) v128.store(at(out, i), f32x4.sub(one, v128.load(at(a, i))));
  }
  for (; i < size; i++) store<f32>(at(out, i), 1 - load<f32>(at(a, i)));
}
