/**
 * Depthwise convolutions and their gradients. Tensors are laid out as in ./convolution.ts, with `outChannels =
 * inChannels * multiplier`; `filter, dw: [filterHeight, filterWidth, inChannels, multiplier]`.
 */
import { allocate, free } from './allocate';
import { addSquaresOf, allSquares, startSquares } from './squares';

/** `dw: [filterHeight, filterWidth, inChannels, multiplier]` with `outChannels = inChannels * multiplier`. */
export function depthwiseFilterGradient(
  x: usize, dy: usize, dw: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  memory.fill(dw, 0, <usize>(filterHeight * filterWidth * outChannels) << 2);
  if (inChannels == 0) return;
  const multiplier = outChannels / inChannels;
  const xStep = <usize>(strideWidth * inChannels) << 2;
  const dyStep = <usize>outChannels << 2;
  for (let b: i32 = 0; b < batch; b++) {
    for (let oh: i32 = 0; oh < outHeight; oh++) {
      for (let kh: i32 = 0; kh < filterHeight; kh++) {
        const ih = oh * strideHeight + kh * dilationHeight - padTop;
        if (ih < 0 || ih >= height) continue;
        for (let kw: i32 = 0; kw < filterWidth; kw++) {
          const offset = kw * dilationWidth - padLeft;
          const start = firstInside(offset, strideWidth);
          const count = endInside(offset, strideWidth, width, outWidth) - start;
          const xRow = at(x, ((b * height + ih) * width + start * strideWidth + offset) * inChannels);
          const dyRow = at(dy, ((b * outHeight + oh) * outWidth + start) * outChannels);
          const tap = at(dw, (kh * filterWidth + kw) * outChannels);
          let c: i32 = 0;
          if (ASC_FEATURE_SIMD && multiplier == 1) {
            for (; c + 16 <= outChannels; c += 16) dotColumns16(at(xRow, c), xStep, at(dyRow, c), dyStep, at(tap, c), count);
            for (; c + 4 <= outChannels; c += 4) dotColumns4(at(xRow, c), xStep, at(dyRow, c), dyStep, at(tap, c), count);
          }
          for (; c < outChannels; c++) {
            let sum: f32 = 0;
            let xp = at(xRow, c / multiplier);
            let dyp = at(dyRow, c);
            for (let o: i32 = 0; o < count; o++) {
              sum += load<f32>(xp) * load<f32>(dyp);
              xp += xStep;
              dyp += dyStep;
            }
            const out = at(tap, c);
            store<f32>(out, load<f32>(out) + sum);
          }
        }
      }
    }
  }
}

