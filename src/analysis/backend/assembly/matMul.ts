/**
 * Matrix products in the manner of Goto and van de Geijn (2008, doi:10.1145/1356052.1356053): a block of the right
 * matrix is copied into panels of eight columns, and six rows of the left one into a strip unless each lies in one
 * piece, so that the innermost loop reads from end to end and neither transposition nor the width of a matrix matters.
 */
import { addSquaresOf, allSquares, startSquares } from './squares';
import { addLowTile, addTile, LOW_ROWS, TILE_COLUMNS, TILE_ROW_BYTES, TILE_ROWS } from './tile';

/** Depth of a block at most: a panel of 8 kB and six rows stay in the first cache. */
export const BLOCK_DEPTH: i32 = 256;
/** Columns of a block: its panels of 512 kB stay in the second cache. */
export const BLOCK_COLUMNS: i32 = 512;

const TILE_BYTES: usize = TILE_ROWS * TILE_ROW_BYTES;
const PLACES_BYTES: usize = TILE_ROWS * 4;
const STRIP_BYTES: usize = TILE_ROWS * BLOCK_DEPTH * 4;
/** Where these routines may write while they run, and the bytes that must be there. */
export let workspace: usize = 0;
export const workspaceBytes: i32 = TILE_BYTES + PLACES_BYTES + STRIP_BYTES + BLOCK_DEPTH * BLOCK_COLUMNS * 4;

/** Whether the squares of what is written are to be added while `matMul` runs. */
let watched: bool = false;
/** Bytes that are written before their squares are added: they are still in the cache. */
const WATCHED_BYTES: usize = 1 << 16;

/**
 * `out[i] = a[i] b[i] + bias` for `i < batch`, row-major: `a[i]: [rows, depth]`, or `[depth, rows]` if `transposeA`;
 * `b[i]: [depth, columns]`, or `[columns, depth]` if `transposeB`. A shared matrix is there once, for the whole batch.
 * `bias: [columns]` is added to every row; none at address 0.
 *
 * Answers the sum of squares of what it writes if `squares` are wanted, as the gradients of ./gradients.ts do.
 */
export function matMul(
  a: usize, b: usize, bias: usize, out: usize,
  batch: i32, rows: i32, depth: i32, columns: i32,
  transposeA: bool, transposeB: bool, sharedA: bool, sharedB: bool, squares: bool,
): f64 {
  startSquares();
  // Of wider matrices, rows are not written as a whole.
  watched = squares && columns <= BLOCK_COLUMNS;
  const outSize = batch * rows * columns;
  const outStart = out;
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
  if (squares && !watched) addSquaresOf(outStart, outSize);
  watched = false;
  return allSquares();
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
  const blocks = max(1, (depth + BLOCK_DEPTH - 1) / BLOCK_DEPTH);
  // Blocks of like depth: a last one of little would take as long to begin and to end as the others.
  const step = (depth + blocks - 1) / blocks;
  for (let n: i32 = 0; n < columns; n += BLOCK_COLUMNS) {
    const c = out + (<usize>n << 2);
    const first = start == 0 ? <usize>0 : start + (<usize>n << 2);
    let k: i32 = 0;
    // Once at least, so that sums of nothing are written too.
    do {
      addBlock(
        a + <usize>k * aDepth, aRow, aDepth,
        b + <usize>k * bDepth + <usize>n * bColumn, bDepth, bColumn,
        k > 0 ? c : first, k > 0 ? outRow : startRow,
        c, outRow,
        rows, min(step, depth - k), min(BLOCK_COLUMNS, columns - n), watched && k + step >= depth,
      );
      k += step;
    } while (k < depth);
  }
}

/**
 * `c = start + a b` for a block that the workspace has room for; `start` at address 0 is 0. Adds the `squares` of
 * what it writes if they are wanted.
 */
