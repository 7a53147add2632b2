/**
 * Gradients of depthwise convolutions. Tensors are laid out as in ./convolution.ts, with `outChannels = inChannels *
 * multiplier`; `filter, dw: [filterHeight, filterWidth, inChannels, multiplier]`.
 */

// @ts-ignore: decorator of AssemblyScript
@inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

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

/** `filter: [filterHeight, filterWidth, inChannels, multiplier]` with `outChannels = inChannels * multiplier`. */
export function depthwiseInputGradient(
  dy: usize, filter: usize, dx: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  memory.fill(dx, 0, <usize>(batch * height * width * inChannels) << 2);
  if (inChannels == 0) return;
  const multiplier = outChannels / inChannels;
  for (let b: i32 = 0; b < batch; b++) {
    for (let ih: i32 = 0; ih < height; ih++) {
      for (let kh: i32 = 0; kh < filterHeight; kh++) {
        const row = ih + padTop - kh * dilationHeight;
        if (row < 0 || row % strideHeight != 0) continue;
        const oh = row / strideHeight;
        if (oh >= outHeight) continue;
        for (let kw: i32 = 0; kw < filterWidth; kw++) {
          const offset = kw * dilationWidth - padLeft;
          const start = firstInside(offset, strideWidth);
          const end = endInside(offset, strideWidth, width, outWidth);
          const tap = at(filter, (kh * filterWidth + kw) * outChannels);
          for (let ow = start; ow < end; ow++) {
            const dyp = at(dy, ((b * outHeight + oh) * outWidth + ow) * outChannels);
            const dxp = at(dx, ((b * height + ih) * width + ow * strideWidth + offset) * inChannels);
            let c: i32 = 0;
            if (ASC_FEATURE_SIMD && multiplier == 1) {
              for (; c + 4 <= inChannels; c += 4) {
                const out = at(dxp, c);
                v128.store(out, madd(v128.load(at(dyp, c)), v128.load(at(tap, c)), v128.load(out)));
              }
            }
            for (; c < inChannels; c++) {
              const out = at(dxp, c);
              let sum = load<f32>(out);
              for (let m = c * multiplier; m < (c + 1) * multiplier; m++) sum += load<f32>(at(dyp, m)) * load<f32>(at(tap, m));
              store<f32>(out, sum);
            }
          }
        }
      }
    }
  }
}

