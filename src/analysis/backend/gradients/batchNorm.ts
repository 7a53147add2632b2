import {
  add,
  engine,
  FusedBatchNorm,
  getBackend,
  getGradient,
  mul,
  onesLike,
  reshape,
  rsqrt,
  slice,
  sub,
  zerosLike,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { size, wasmKernel } from '../kernels/kernel';
import { replaceGradient } from './gradient';

const CHANNEL_SUMS = 'ChannelSums';

type Statistics = Record<'x' | 'mean' | 'variance' | 'scale' | 'offset', TensorInfo>;

/**
 * Batch normalisation `y = (x - mean) / sqrt(variance + epsilon) * scale + offset` with given statistics: a kernel that
 * does not, like tfjs's own, take a root for every value, a gradient that does not tile the statistics to the size of x,
 * and the cases in which tfjs fails.
 */
export function registerBatchNorm(): void {
  wasmKernel<Statistics, { varianceEpsilon: number }>(FusedBatchNorm, (call) => {
    const { x, mean, variance, scale, offset } = call.inputs;
    const channels = size(mean);
    const factor = call.output(mean.shape);
    const out = call.output(x.shape);
    const [factors, variances, scales] = [factor, variance, scale].map((info) => call.values(info));
    for (let c = 0; c < channels; c++) factors[c] = scales[c] / Math.sqrt(variances[c] + call.attributes.varianceEpsilon);
    const rows = channels === 0 ? 0 : size(x) / channels;
    const [from, means, by, offsets, to] = [x, mean, factor, offset, out].map((info) => call.pointer(info));
    call.heap.normalizeChannels(from, means, by, offsets, to, rows, channels);
    call.release(factor);
    return out;
  });
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
      if (getBackend() !== 'wasm') return stock(dy, saved, attributes);
      const [x, mean, variance, scale] = saved;
      const gradient = dy as Tensor;
      const inverse = rsqrt(add(variance, attributes['varianceEpsilon'] as number));
      const factor = mul(inverse, scale);
      // [sum dy, sum dy (x - mean)] over everything but the channels.
      const sums: Tensor = engine().runKernel(CHANNEL_SUMS, { x, dy: gradient, mean });
      const row = (index: 0 | 1): Tensor => reshape(slice(sums, [index, 0], [1, mean.size]), mean.shape);
      return {
        x: () => mul(gradient, factor),
        mean: () => mul(-1, mul(factor, row(0))),
        variance: () => mul(-0.5, mul(mul(factor, mul(inverse, inverse)), row(1))),
        scale: () => mul(inverse, row(1)),
        offset: () => row(0),
      };
    },
  });
  completeKernel();
}

/**
 * Gives the kernel what it needs to be right. tfjs's tape cannot hold an absent scale or offset (`scale: false`,
 * `center: false`), so both are always given: 1 and 0 change nothing. And its kernels take statistics for those of the
 * last axis whatever their shape, so others (`axis: 1`) are applied by broadcasting.
 */
function completeKernel(): void {
  const running = engine();
  const stock = running.runKernel.bind(running);
  const normalize = (inputs: Record<string, Tensor>, epsilon: number): Tensor => {
    const { x, mean, variance } = inputs;
    const scale = inputs['scale'] ?? onesLike(mean);
    const offset = inputs['offset'] ?? zerosLike(mean);
    if (mean.rank === 1) return stock(FusedBatchNorm, { ...inputs, scale, offset }, { varianceEpsilon: epsilon });
    return add(mul(sub(x, mean), mul(rsqrt(add(variance, epsilon)), scale)), offset);
  };
  running.runKernel = <T extends Tensor | Tensor[]>(...[name, inputs, attributes]: Parameters<typeof stock>): T =>
    name === FusedBatchNorm
      ? (normalize(inputs, attributes!['varianceEpsilon'] as number) as T)
      : stock<T>(name, inputs, attributes);
}