function addBlock(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize, bColumn: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  rows: i32, depth: i32, columns: i32, squares: bool,
): void {
  let unsquared = c;
  const places = workspace + TILE_BYTES;
  const strip = places + PLACES_BYTES;
  const panels = strip + STRIP_BYTES;
  const inPlace = aDepth == 4;
  packPanels(b, bDepth, bColumn, panels, depth, columns);
  let left = rows;
  while (left > 0) {
    const height = left > TILE_ROWS && left <= 2 * LOW_ROWS ? LOW_ROWS : min(TILE_ROWS, left);
    if (!inPlace) packStrip(a, aRow, aDepth, strip, height, depth);
    // Rows that are missing are the last one again.
    for (let i: i32 = 0; i < TILE_ROWS; i++) {
      const row = <usize>min(i, height - 1);
      store<usize>(at(places, i), inPlace ? a + row * aRow : strip + (row << 2));
    }
    const step: usize = inPlace ? 4 : TILE_ROWS << 2;
    let panel = panels;
    for (let n: i32 = 0; n < columns; n += TILE_COLUMNS) {
      const from = start == 0 ? 0 : at(start, n);
      const to = at(c, n);
      const width = min(TILE_COLUMNS, columns - n);
      if (width == TILE_COLUMNS && height == TILE_ROWS) {
        addTile(places, step, panel, from, startRow, to, cRow, depth);
      } else if (width == TILE_COLUMNS && height == LOW_ROWS) {
        addLowTile(places, step, panel, from, startRow, to, cRow, depth);
      } else {
        addPartOfTile(height, width, places, step, panel, from, startRow, to, cRow, depth);
      }
      panel += <usize>depth * TILE_ROW_BYTES;
    }
    left -= height;
    a += <usize>height * aRow;
    if (start != 0) start += <usize>height * startRow;
    c += <usize>height * cRow;
    if (squares && (left == 0 || c - unsquared >= WATCHED_BYTES)) {
      addSquaresOf(unsquared, <i32>((c - unsquared) >> 2));
      unsquared = c;
    }
  }
}

/** Copies at most six rows: entry k of row i to `strip[k, i]`. */
function packStrip(a: usize, aRow: usize, aDepth: usize, strip: usize, rows: i32, depth: i32): void {
  if (ASC_FEATURE_SIMD && rows == TILE_ROWS && aRow == 4) {
    for (let k: i32 = 0; k < depth; k++) {
      v128.store(strip, v128.load(a));
      store<u64>(strip, load<u64>(a, 16), 16);
      a += aDepth;
      strip += TILE_ROWS << 2;
    }
    return;
  }
  for (let k: i32 = 0; k < depth; k++) {
    for (let i: i32 = 0; i < rows; i++) store<f32>(at(strip, i), load<f32>(a + <usize>i * aRow));
    a += aDepth;
    strip += TILE_ROWS << 2;
  }
}

/** Bytes of the panels of a matrix. */
// @ts-ignore: decorator of AssemblyScript
@inline
export function panelBytes(depth: i32, columns: i32): usize {
  return <usize>depth * <usize>((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) * TILE_ROW_BYTES;
}

/** Copies a matrix `[depth, columns]` into panels, the last one filled up with zeros. */
export function packPanels(b: usize, bDepth: usize, bColumn: usize, panels: usize, depth: i32, columns: i32): void {
  for (let n: i32 = 0; n < columns; n += TILE_COLUMNS) {
    packPanel(b, bDepth, bColumn, panels, depth, min(TILE_COLUMNS, columns - n));
    b += TILE_COLUMNS * bColumn;
    panels += <usize>depth * TILE_ROW_BYTES;
  }
}

function packPanel(b: usize, bDepth: usize, bColumn: usize, panel: usize, depth: i32, columns: i32): void {
  let k: i32 = 0;
  if (ASC_FEATURE_SIMD && columns == TILE_COLUMNS) {
    if (bColumn == 4) {
      for (; k < depth; k++) {
        v128.store(panel, v128.load(b));
        v128.store(panel, v128.load(b, 16), 16);
        b += bDepth;
        panel += TILE_ROW_BYTES;
      }
    } else if (bDepth == 4) {
      for (; k + 4 <= depth; k += 4) {
        transposeFour(b, bColumn, panel, TILE_ROW_BYTES);
        transposeFour(b + 4 * bColumn, bColumn, panel + 16, TILE_ROW_BYTES);
        b += 16;
        panel += 4 * TILE_ROW_BYTES;
      }
    }
  }
  for (; k < depth; k++) {
    for (let n: i32 = 0; n < TILE_COLUMNS; n++) {
      store<f32>(at(panel, n), n < columns ? load<f32>(b + <usize>n * bColumn) : 0);
    }
    b += bDepth;
    panel += TILE_ROW_BYTES;
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
  rows: i32, columns: i32,
  places: usize, step: usize, panel: usize,
  start: usize, startRow: usize,
  c: usize, cRow: usize,
  depth: i32,
): void {
  for (let m: i32 = 0; m < rows && start != 0; m++) {
    copyFew(start + <usize>m * startRow, workspace + <usize>m * TILE_ROW_BYTES, columns);
  }
  const from = start == 0 ? 0 : workspace;
  if (rows > LOW_ROWS) addTile(places, step, panel, from, TILE_ROW_BYTES, workspace, TILE_ROW_BYTES, depth);
  else addLowTile(places, step, panel, from, TILE_ROW_BYTES, workspace, TILE_ROW_BYTES, depth);
  for (let m: i32 = 0; m < rows; m++) copyFew(workspace + <usize>m * TILE_ROW_BYTES, c + <usize>m * cRow, columns);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function copyFew(from: usize, to: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++) store<f32>(at(to, i), load<f32>(at(from, i)));
}
