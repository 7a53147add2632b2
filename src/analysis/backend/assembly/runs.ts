/**
 * Products of a matrix whose rows are read where they lie, each as runs of values at even steps, with one that is
 * packed into panels (./matMul.ts).
 */
import { BLOCK_COLUMNS, BLOCK_DEPTH, panelBytes, workspace } from './matMul';
import { TILE_COLUMNS, TILE_ROW_BYTES } from './tile';

/** Bytes of the panels that all rows go through before the next ones: they stay in the second cache. */
export const PANELS_BYTES: usize = BLOCK_DEPTH * BLOCK_COLUMNS * 4;
/** V8 unrolls the innermost of several loops, for which it has registers with four rows, not with six. */
const TILE_ROWS: i32 = 4;

/**
 * `c[r, n] = start[r, n] + sum over e of a_r[e] panels[e, n]`, with the runs of a_r at `a + offsets[r]`; `start` at
 * address 0 is 0.
 */
export function addProduct(
  a: usize, offsets: usize, rows: i32,
  outer: i32, outerStep: usize, middle: i32, middleStep: usize, inner: i32, innerStep: usize,
  panels: usize, columns: i32,
  start: usize, startRow: usize,
  c: usize,
): void {
  const panelStep = panelBytes(outer * middle * inner, TILE_COLUMNS);
  const blockColumns = TILE_COLUMNS * max<i32>(1, <i32>(PANELS_BYTES / max<usize>(1, panelStep)));
  const cRow = <usize>columns << 2;
  for (let first: i32 = 0; first < columns; first += blockColumns) {
    const end = min(columns, first + blockColumns);
    for (let r: i32 = 0; r < rows; r += TILE_ROWS) {
      const at = offsets + (<usize>r << 2);
      const height = min(TILE_ROWS, rows - r);
      const a0 = a + load<usize>(at);
      const a1 = a + load<usize>(at + (min(1, height - 1) << 2));
      const a2 = a + load<usize>(at + (min(2, height - 1) << 2));
      const a3 = a + load<usize>(at + (min(3, height - 1) << 2));
      let panel = panels + <usize>(first / TILE_COLUMNS) * panelStep;
      for (let n: i32 = first; n < end; n += TILE_COLUMNS) {
        multiplyRuns(a0, a1, a2, a3, outer, outerStep, middle, middleStep, inner, innerStep, panel);
        let from = start == 0 ? 0 : start + <usize>r * startRow + (<usize>n << 2);
        let to = c + <usize>r * cRow + (<usize>n << 2);
        for (let i: i32 = 0; i < height; i++) {
          addTileRow(i, from, to, min(TILE_COLUMNS, columns - n));
          if (start != 0) from += startRow;
          to += cRow;
        }
        panel += panelStep;
      }
    }
  }
}

/** Adds, for every row of `dy` and every run, the row times the run's panels to the values at both their offsets. */
export function scatterProduct(
  dy: usize, from: usize, dx: usize, to: usize, positions: i32, depth: i32,
  panels: usize, starts: usize, runs: i32, run: i32,
): void {
  const panelStep = panelBytes(depth, TILE_COLUMNS);
  for (let p: i32 = 0; p < positions; p += TILE_ROWS) {
    const at = from + (<usize>p << 2);
    const height = min(TILE_ROWS, positions - p);
    const a0 = dy + load<usize>(at);
    const a1 = dy + load<usize>(at + (min(1, height - 1) << 2));
    const a2 = dy + load<usize>(at + (min(2, height - 1) << 2));
    const a3 = dy + load<usize>(at + (min(3, height - 1) << 2));
    let panel = panels;
    for (let r: i32 = 0; r < runs; r++) {
      const start = dx + load<usize>(starts + (<usize>r << 2));
      for (let n: i32 = 0; n < run; n += TILE_COLUMNS) {
        multiplyRuns(a0, a1, a2, a3, 1, 0, 1, 0, depth, 4, panel);
        for (let i: i32 = 0; i < height; i++) {
          const out = start + load<usize>(to + (<usize>(p + i) << 2)) + (<usize>n << 2);
          addTileRow(i, out, out, min(TILE_COLUMNS, run - n));
        }
        panel += panelStep;
      }
    }
  }
}

