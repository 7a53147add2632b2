import {
  add,
  engine,
  FusedBatchNorm,
  getBackend,
  getGradient,
  mul,
  onesLike,
  rsqrt,
  sub,
  sum,
  zerosLike,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { size, wasmKernel } from '../kernels/kernel';
import { writeGradient } from '../squares';
import { replaceGradient } from './gradient';

const CENTRED_PRODUCTS = 'SumCentredProducts';
const SCALE_CHANNELS = 'ScaleChannels';

interface Statistics {
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly offset: TensorInfo;
  readonly scale: TensorInfo;
}

/**
 * Batch normalisation `y = (x - mean) / sqrt(variance + epsilon) * scale + offset` with given statistics: a kernel in
 * place of tfjs's, which goes value by value, a gradient that does not, like tfjs's own, tile the statistics to the size
 * of x, and the cases in which tfjs fails.
 */
export function registerBatchNorm(): void {
  wasmKernel<Statistics & { x: TensorInfo }, { varianceEpsilon: number }>(FusedBatchNorm, (call) => {
    const { x, mean, variance, offset, scale } = call.inputs;
    const out = call.output(x.shape);
    const pointers = [x, mean, variance, offset, scale, out].map((tensor) => call.pointer(tensor));
    const channels = size(mean);
    const rows = channels === 0 ? 0 : size(x) / channels;
    call.heap.normalize(
      ...(pointers as [number, number, number, number, number, number]),
      rows,
      channels,
      call.attributes.varianceEpsilon,
    );
    return out;
  });

  wasmKernel<{ x: TensorInfo; dy: TensorInfo; mean: TensorInfo }, unknown>(CENTRED_PRODUCTS, (call) => {
    const { x, dy, mean } = call.inputs;
    const channels = size(mean);
    const out = call.output([channels]);
    const rows = channels === 0 ? 0 : size(x) / channels;
    const pointers = [x, dy, mean, out].map((tensor) => call.pointer(tensor)) as [number, number, number, number];
    call.heap.sumCentredProducts(...pointers, rows, channels);
    return out;
  });

  wasmKernel<{ dy: TensorInfo; factor: TensorInfo }, unknown>(SCALE_CHANNELS, (call) => {
    const { dy, factor } = call.inputs;
    const channels = size(factor);
    const out = call.output(dy.shape);
    const rows = channels === 0 ? 0 : size(dy) / channels;
    const pointers = [factor, dy, out].map((tensor) => call.pointer(tensor)) as [number, number, number];
    writeGradient(out.dataId, (squares) => call.heap.scaleChannels(...pointers, rows, channels, squares));
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
      const positions = x.shape.slice(0, -1).map((_, axis) => axis);
      const sums = (): Tensor => sum(gradient, positions);
      const products = (): Tensor => engine().runKernel(CENTRED_PRODUCTS, { x, dy: gradient, mean });
      return {
        x: () => engine().runKernel(SCALE_CHANNELS, { dy: gradient, factor }),
        mean: () => mul(-1, mul(factor, sums())),
        variance: () => mul(-0.5, mul(mul(factor, mul(inverse, inverse)), products())),
        scale: () => mul(inverse, products()),
        offset: () => sums(),
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
