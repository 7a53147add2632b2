/**
 * 2-D convolutions and their gradients as products of matrices that are never written out: a row of the left one is
 * read where it lies, as runs of values at even steps. Four rows at a time meet panels of eight columns, which are
 * packed as in ./matMul.ts.
 *
 * Tensors are row-major, channels last: `x, dx: [batch, height, width, inChannels]`, `y, dy: [batch, outHeight,
 * outWidth, outChannels]`, `filter, dw: [filterHeight, filterWidth, inChannels, outChannels]`. The input row that
 * output row `oh` sees through filter row `kh` is `oh * strideHeight + kh * dilationHeight - padTop`; columns likewise.
 */
import { allocate, free } from './allocate';
import { BLOCK_DEPTH, packPanels, panelBytes } from './matMul';
import { addProduct, PANELS_BYTES, scatterProduct } from './runs';

// How the samples are read: each in a frame of zeros where the filter sees beyond it, else where they lie. In bytes.
let framed: bool = false;
let frameRow: usize = 0;
let frameSize: usize = 0;
/** Of the first value of a sample in its frame. */
let inside: usize = 0;
let sampleRow: usize = 0;
let sampleRows: i32 = 0;
/** Samples that are worked off together, so that few output positions still make a block. */
let group: i32 = 1;

