/**
 * Matrix products in the manner of Goto and van de Geijn (2008, doi:10.1145/1356052.1356053): a block of the right matrix
 * is copied into panels of eight columns, and four rows of the left one into a strip, so that the innermost loop reads
 * both from end to end and neither transposition nor the width of a matrix matters to it.
 */

export const TILE_ROWS: i32 = 4;
export const TILE_COLUMNS: i32 = 8;
/** Depth of a block: its strip of 4 kB stays in the first cache. */
export const BLOCK_DEPTH: i32 = 256;
/** Columns of a block: its panels of 512 kB stay in the second cache. */
export const BLOCK_COLUMNS: i32 = 512;

const TILE_BYTES: usize = TILE_ROWS * TILE_COLUMNS * 4;
const STRIP_BYTES: usize = TILE_ROWS * BLOCK_DEPTH * 4;
/** Where these routines may write while they run, and the bytes that must be there. */
export let workspace: usize = 0;
export const workspaceBytes: i32 = TILE_BYTES + STRIP_BYTES + BLOCK_DEPTH * BLOCK_COLUMNS * 4;

/**
 * `out[i] = a[i] b[i] + bias` for `i < batch`, row-major: `a[i]: [rows, depth]`, or `[depth, rows]` if `transposeA`;
 * `b[i]: [depth, columns]`, or `[columns, depth]` if `transposeB`. A shared matrix is there once, for the whole batch.
 * `bias: [columns]` is added to every row; none at address 0.
 */
export function matMul(
  a: usize, b: usize, bias: usize, out: usize,
  batch: i32, rows: i32, depth: i32, columns: i32,
  transposeA: bool, transposeB: bool, sharedA: bool, sharedB: bool,
): void {
  if (sharedB && !sharedA && !transposeA) {
    rows *= batch;
    batch = 1;
  }
  const aRow: usize = transposeA ? 4 : <usize>depth << 2;
  const aDepth: usize = transposeA ? <usize>rows << 2 : 4;
  const bDepth: usize = transposeB ? 4 : <usize>columns << 2;
  const bColumn: usize = transposeB ? <usize>depth << 2 : 4;
  const aStep: usize = sharedA ? 0 : <usize>(rows * depth) << 2;
  const bStep: usize = sharedB ? 0 : <usize>(depth * columns) << 2;
  const outStep = <usize>(rows * columns) << 2;
  for (let i: i32 = 0; i < batch; i++) {
    multiplyRows(a, aRow, aDepth, b, bDepth, bColumn, bias, 0, out, <usize>columns << 2, rows, depth, columns);
    a += aStep;
    b += bStep;
    out += outStep;
  }
}

/**
 * `out[m, n] = start[m, n] + sum over k of a[m, k] b[k, n]`; `start` at address 0 is 0, and may be `out` itself. Strides are in
 * bytes: entries of a row of `start` and `out` lie side by side, `a` and `b` may be read in any order.
 */
export function multiplyRows(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize, bColumn: usize,
  start: usize, startRow: usize,
  out: usize, outRow: usize,
  rows: i32, depth: i32, columns: i32,
): void {
  for (let n: i32 = 0; n < columns; n += BLOCK_COLUMNS) {
    const c = out + (<usize>n << 2);
    const first = start == 0 ? <usize>0 : start + (<usize>n << 2);
    // Once at least, so that sums of nothing are written too.
    for (let k: i32 = 0; k == 0 || k < depth; k += BLOCK_DEPTH) {
      addBlock(
        a + <usize>k * aDepth, aRow, aDepth,
        b + <usize>k * bDepth + <usize>n * bColumn, bDepth, bColumn,
        k > 0 ? c : first, k > 0 ? outRow : startRow,
        c, outRow,
        rows, min(BLOCK_DEPTH, depth - k), min(BLOCK_COLUMNS, columns - n),
      );
    }
  }
}

/** `c = start + a b` for a block that the workspace has room for; `start` at address 0 is 0. */
function addBlock(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize, bColumn: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  rows: i32, depth: i32, columns: i32,
): void {
  const strip = workspace + TILE_BYTES;
  const panels = strip + STRIP_BYTES;
  const panelRow: usize = TILE_COLUMNS << 2;
  packPanels(b, bDepth, bColumn, panels, depth, columns);
  for (let m: i32 = 0; m < rows; m += TILE_ROWS) {
    packFour(a + <usize>m * aRow, aRow, aDepth, strip, TILE_ROWS << 2, rows - m, depth);
    let panel = panels;
    for (let n: i32 = 0; n < columns; n += TILE_COLUMNS) {
      const at = <usize>n << 2;
      const from = start == 0 ? 0 : start + <usize>m * startRow + at;
      const to = c + <usize>m * cRow + at;
      const height = min(TILE_ROWS, rows - m);
      const width = min(TILE_COLUMNS, columns - n);
      if (height < TILE_ROWS || width < TILE_COLUMNS) addPartOfTile(strip, panel, from, startRow, to, cRow, depth, height, width);
      else addTile(strip, panel, from, startRow, to, cRow, depth);
      panel += <usize>depth * panelRow;
    }
  }
}

