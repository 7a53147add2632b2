/** The innermost part of matrix products (./matMul.ts): a few rows of the left one by eight columns of the right one. */

export const TILE_COLUMNS: i32 = 8;
export const TILE_ROWS: i32 = 6;
/** Of a low tile, which takes two thirds of the time. */
export const LOW_ROWS: i32 = 4;
export const TILE_ROW_BYTES: usize = TILE_COLUMNS << 2;

/**
 * `c[m, n] = start[m, n] + sum over k of a_m[k] panel[k, n]` for the rows and columns of a tile; `start` at address 0 is
 * 0. The first entries of a_m are where `places` says, the others follow at even steps.
 */
export function addTile(
  places: usize, step: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  if (ASC_FEATURE_SIMD) addTileSimd(TILE_ROWS, places, step, panel, start, startRow, c, cRow, depth);
  else addTileScalar(TILE_ROWS, places, step, panel, start, startRow, c, cRow, depth);
}

/** The same for a low tile. */
export function addLowTile(
  places: usize, step: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  if (ASC_FEATURE_SIMD) addTileSimd(LOW_ROWS, places, step, panel, start, startRow, c, cRow, depth);
  else addTileScalar(LOW_ROWS, places, step, panel, start, startRow, c, cRow, depth);
}

/**
 * Twelve sums, two vectors of the panel and a factor are all the registers that V8 has on x64. Its older versions make
 * do with them only where the loop lies in no other one, which would have it unrolled, and the sums are stored as they
 * are.
 */
// @ts-ignore: decorator of AssemblyScript
@inline
function addTileSimd(
  rows: i32,
  places: usize, step: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  let a0 = load<usize>(places);
  let a1 = load<usize>(places, 4);
  let a2 = load<usize>(places, 8);
  let a3 = load<usize>(places, 12);
  let a4 = load<usize>(places, 16);
  let a5 = load<usize>(places, 20);
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  let s40 = f32x4.splat(0), s41 = f32x4.splat(0);
  let s50 = f32x4.splat(0), s51 = f32x4.splat(0);
  if (start != 0) {
    s00 = v128.load(start);
    s01 = v128.load(start, 16);
    start += startRow;
    s10 = v128.load(start);
    s11 = v128.load(start, 16);
    start += startRow;
    s20 = v128.load(start);
    s21 = v128.load(start, 16);
    start += startRow;
    s30 = v128.load(start);
    s31 = v128.load(start, 16);
    if (rows > LOW_ROWS) {
      start += startRow;
      s40 = v128.load(start);
      s41 = v128.load(start, 16);
      start += startRow;
      s50 = v128.load(start);
      s51 = v128.load(start, 16);
    }
  }
  const end = a0 + <usize>depth * step;
  while (a0 != end) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    let v = v128.load_splat<f32>(a0);
    s00 = madd(v, b0, s00);
    s01 = madd(v, b1, s01);
    a0 += step;
    v = v128.load_splat<f32>(a1);
    s10 = madd(v, b0, s10);
    s11 = madd(v, b1, s11);
    a1 += step;
    v = v128.load_splat<f32>(a2);
    s20 = madd(v, b0, s20);
    s21 = madd(v, b1, s21);
    a2 += step;
    v = v128.load_splat<f32>(a3);
    s30 = madd(v, b0, s30);
    s31 = madd(v, b1, s31);
    a3 += step;
    if (rows > LOW_ROWS) {
      v = v128.load_splat<f32>(a4);
      s40 = madd(v, b0, s40);
      s41 = madd(v, b1, s41);
      a4 += step;
      v = v128.load_splat<f32>(a5);
      s50 = madd(v, b0, s50);
      s51 = madd(v, b1, s51);
      a5 += step;
    }
    panel += TILE_ROW_BYTES;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  c += cRow;
  v128.store(c, s10);
  v128.store(c, s11, 16);
  c += cRow;
  v128.store(c, s20);
  v128.store(c, s21, 16);
  c += cRow;
  v128.store(c, s30);
  v128.store(c, s31, 16);
  if (rows > LOW_ROWS) {
    c += cRow;
    v128.store(c, s40);
    v128.store(c, s41, 16);
    c += cRow;
    v128.store(c, s50);
    v128.store(c, s51, 16);
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function addTileScalar(
  rows: i32,
  places: usize, step: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  for (let m: i32 = 0; m < rows; m++) {
    for (let n: i32 = 0; n < TILE_COLUMNS; n++) {
      let sum: f32 = start == 0 ? 0 : load<f32>(at(start + <usize>m * startRow, n));
      let a = load<usize>(at(places, m));
      let b = at(panel, n);
      for (let k: i32 = 0; k < depth; k++) {
        sum += load<f32>(a) * load<f32>(b);
        a += step;
        b += TILE_ROW_BYTES;
      }
      store<f32>(at(c + <usize>m * cRow, n), sum);
    }
  }
}
