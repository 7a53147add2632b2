/**
 * The gradient of max pooling: sends each output's gradient to the first largest input of its window; NaNs never win,
 * and a window without a value above -Infinity passes nothing. Tensors are laid out as in ./convolution.ts, and
 * `outChannels` equals `inChannels`.
 */
export function maxPoolGradient(
  x: usize, dy: usize, dx: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  const pixel = <usize>inChannels << 2;
  const rowStep = <usize>(dilationHeight * width) * pixel;
  const columnStep = <usize>dilationWidth * pixel;
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let b: i32 = 0; b < batch; b++) {
    for (let oh: i32 = 0; oh < outHeight; oh++) {
      const top = oh * strideHeight - padTop;
      const kh = firstInside(top, dilationHeight);
      const rows = endInside(top, dilationHeight, height, filterHeight) - kh;
      const row = (b * height + top + kh * dilationHeight) * width;
      for (let ow: i32 = 0; ow < outWidth; ow++) {
        const left = ow * strideWidth - padLeft;
        const kw = firstInside(left, dilationWidth);
        const columns = endInside(left, dilationWidth, width, filterWidth) - kw;
        const corner = <usize>(row + left + kw * dilationWidth) * pixel;
        if (ASC_FEATURE_SIMD && inChannels >= 4) {
          for (let c: i32 = 0; c < inChannels; c += 4) {
            // The last four may begin among those before, whose lanes then pass nothing again.
            const first = min(c, inChannels - 4);
            const at = <usize>first << 2;
            const fresh = i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(c - first));
            const passed = v128.and(v128.load(dy + at), fresh);
            routeFour(x + corner + at, passed, dx + corner + at, rows, columns, rowStep, columnStep);
          }
        } else {
          for (let at: usize = 0; at < pixel; at += 4) {
            route(x + corner + at, load<f32>(dy + at), dx + corner + at, rows, columns, rowStep, columnStep);
          }
        }
        dy += pixel;
      }
    }
  }
}

/** The window of one channel. */
function route(x: usize, dy: f32, dx: usize, rows: i32, columns: i32, rowStep: usize, columnStep: usize): void {
  let largest: f32 = -Infinity;
  let winner: usize = 0;
  for (let row: i32 = 0; row < rows; row++) {
    let place = <usize>row * rowStep;
    for (let column: i32 = 0; column < columns; column++) {
      const value = load<f32>(x + place);
      if (value > largest) {
        largest = value;
        winner = dx + place;
      }
      place += columnStep;
    }
  }
  if (winner != 0) store<f32>(winner, load<f32>(winner) + dy);
}

/** The windows of four channels side by side. */
function routeFour(x: usize, dy: v128, dx: usize, rows: i32, columns: i32, rowStep: usize, columnStep: usize): void {
  const lowest = f32x4.splat(-Infinity);
  let largest = lowest;
  for (let row: i32 = 0; row < rows; row++) {
    let from = x + <usize>row * rowStep;
    for (let column: i32 = 0; column < columns; column++) {
      // Keeps the first operand beside a NaN.
      largest = f32x4.pmax(largest, v128.load(from));
      from += columnStep;
    }
  }
  let open = f32x4.gt(largest, lowest);
  for (let row: i32 = 0; row < rows; row++) {
    let place = <usize>row * rowStep;
    for (let column: i32 = 0; column < columns; column++) {
      const wins = v128.and(f32x4.eq(v128.load(x + place), largest), open);
      open = v128.andnot(open, wins);
      v128.store(dx + place, f32x4.add(v128.load(dx + place), v128.and(dy, wins)));
      place += columnStep;
    }
  }
}
