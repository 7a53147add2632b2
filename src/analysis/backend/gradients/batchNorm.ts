import {
  add,
  engine,
  FusedBatchNorm,
  getBackend,
  getGradient,
  mul,
  reshape,
  rsqrt,
  slice,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { wasmKernel, size } from '../kernels/kernel';
import { replaceGradient } from './gradient';

const CHANNEL_SUMS = 'ChannelSums';

/**
 * The gradient of batch normalisation `y = (x - mean) / sqrt(variance + epsilon) * scale + offset` with given per-channel
 * statistics. tfjs's own tiles the statistics to the size of x.
 */
export function registerBatchNormGradient(): void {
  wasmKernel<{ x: TensorInfo; dy: TensorInfo; mean: TensorInfo }, unknown>(CHANNEL_SUMS, (call) => {
    const { x, dy, mean } = call.inputs;
    const channels = size(mean);
    const out = call.output([2, channels]);
    const rows = channels === 0 ? 0 : size(x) / channels;
    const pointers = [x, dy, mean, out].map((tensor) => call.pointer(tensor)) as [number, number, number, number];
    call.heap.channelSums(...pointers, rows, channels);
    return out;
  });

  const stock = getGradient(FusedBatchNorm).gradFunc;
  replaceGradient({
    kernelName: FusedBatchNorm,
    inputsToSave: ['x', 'mean', 'variance', 'scale'],
    gradFunc: (dy, saved, attributes) => {
      const [x, mean, variance, scale] = saved;
      if (mean.rank !== 1 || getBackend() !== 'wasm') return stock(dy, saved, attributes);
      const gradient = dy as Tensor;
      const inverse = rsqrt(add(variance, attributes['varianceEpsilon'] as number));
      const factor = scale == null ? inverse : mul(inverse, scale);
      // [sum dy, sum dy (x - mean)] over everything but the channels.
      const sums = (): Tensor => engine().runKernel(CHANNEL_SUMS, { x, dy: gradient, mean });
      const row = (index: 0 | 1): Tensor => reshape(slice(sums(), [index, 0], [1, mean.size]), mean.shape);
      return {
        x: () => mul(gradient, factor),
        mean: () => mul(-1, mul(factor, row(0))),
        variance: () => mul(-0.5, mul(mul(factor, mul(inverse, inverse)), row(1))),
        scale: () => mul(inverse, row(1)),
        offset: () => row(0),
      };
    },
  });
}