/** `to = from + row i` of the tile in the workspace, its first `columns`; `from` at address 0 is 0. */
// @ts-ignore: decorator of AssemblyScript
@inline
function addTileRow(i: i32, from: usize, to: usize, columns: i32): void {
  let tile = workspace + <usize>i * TILE_ROW_BYTES;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    for (; columns >= 4; columns -= 4) {
      v128.store(to, f32x4.add(v128.load(tile), from == 0 ? zero : v128.load(from)));
      tile += 16;
      to += 16;
      if (from != 0) from += 16;
    }
  }
  for (let n: i32 = 0; n < columns; n++) {
    const place = <usize>n << 2;
    store<f32>(to + place, load<f32>(tile + place) + (from == 0 ? 0 : load<f32>(from + place)));
  }
}

/**
 * Writes `sum over e of a_i[e] panel[e, n]` to the tile in the workspace, four rows of eight columns. The elements of
 * a_i are `outer * middle` runs of `inner` values.
 */
function multiplyRuns(
  a0: usize, a1: usize, a2: usize, a3: usize,
  outer: i32, outerStep: usize, middle: i32, middleStep: usize, inner: i32, innerStep: usize,
  panel: usize,
): void {
  const tile = workspace;
  if (!ASC_FEATURE_SIMD) {
    for (let n: i32 = 0; n < TILE_COLUMNS; n++) {
      const place = <usize>n << 2;
      store<f32>(tile + place, dotRuns(a0, outer, outerStep, middle, middleStep, inner, innerStep, panel + place));
      store<f32>(tile + place, dotRuns(a1, outer, outerStep, middle, middleStep, inner, innerStep, panel + place), 32);
      store<f32>(tile + place, dotRuns(a2, outer, outerStep, middle, middleStep, inner, innerStep, panel + place), 64);
      store<f32>(tile + place, dotRuns(a3, outer, outerStep, middle, middleStep, inner, innerStep, panel + place), 96);
    }
    return;
  }
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0);
  for (let o: i32 = 0; o < outer; o++) {
    let start = <usize>o * outerStep;
    for (let m: i32 = 0; m < middle; m++) {
      let p0 = a0 + start;
      let p1 = a1 + start;
      let p2 = a2 + start;
      let p3 = a3 + start;
      for (let i: i32 = 0; i < inner; i++) {
        const b0 = v128.load(panel);
        const b1 = v128.load(panel, 16);
        const v0 = v128.load_splat<f32>(p0);
        s00 = madd(v0, b0, s00);
        s01 = madd(v0, b1, s01);
        const v1 = v128.load_splat<f32>(p1);
        s10 = madd(v1, b0, s10);
        s11 = madd(v1, b1, s11);
        const v2 = v128.load_splat<f32>(p2);
        s20 = madd(v2, b0, s20);
        s21 = madd(v2, b1, s21);
        const v3 = v128.load_splat<f32>(p3);
        s30 = madd(v3, b0, s30);
        s31 = madd(v3, b1, s31);
        p0 += innerStep;
        p1 += innerStep;
        p2 += innerStep;
        p3 += innerStep;
        panel += TILE_ROW_BYTES;
      }
      start += middleStep;
    }
  }
  v128.store(tile, s00);
  v128.store(tile, s01, 16);
  v128.store(tile, s10, 32);
  v128.store(tile, s11, 48);
  v128.store(tile, s20, 64);
  v128.store(tile, s21, 80);
  v128.store(tile, s30, 96);
  v128.store(tile, s31, 112);
}

function dotRuns(
  a: usize, outer: i32, outerStep: usize, middle: i32, middleStep: usize, inner: i32, innerStep: usize,
  b: usize,
): f32 {
  let sum: f32 = 0;
  for (let o: i32 = 0; o < outer; o++) {
    for (let m: i32 = 0; m < middle; m++) {
      let from = a + <usize>o * outerStep + <usize>m * middleStep;
      for (let i: i32 = 0; i < inner; i++) {
        sum += load<f32>(from) * load<f32>(b);
        from += innerStep;
        b += TILE_ROW_BYTES;
      }
    }
  }
  return sum;
}