/** Bytes of the panels of a matrix. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function panelBytes(depth: i32, columns: i32): usize {
  return <usize>depth * <usize>((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) * (TILE_COLUMNS << 2);
}

/** Copies a matrix `[depth, columns]` into panels, the last one filled up with zeros. */
export function packPanels(b: usize, bDepth: usize, bColumn: usize, panels: usize, depth: i32, columns: i32): void {
  const panelRow: usize = TILE_COLUMNS << 2;
  for (let n: i32 = 0; n < columns; n += TILE_COLUMNS) {
    packFour(b, bColumn, bDepth, panels, panelRow, columns - n, depth);
    packFour(b + 4 * bColumn, bColumn, bDepth, panels + 16, panelRow, columns - n - 4, depth);
    b += TILE_COLUMNS * bColumn;
    panels += <usize>depth * panelRow;
  }
}

/**
 * Copies four vectors side by side: entry k of vector i, which is at `from + i * across + k * along`, to
 * `to + k * step + 4 i`. From the `count`-th vector on there are zeros.
 */
function packFour(from: usize, across: usize, along: usize, to: usize, step: usize, count: i32, depth: i32): void {
  let k: i32 = 0;
  if (ASC_FEATURE_SIMD && count >= 4) {
    if (across == 4) {
      for (; k < depth; k++) {
        v128.store(to, v128.load(from));
        from += along;
        to += step;
      }
    } else if (along == 4) {
      for (; k + 4 <= depth; k += 4) {
        transposeFour(from, across, to, step);
        from += 16;
        to += 4 * step;
      }
    }
  }
  for (; k < depth; k++) {
    for (let i: i32 = 0; i < 4; i++) {
      store<f32>(to + (<usize>i << 2), i < count ? load<f32>(from + <usize>i * across) : 0);
    }
    from += along;
    to += step;
  }
}

/** Copies a matrix of four rows and columns, transposed. */
// @ts-ignore: decorator of AssemblyScript
@inline
function transposeFour(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromStep);
  const r2 = v128.load(from + 2 * fromStep);
  const r3 = v128.load(from + 3 * fromStep);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + toStep, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * toStep, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * toStep, v128.shuffle<i64>(high01, high23, 1, 3));
}

/** The first `rows` and `columns` of a tile; nothing beyond them is read or written. */
function addPartOfTile(
  strip: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32, rows: i32, columns: i32,
): void {
  const tileRow: usize = TILE_COLUMNS << 2;
  for (let m: i32 = 0; m < rows && start != 0; m++) {
    copyFew(start + <usize>m * startRow, workspace + <usize>m * tileRow, columns);
  }
  addTile(strip, panel, start == 0 ? 0 : workspace, tileRow, workspace, tileRow, depth);
  for (let m: i32 = 0; m < rows; m++) copyFew(workspace + <usize>m * tileRow, c + <usize>m * cRow, columns);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function copyFew(from: usize, to: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
}

/** `c[m, n] = start[m, n] + sum over k of strip[k, m] panel[k, n]` for the four rows and eight columns of a tile. */
function addTile(strip: usize, panel: usize, start: usize, startRow: usize, c: usize, cRow: usize, depth: i32): void {
  if (ASC_FEATURE_SIMD) addTileSimd(strip, panel, start, startRow, c, cRow, depth);
  else addTileScalar(strip, panel, start, startRow, c, cRow, depth);
}

/** More sums at once, or more of the depth, would be more than V8 keeps in registers. */
function addTileSimd(
  strip: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0), s31 = f32x4.splat(0);
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
  }
  for (let k: i32 = 0; k < depth; k++) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    const a0 = v128.load_splat<f32>(strip);
    s00 = madd(a0, b0, s00);
    s01 = madd(a0, b1, s01);
    const a1 = v128.load_splat<f32>(strip, 4);
    s10 = madd(a1, b0, s10);
    s11 = madd(a1, b1, s11);
    const a2 = v128.load_splat<f32>(strip, 8);
    s20 = madd(a2, b0, s20);
    s21 = madd(a2, b1, s21);
    const a3 = v128.load_splat<f32>(strip, 12);
    s30 = madd(a3, b0, s30);
    s31 = madd(a3, b1, s31);
    strip += 16;
    panel += 32;
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
}

function addTileScalar(
  strip: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  for (let m: i32 = 0; m < TILE_ROWS; m++) {
    for (let n: i32 = 0; n < TILE_COLUMNS; n++) {
      let sum: f32 = start == 0 ? 0 : load<f32>(start + <usize>m * startRow + (<usize>n << 2));
      let a = strip + (<usize>m << 2);
      let b = panel + (<usize>n << 2);
      for (let k: i32 = 0; k < depth; k++) {
        sum += load<f32>(a) * load<f32>(b);
        a += TILE_ROWS << 2;
        b += TILE_COLUMNS << 2;
      }
      store<f32>(c + <usize>m * cRow + (<usize>n << 2), sum);
    }
  }
}
