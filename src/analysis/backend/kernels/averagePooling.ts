import {
  AvgPool3DGrad,
  AvgPoolGrad,
  backend_util,
  getKernel,
  registerKernel,
  unregisterKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { wasmKernel } from './kernel';

type Three = readonly [number, number, number];

/** A pooling over three spatial axes: depth, height, width. */
interface Pooling {
  readonly batch: number;
  readonly channels: number;
  readonly inSize: Three;
  readonly outSize: Three;
  readonly window: Three;
  readonly strides: Three;
  readonly pads: Three;
}

interface Inputs {
  readonly dy: TensorInfo;
  readonly input: TensorInfo;
}
interface Attributes {
  readonly filterSize: never;
  readonly strides: never;
  readonly pad: never;
  readonly dimRoundingMode: never;
}

/**
 * The gradients of average pooling on both backends. tfjs's own divide by the size of the window where its forward
 * kernels divide by the number of values inside the input, and so are wrong along padded borders.
 */
export function registerAveragePoolGradients(): void {
  register(AvgPoolGrad, plane);
  register(AvgPool3DGrad, volume);
}

function register(kernelName: string, describe: (shape: number[], attributes: Attributes) => Pooling): void {
  wasmKernel<Inputs, Attributes>(kernelName, ({ backend, inputs: { dy, input }, attributes }) => {
    const values = gradient(backend.typedArrayFromHeap(dy) as Float32Array, describe(input.shape, attributes));
    return backend.makeOutput(input.shape, 'float32', undefined, values);
  });
  const stock = getKernel(kernelName, 'cpu');
  unregisterKernel(kernelName, 'cpu');
  registerKernel({
    ...stock,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { dy, input } = inputs as unknown as Inputs;
      const cpu = backend as MathBackendCPU;
      const pooling = describe(input.shape, attrs as unknown as Attributes);
      return cpu.makeTensorInfo(input.shape, 'float32', gradient(cpu.readSync(dy.dataId) as Float32Array, pooling));
    },
  });
}

/** `dx: [batch, depth, height, width, channels]` from `dy` of the output's size. */
function gradient(dy: Float32Array, pooling: Pooling): Float32Array {
  const { batch, channels, inSize, outSize } = pooling;
  const [depth, height, width] = inSize;
  const dx = new Float32Array(batch * depth * height * width * channels);
  const [planes, rows, columns] = [0, 1, 2].map((axis) => ranges(pooling, axis));
  let from = 0;
  for (let b = 0; b < batch; b++) {
    for (let od = 0; od < outSize[0]; od++) {
      for (let oh = 0; oh < outSize[1]; oh++) {
        for (let ow = 0; ow < outSize[2]; ow++) {
          const [d0, d1, h0, h1, w0, w1] = [...planes[od], ...rows[oh], ...columns[ow]];
          const share = 1 / ((d1 - d0) * (h1 - h0) * (w1 - w0));
          for (let d = d0; d < d1; d++) {
            for (let h = h0; h < h1; h++) {
              let to = (((b * depth + d) * height + h) * width + w0) * channels;
              for (let w = w0; w < w1; w++) {
                for (let c = 0; c < channels; c++) dx[to++] += share * dy[from + c];
              }
            }
          }
          from += channels;
        }
      }
    }
  }
  return dx;
}

/** For each output position along an axis the input positions `[start, end)` inside its window. */
function ranges({ inSize, outSize, window, strides, pads }: Pooling, axis: number): [number, number][] {
  return Array.from({ length: outSize[axis] }, (_, position) => {
    const start = position * strides[axis] - pads[axis];
    return [Math.max(0, start), Math.min(inSize[axis], start + window[axis])];
  });
}

function plane(shape: number[], { filterSize, strides, pad, dimRoundingMode }: Attributes): Pooling {
  const info = backend_util.computePool2DInfo(shape as never, filterSize, strides, 1, pad, dimRoundingMode);
  return {
    batch: info.batchSize,
    channels: info.inChannels,
    inSize: [1, info.inHeight, info.inWidth],
    outSize: [1, info.outHeight, info.outWidth],
    window: [1, info.filterHeight, info.filterWidth],
    strides: [1, info.strideHeight, info.strideWidth],
    pads: [0, info.padInfo.top, info.padInfo.left],
  };
}

function volume(shape: number[], { filterSize, strides, pad, dimRoundingMode }: Attributes): Pooling {
  const info = backend_util.computePool3DInfo(shape as never, filterSize, strides, 1, pad, dimRoundingMode);
  return {
    batch: info.batchSize,
    channels: info.inChannels,
    inSize: [info.inDepth, info.inHeight, info.inWidth],
    outSize: [info.outDepth, info.outHeight, info.outWidth],
    window: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    pads: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  };
}