function dotColumns16(x: usize, xStep: usize, dy: usize, dyStep: usize, out: usize, count: i32): void {
  let s0 = v128.load(out), s1 = v128.load(out, 16), s2 = v128.load(out, 32), s3 = v128.load(out, 48);
  for (let o: i32 = 0; o < count; o++) {
    s0 = madd(v128.load(x), v128.load(dy), s0);
    s1 = madd(v128.load(x, 16), v128.load(dy, 16), s1);
    s2 = madd(v128.load(x, 32), v128.load(dy, 32), s2);
    s3 = madd(v128.load(x, 48), v128.load(dy, 48), s3);
    x += xStep;
    dy += dyStep;
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

function dotColumns4(x: usize, xStep: usize, dy: usize, dyStep: usize, out: usize, count: i32): void {
  let sum = v128.load(out);
  for (let o: i32 = 0; o < count; o++) {
    sum = madd(v128.load(x), v128.load(dy), sum);
    x += xStep;
    dy += dyStep;
  }
  v128.store(out, sum);
}

/** `y`: each output position sums, channel by channel, what it sees of x times the filter. */
export function depthwiseConvolution(
  x: usize, filter: usize, y: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  const pixel = <usize>inChannels << 2;
  const tap = <usize>outChannels << 2;
  const rows = allocate(tapsBytes(outHeight, filterHeight) + tapsBytes(outWidth, filterWidth));
  const columns = rows + tapsBytes(outHeight, filterHeight);
  listTaps(
    rows, outHeight, filterHeight, <usize>filterWidth * tap, height, <usize>width * pixel,
    strideHeight, dilationHeight, padTop, false,
  );
  listTaps(columns, outWidth, filterWidth, tap, width, pixel, strideWidth, dilationWidth, padLeft, false);
  for (let b: i32 = 0; b < batch; b++) {
    sumTaps(
      x, filter, y, rows, outHeight, filterHeight, columns, outWidth, filterWidth,
      outChannels, inChannels == 0 ? 1 : outChannels / inChannels, 1, false,
    );
    x += <usize>(height * width) * pixel;
    y += <usize>(outHeight * outWidth) * tap;
  }
  free(rows);
}

/**
 * `dx`: each input position sums, channel by channel, the `dy` of those that see it times the filter. Answers the sum of
 * squares of what it writes if `squares` are wanted, as the gradients of ./gradients.ts do.
 */
export function depthwiseInputGradient(
  squares: bool, dy: usize, filter: usize, dx: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): f64 {
  startSquares();
  const tap = <usize>outChannels << 2;
  const rows = allocate(tapsBytes(height, filterHeight) + tapsBytes(width, filterWidth));
  const columns = rows + tapsBytes(height, filterHeight);
  listTaps(
    rows, height, filterHeight, <usize>filterWidth * tap, outHeight, <usize>outWidth * tap,
    strideHeight, dilationHeight, padTop, true,
  );
  listTaps(columns, width, filterWidth, tap, outWidth, tap, strideWidth, dilationWidth, padLeft, true);
  for (let b: i32 = 0; b < batch; b++) {
    sumTaps(
      dy, filter, dx, rows, height, filterHeight, columns, width, filterWidth,
      inChannels, 1, inChannels == 0 ? 1 : outChannels / inChannels, squares,
    );
    dy += <usize>(outHeight * outWidth) * tap;
    dx += <usize>(height * width * inChannels) << 2;
  }
  free(rows);
  return allSquares();
}

// @ts-ignore: decorator of AssemblyScript
@inline
function tapBytes(taps: i32): usize {
  return <usize>(1 + 2 * taps) << 2;
}

// @ts-ignore: decorator of AssemblyScript
@inline
function tapsBytes(places: i32, taps: i32): usize {
  return <usize>places * tapBytes(taps);
}

/**
 * Writes for every place along an axis how many taps of the filter meet one of the `size` places on the other side, and
 * of each the offset of that place and its own. `transposed` is from the input to the output.
 */
function listTaps(
  table: usize, places: i32, taps: i32, tapStep: usize, size: i32, sizeStep: usize,
  stride: i32, dilation: i32, pad: i32, transposed: bool,
): void {
  for (let place: i32 = 0; place < places; place++) {
    let count: i32 = 0;
    for (let tap: i32 = 0; tap < taps; tap++) {
      let other = transposed ? place + pad - tap * dilation : place * stride + tap * dilation - pad;
      if (transposed) {
        if (other % stride != 0) continue;
        other /= stride;
      }
      if (other < 0 || other >= size) continue;
      const to = table + tapBytes(count);
      store<usize>(to, <usize>other * sizeStep);
      store<usize>(to, <usize>tap * tapStep, 4);
      count++;
    }
    store<i32>(table, count);
    table += tapBytes(taps);
  }
}

/**
 * Fills `out: [height, width, channels]`, whose channel c sums `depth` channels of the filter, from the `c * depth`-th
 * on, times those of `from`, from the `c * depth / spread`-th on. Adds the squares of what it writes, if wanted.
 */
function sumTaps(
  from: usize, filter: usize, out: usize,
  rows: usize, height: i32, filterHeight: i32, columns: usize, width: i32, filterWidth: i32,
  channels: i32, spread: i32, depth: i32, squares: bool,
): void {
  for (let row: i32 = 0; row < height; row++) {
    let column = columns;
    const start = out;
    for (let place: i32 = 0; place < width; place++) {
      let c: i32 = 0;
      if (ASC_FEATURE_SIMD && spread * depth == 1 && channels >= 4) {
        for (; c + 16 <= channels; c += 16) sumSixteen(at(from, c), at(filter, c), at(out, c), rows, column);
        for (; c < channels; c += 4) {
          // The last four may begin among those before.
          const first = min(c, channels - 4);
          sumFour(at(from, first), at(filter, first), at(out, first), rows, column);
        }
      }
      for (; c < channels; c++) {
        let sum: f32 = 0;
        for (let d: i32 = 0; d < depth; d++) {
          sum += sumOne(at(from, c * depth / spread + d), at(filter, c * depth + d), rows, column);
        }
        store<f32>(at(out, c), sum);
      }
      out = at(out, channels);
      column += tapBytes(filterWidth);
    }
    if (squares) addSquaresOf(start, width * channels);
    rows += tapBytes(filterHeight);
  }
}

function sumSixteen(from: usize, filter: usize, out: usize, rows: usize, columns: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  const rowsEnd = rows + tapBytes(load<i32>(rows));
  const columnsEnd = columns + tapBytes(load<i32>(columns));
  for (let row = rows + 4; row < rowsEnd; row += 8) {
    const fromRow = from + load<usize>(row);
    const filterRow = filter + load<usize>(row, 4);
    for (let column = columns + 4; column < columnsEnd; column += 8) {
      const value = fromRow + load<usize>(column);
      const tap = filterRow + load<usize>(column, 4);
      s0 = madd(v128.load(value), v128.load(tap), s0);
      s1 = madd(v128.load(value, 16), v128.load(tap, 16), s1);
      s2 = madd(v128.load(value, 32), v128.load(tap, 32), s2);
      s3 = madd(v128.load(value, 48), v128.load(tap, 48), s3);
    }
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

function sumFour(from: usize, filter: usize, out: usize, rows: usize, columns: usize): void {
  let sum = f32x4.splat(0);
  const rowsEnd = rows + tapBytes(load<i32>(rows));
  const columnsEnd = columns + tapBytes(load<i32>(columns));
  for (let row = rows + 4; row < rowsEnd; row += 8) {
    const fromRow = from + load<usize>(row);
    const filterRow = filter + load<usize>(row, 4);
    for (let column = columns + 4; column < columnsEnd; column += 8) {
      sum = madd(v128.load(fromRow + load<usize>(column)), v128.load(filterRow + load<usize>(column, 4)), sum);
    }
  }
  v128.store(out, sum);
}

function sumOne(from: usize, filter: usize, rows: usize, columns: usize): f32 {
  let sum: f32 = 0;
  const rowsEnd = rows + tapBytes(load<i32>(rows));
  const columnsEnd = columns + tapBytes(load<i32>(columns));
  for (let row = rows + 4; row < rowsEnd; row += 8) {
    const fromRow = from + load<usize>(row);
    const filterRow = filter + load<usize>(row, 4);
    for (let column = columns + 4; column < columnsEnd; column += 8) {
      sum += load<f32>(fromRow + load<usize>(column)) * load<f32>(filterRow + load<usize>(column, 4));
    }
  }
  return sum;
}
