/** Rows of the depth that are worked off together, so that their part of both operands stays in the cache. */
const DEPTH_BLOCK: i32 = 256;

/**
 * `c[m, n] += sum over k of a(m, k) b[k, n]`. Strides are in bytes; `b` and `c` are dense along n, `a` may be read in
 * any order, so that one routine serves `a b` and `a^T b`.
 */
export function multiplyAdd(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize,
  c: usize, cRow: usize,
  rows: i32, depth: i32, columns: i32,
): void {
  for (let k: i32 = 0; k < depth; k += DEPTH_BLOCK) {
    const block = min(DEPTH_BLOCK, depth - k);
    multiplyAddBlock(a + <usize>k * aDepth, aRow, aDepth, b + <usize>k * bDepth, bDepth, c, cRow, rows, block, columns);
  }
}

function multiplyAddBlock(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize,
  c: usize, cRow: usize,
  rows: i32, depth: i32, columns: i32,
): void {
  let m: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; m + 4 <= rows; m += 4) {
      const am = a + <usize>m * aRow;
      const cm = c + <usize>m * cRow;
      let n: i32 = 0;
      for (; n + 8 <= columns; n += 8) tile4x8(am, aRow, aDepth, b + (<usize>n << 2), bDepth, cm + (<usize>n << 2), cRow, depth);
      for (; n + 4 <= columns; n += 4) tile4x4(am, aRow, aDepth, b + (<usize>n << 2), bDepth, cm + (<usize>n << 2), cRow, depth);
      if (n < columns) tile4xFew(am, aRow, aDepth, b + (<usize>n << 2), bDepth, cm + (<usize>n << 2), cRow, depth, columns - n);
    }
  }
  for (; m < rows; m++) {
    const am = a + <usize>m * aRow;
    const cm = c + <usize>m * cRow;
    let n: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; n + 4 <= columns; n += 4) tile1x4(am, aDepth, b + (<usize>n << 2), bDepth, cm + (<usize>n << 2), depth);
    }
    for (; n < columns; n++) tile1x1(am, aDepth, b + (<usize>n << 2), bDepth, cm + (<usize>n << 2), depth);
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function addTo(c: usize, value: v128): void {
  v128.store(c, f32x4.add(v128.load(c), value));
}

function tile4x8(a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize, depth: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let a0 = a;
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let k: i32 = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const v0 = v128.load_splat<f32>(a0);
    c00 = madd(v0, b0, c00);
    c01 = madd(v0, b1, c01);
    const v1 = v128.load_splat<f32>(a1);
    c10 = madd(v1, b0, c10);
    c11 = madd(v1, b1, c11);
    const v2 = v128.load_splat<f32>(a2);
    c20 = madd(v2, b0, c20);
    c21 = madd(v2, b1, c21);
    const v3 = v128.load_splat<f32>(a3);
    c30 = madd(v3, b0, c30);
    c31 = madd(v3, b1, c31);
    a0 += aDepth;
    a1 += aDepth;
    a2 += aDepth;
    a3 += aDepth;
    b += bDepth;
  }
  addTo(c, c00);
  addTo(c + 16, c01);
  c += cRow;
  addTo(c, c10);
  addTo(c + 16, c11);
  c += cRow;
  addTo(c, c20);
  addTo(c + 16, c21);
  c += cRow;
  addTo(c, c30);
  addTo(c + 16, c31);
}

function tile4x4(a: usize, aRow: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, cRow: usize, depth: i32): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0), c3 = f32x4.splat(0);
  let a0 = a;
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let k: i32 = 0; k < depth; k++) {
    const row = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a0), row, c0);
    c1 = madd(v128.load_splat<f32>(a1), row, c1);
    c2 = madd(v128.load_splat<f32>(a2), row, c2);
    c3 = madd(v128.load_splat<f32>(a3), row, c3);
    a0 += aDepth;
    a1 += aDepth;
    a2 += aDepth;
    a3 += aDepth;
    b += bDepth;
  }
  addTo(c, c0);
  addTo(c + cRow, c1);
  addTo(c + 2 * cRow, c2);
  addTo(c + 3 * cRow, c3);
}

/** The last one, two or three columns; nothing beyond them is touched. */
function tile4xFew(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize,
  c: usize, cRow: usize,
  depth: i32, columns: i32,
): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0), c3 = f32x4.splat(0);
  let a0 = a;
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let k: i32 = 0; k < depth; k++) {
    const row = loadFew(b, columns);
    c0 = madd(v128.load_splat<f32>(a0), row, c0);
    c1 = madd(v128.load_splat<f32>(a1), row, c1);
    c2 = madd(v128.load_splat<f32>(a2), row, c2);
    c3 = madd(v128.load_splat<f32>(a3), row, c3);
    a0 += aDepth;
    a1 += aDepth;
    a2 += aDepth;
    a3 += aDepth;
    b += bDepth;
  }
  addFew(c, c0, columns);
  addFew(c + cRow, c1, columns);
  addFew(c + 2 * cRow, c2, columns);
  addFew(c + 3 * cRow, c3, columns);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function loadFew(from: usize, count: i32): v128 {
  if (count == 1) return v128.load32_zero(from);
  const two = v128.load64_zero(from);
  return count == 2 ? two : v128.load_lane<f32>(from + 8, two, 2);
}

function addFew(to: usize, value: v128, count: i32): void {
  store<f32>(to, load<f32>(to) + f32x4.extract_lane(value, 0));
  if (count > 1) store<f32>(to + 4, load<f32>(to + 4) + f32x4.extract_lane(value, 1));
  if (count > 2) store<f32>(to + 8, load<f32>(to + 8) + f32x4.extract_lane(value, 2));
}

function tile1x4(a: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, depth: i32): void {
  let sum = f32x4.splat(0);
  for (let k: i32 = 0; k < depth; k++) {
    sum = madd(v128.load_splat<f32>(a), v128.load(b), sum);
    a += aDepth;
    b += bDepth;
  }
  addTo(c, sum);
}

function tile1x1(a: usize, aDepth: usize, b: usize, bDepth: usize, c: usize, depth: i32): void {
  let sum: f32 = 0;
  for (let k: i32 = 0; k < depth; k++) {
    sum += load<f32>(a) * load<f32>(b);
    a += aDepth;
    b += bDepth;
  }
  store<f32>(c, load<f32>(c) + sum);
}
