import { allocate, free } from './allocate';

/** Rows that are summed before they are added to the total, which keeps float32 sums over many rows accurate. */
const ROW_BLOCK: i32 = 64;

/** `out[c] = sum over r of dy[r, c] (x[r, c] - mean[c])` for `x, dy: [rows, channels]`. */
export function sumCentredProducts(x: usize, dy: usize, mean: usize, out: usize, rows: i32, channels: i32): void {
  memory.fill(out, 0, <usize>channels << 2);
  const step = <usize>channels << 2;
  for (let start: i32 = 0; start < rows; start += ROW_BLOCK) {
    const count = min(ROW_BLOCK, rows - start);
    let c: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; c + 4 <= channels; c += 4) {
        const center = v128.load(at(mean, c));
        let sum = f32x4.splat(0);
        let xp = at(x, start * channels + c);
        let dyp = at(dy, start * channels + c);
        for (let row: i32 = 0; row < count; row++) {
          sum = madd(v128.load(dyp), f32x4.sub(v128.load(xp), center), sum);
          xp += step;
          dyp += step;
        }
        v128.store(at(out, c), f32x4.add(v128.load(at(out, c)), sum));
      }
    }
    for (; c < channels; c++) {
      const center = load<f32>(at(mean, c));
      let sum: f32 = 0;
      let xp = at(x, start * channels + c);
      let dyp = at(dy, start * channels + c);
      for (let row: i32 = 0; row < count; row++) {
        sum += load<f32>(dyp) * (load<f32>(xp) - center);
        xp += step;
        dyp += step;
      }
      store<f32>(at(out, c), load<f32>(at(out, c)) + sum);
    }
  }
}

/**
 * `y[r, c] = (x[r, c] - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + offset[c]` for `x, y: [rows, channels]`.
 */
export function normalize(
  x: usize, mean: usize, variance: usize, offset: usize, scale: usize, y: usize,
  rows: i32, channels: i32, epsilon: f32,
): void {
  const factor = allocate(<usize>channels << 2);
  for (let c: i32 = 0; c < channels; c++) {
    store<f32>(at(factor, c), load<f32>(at(scale, c)) / sqrt<f32>(load<f32>(at(variance, c)) + epsilon));
  }
  for (let row: i32 = 0; row < rows; row++) {
    let c: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; c + 4 <= channels; c += 4) {
        const centred = f32x4.sub(v128.load(at(x, c)), v128.load(at(mean, c)));
        v128.store(at(y, c), madd(centred, v128.load(at(factor, c)), v128.load(at(offset, c))));
      }
    }
    for (; c < channels; c++) {
      const centred = load<f32>(at(x, c)) - load<f32>(at(mean, c));
      store<f32>(at(y, c), centred * load<f32>(at(factor, c)) + load<f32>(at(offset, c)));
    }
    x = at(x, channels);
    y = at(y, channels);
  }
  free(factor);
}

/** `out[ids[r]] += x[r]` for `x: [rows, columns]`, int32 `ids: [rows]`, `out: [segments, columns]`; other ids are skipped. */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, columns: i32, segments: i32): void {
  memory.fill(out, 0, <usize>(segments * columns) << 2);
  for (let row: i32 = 0; row < rows; row++) {
    const id = load<i32>(at(ids, row));
    if (id < 0 || id >= segments) continue;
    const from = at(x, row * columns);
    const to = at(out, id * columns);
    let c: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      for (; c + 4 <= columns; c += 4) v128.store(at(to, c), f32x4.add(v128.load(at(to, c)), v128.load(at(from, c))));
    }
    for (; c < columns; c++) store<f32>(at(to, c), load<f32>(at(to, c)) + load<f32>(at(from, c)));
  }
}

/** `out[g, c] = sum over r of x[g, r, c]` for `x: [groups, rows, columns]`. */
export function sumRows(x: usize, out: usize, groups: i32, rows: i32, columns: i32): void {
  memory.fill(out, 0, <usize>(groups * columns) << 2);
  for (let group: i32 = 0; group < groups; group++) {
    const to = at(out, group * columns);
    for (let start: i32 = 0; start < rows; start += ROW_BLOCK) {
      addRows(at(x, (group * rows + start) * columns), to, min(ROW_BLOCK, rows - start), columns);
    }
  }
}

function addRows(x: usize, out: usize, rows: i32, columns: i32): void {
  const step = <usize>columns << 2;
  let c: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; c + 4 <= columns; c += 4) {
      let sum = f32x4.splat(0);
      let from = at(x, c);
      for (let row: i32 = 0; row < rows; row++) {
        sum = f32x4.add(sum, v128.load(from));
        from += step;
      }
      const to = at(out, c);
      v128.store(to, f32x4.add(v128.load(to), sum));
    }
  }
  for (; c < columns; c++) {
    let sum: f32 = 0;
    let from = at(x, c);
    for (let row: i32 = 0; row < rows; row++) {
      sum += load<f32>(from);
      from += step;
    }
    const to = at(out, c);
    store<f32>(to, load<f32>(to) + sum);
  }
}

/** `out[r, i, w] = x[r, starts[i] + w]` for `x: [rows, length]`, int32 `starts: [count]` and `out: [rows, count, width]`. */
export function gatherRuns(x: usize, rows: i32, length: i32, starts: usize, count: i32, width: i32, out: usize): void {
  for (let row: i32 = 0; row < rows; row++) {
    for (let i: i32 = 0; i < count; i++) {
      const from = at(x, load<i32>(at(starts, i)));
      let w: i32 = 0;
      if (ASC_FEATURE_SIMD) {
        for (; w + 4 <= width; w += 4) v128.store(at(out, w), v128.load(at(from, w)));
      }
      for (; w < width; w++) store<f32>(at(out, w), load<f32>(at(from, w)));
      out = at(out, width);
    }
    x = at(x, length);
  }
}

/** `out[r, copy] = x[r]` for `x: [rows, length]` and `out: [rows, copies, length]`. */
export function repeat(x: usize, out: usize, rows: i32, length: i32, copies: i32): void {
  const bytes = <usize>length << 2;
  for (let row: i32 = 0; row < rows; row++) {
    if (length == 1) fill(out, load<u32>(x), copies);
    else for (let copy: i32 = 0; copy < copies; copy++) memory.copy(out + <usize>copy * bytes, x, bytes);
    x += bytes;
    out += <usize>copies * bytes;
  }
}

function fill(out: usize, value: u32, count: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const values = i32x4.splat(value);
    for (; i + 4 <= count; i += 4) v128.store(at(out, i), values);
  }
  for (; i < count; i++) store<u32>(at(out, i), value);
}