function measureFrames(
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  const seenHeight = (outHeight - 1) * strideHeight + (filterHeight - 1) * dilationHeight + 1;
  const seenWidth = (outWidth - 1) * strideWidth + (filterWidth - 1) * dilationWidth + 1;
  framed = padTop > 0 || padLeft > 0 || seenHeight > height || seenWidth > width;
  frameRow = <usize>((framed ? max(seenWidth, padLeft + width) : width) * channels) << 2;
  frameSize = frameRow * (framed ? max(seenHeight, padTop + height) : height);
  inside = <usize>padTop * frameRow + (<usize>(padLeft * channels) << 2);
  sampleRow = <usize>(width * channels) << 2;
  sampleRows = height;
  group = max(1, min(batch, BLOCK_DEPTH / max(1, outHeight * outWidth)));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function framesBytes(): usize {
  return framed ? <usize>group * frameSize : 0;
}

/** Copies samples into their frames, or back. */
function copySamples(x: usize, frames: usize, samples: i32, back: bool): void {
  for (let s: i32 = 0; s < samples; s++) {
    let place = frames + inside + <usize>s * frameSize;
    for (let row: i32 = 0; row < sampleRows; row++) {
      if (back) memory.copy(x, place, sampleRow);
      else memory.copy(place, x, sampleRow);
      x += sampleRow;
      place += frameRow;
    }
  }
}

/** Writes the offsets of a grid of places, the innermost fastest. */
function listOffsets(
  table: usize, outer: i32, outerStep: usize, middle: i32, middleStep: usize, inner: i32, innerStep: usize,
): void {
  for (let o: i32 = 0; o < outer; o++) {
    for (let m: i32 = 0; m < middle; m++) {
      let offset = <usize>o * outerStep + <usize>m * middleStep;
      for (let i: i32 = 0; i < inner; i++) {
        store<usize>(table, offset);
        offset += innerStep;
        table += 4;
      }
    }
  }
}

/** `y = x * filter + bias`; no bias at address 0. */
export function convolution(
  x: usize, filter: usize, bias: usize, y: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  measureFrames(
    batch, height, width, inChannels, outHeight, outWidth, filterHeight, filterWidth,
    strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft,
  );
  const pixel = <usize>inChannels << 2;
  const positions = outHeight * outWidth;
  const depth = filterHeight * filterWidth * inChannels;
  const tableBytes = <usize>(group * positions) << 2;
  const frames = allocate(framesBytes() + tableBytes + panelBytes(depth, outChannels));
  const offsets = frames + framesBytes();
  const panels = offsets + tableBytes;
  const down = <usize>strideHeight * frameRow;
  const right = <usize>strideWidth * pixel;
  memory.fill(frames, 0, framesBytes());
  listOffsets(offsets, group, frameSize, outHeight, down, outWidth, right);
  packPanels(filter, <usize>outChannels << 2, 4, panels, depth, outChannels);
  // Without gaps between its columns, a row of the filter sees one run.
  const gaps = dilationWidth > 1;
  for (let b: i32 = 0; b < batch; b += group) {
    const samples = min(group, batch - b);
    if (framed) copySamples(x, frames, samples, false);
    addProduct(
      framed ? frames : x, offsets, samples * positions,
      filterHeight, <usize>dilationHeight * frameRow,
      gaps ? filterWidth : 1, <usize>dilationWidth * pixel,
      gaps ? inChannels : filterWidth * inChannels, 4,
      panels, outChannels, bias, 0, y,
    );
    x += <usize>(samples * height) * sampleRow;
    y += <usize>(samples * positions * outChannels) << 2;
  }
  free(frames);
}

/** `dw[kh, kw, ci, co] = sum of x dy` over all positions of all samples. */
export function convolutionFilterGradient(
  x: usize, dy: usize, dw: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  measureFrames(
    batch, height, width, inChannels, outHeight, outWidth, filterHeight, filterWidth,
    strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft,
  );
  const pixel = <usize>inChannels << 2;
  const dyStep = <usize>outChannels << 2;
  const taps = filterHeight * filterWidth * inChannels;
  // Positions that are summed before they are added to the total: of whole samples, of whole rows or of a part of one.
  const blockWidth = min(outWidth, BLOCK_DEPTH);
  const blockHeight = min(outHeight, max(1, BLOCK_DEPTH / max(1, outWidth)));
  const tableBytes = <usize>taps << 2;
  const frames = allocate(framesBytes() + tableBytes + panelBytes(group * blockHeight * blockWidth, outChannels));
  const offsets = frames + framesBytes();
  const panels = offsets + tableBytes;
  const down = <usize>strideHeight * frameRow;
  const right = <usize>strideWidth * pixel;
  memory.fill(frames, 0, framesBytes());
  memory.fill(dw, 0, <usize>taps * dyStep);
  listOffsets(
    offsets,
    filterHeight, <usize>dilationHeight * frameRow, filterWidth, <usize>dilationWidth * pixel, inChannels, 4,
  );
  for (let b: i32 = 0; b < batch; b += group) {
    const samples = min(group, batch - b);
    if (framed) copySamples(x, frames, samples, false);
    for (let oh: i32 = 0; oh < outHeight; oh += blockHeight) {
      for (let ow: i32 = 0; ow < outWidth; ow += blockWidth) {
        const rows = min(blockHeight, outHeight - oh);
        const columns = min(blockWidth, outWidth - ow);
        packPanels(dy, dyStep, 4, panels, samples * rows * columns, outChannels);
        addProduct(
          (framed ? frames : x) + <usize>oh * down + <usize>ow * right, offsets, taps,
          samples, frameSize, rows, down, columns, right,
          panels, outChannels, dw, dyStep, dw,
        );
        dy += <usize>(samples * rows * columns) * dyStep;
      }
    }
    x += <usize>(samples * height) * sampleRow;
  }
  free(frames);
}

/** `dx`: every output position adds `dy filter^T` to the patch that it saw. */
export function convolutionInputGradient(
  dy: usize, filter: usize, dx: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  padTop: i32, padLeft: i32,
): void {
  measureFrames(
    batch, height, width, inChannels, outHeight, outWidth, filterHeight, filterWidth,
    strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft,
  );
  const pixel = <usize>inChannels << 2;
  const dyStep = <usize>outChannels << 2;
  const positions = outHeight * outWidth;
  const gaps = dilationWidth > 1;
  const runs = gaps ? filterHeight * filterWidth : filterHeight;
  const run = gaps ? inChannels : filterWidth * inChannels;
  const runPanels = panelBytes(outChannels, run);
  const tableBytes = <usize>(group * positions) << 2;
  const frames = allocate(framesBytes() + 2 * tableBytes + (<usize>runs << 2) + <usize>runs * runPanels);
  const from = frames + framesBytes();
  const to = from + tableBytes;
  const starts = to + tableBytes;
  const panels = starts + (<usize>runs << 2);
  // Neighbours in this order are one above the other, so that the patches of a tile do not overlap within a run.
  listOffsets(from, group, <usize>positions * dyStep, outWidth, dyStep, outHeight, <usize>outWidth * dyStep);
  listOffsets(to, group, frameSize, outWidth, <usize>strideWidth * pixel, outHeight, <usize>strideHeight * frameRow);
  listOffsets(
    starts,
    1, 0, filterHeight, <usize>dilationHeight * frameRow, gaps ? filterWidth : 1, <usize>dilationWidth * pixel,
  );
  for (let r: i32 = 0; r < runs; r++) {
    packPanels(filter + <usize>(r * run) * dyStep, 4, dyStep, panels + <usize>r * runPanels, outChannels, run);
  }
  if (!framed) memory.fill(dx, 0, <usize>(batch * height) * sampleRow);
  const blockRuns = max<i32>(1, <i32>(PANELS_BYTES / max<usize>(1, runPanels)));
  for (let b: i32 = 0; b < batch; b += group) {
    const samples = min(group, batch - b);
    memory.fill(frames, 0, framesBytes());
    for (let r: i32 = 0; r < runs; r += blockRuns) {
      scatterProduct(
        dy, from, framed ? frames : dx, to, samples * positions, outChannels,
        panels + <usize>r * runPanels, starts + (<usize>r << 2), min(blockRuns, runs - r), run,
      );
    }
    if (framed) copySamples(dx, frames, samples, true);
    dx += <usize>(samples * height) * sampleRow;
    dy += <usize>(samples * positions) * dyStep;
  }
  free(frames);
}
