import {
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  Conv3D,
  conv3d,
  Conv3DBackpropFilterV2,
  Conv3DBackpropInputV2,
  DepthwiseConv2dNative,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  engine,
  FusedConv2D,
  getBackend,
  pad,
  reshape,
  slice,
  sum,
  type NamedAttrMap,
  type Tensor,
  type Tensor5D,
} from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

/**
 * Convolutions that tfjs refuses to differentiate: dilated ones, those with a bias as one kernel, and the transposed 3-D
 * convolution.
 *
 * The wasm kernels of ../kernels/convolution.ts know dilations. Elsewhere a convolution dilated by `d` is seen as an
 * ordinary one whose filter has `d - 1` zeros between its taps.
 */
export function registerConvolutionGradients(): void {
  replaceDilated(Conv2D, Conv2DBackpropInput, Conv2DBackpropFilter, 2, true);
  replaceDilated(FusedConv2D, Conv2DBackpropInput, Conv2DBackpropFilter, 2, true);
  replaceDilated(
    DepthwiseConv2dNative,
    DepthwiseConv2dNativeBackpropInput,
    DepthwiseConv2dNativeBackpropFilter,
    2,
    true,
  );
  replaceDilated(Conv3D, Conv3DBackpropInputV2, Conv3DBackpropFilterV2, 3, false);

  replaceGradient({
    kernelName: Conv3DBackpropInputV2,
    inputsToSave: ['dy', 'filter'],
    gradFunc: (gradient, saved, attributes) => {
      const [dy, filter] = saved as [Tensor5D, Tensor5D];
      const { strides, pad } = attributes as { strides: [number, number, number]; pad: 'valid' | 'same' };
      const filterShape = filter.shape;
      return {
        dy: () => conv3d(gradient as Tensor5D, filter, strides, pad),
        filter: () =>
          engine().runKernel(Conv3DBackpropFilterV2, { x: gradient as Tensor, dy }, { strides, pad, filterShape }),
      };
    },
  });
}

/** @param nativeOnWasm whether the wasm kernels take dilations. */
function replaceDilated(
  kernelName: string,
  inputKernel: string,
  filterKernel: string,
  spatialAxes: number,
  nativeOnWasm: boolean,
): void {
  replaceGradient({
    kernelName,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, saved, attributes) => {
      const [x, filter] = saved;
      const dilations = perAxis(attributes['dilations'] as number | number[] | null, spatialAxes);
      const native = nativeOnWasm && getBackend() === 'wasm';
      const widened = native ? dilations.map(() => 1) : dilations;
      const run = (kernel: string, inputs: Record<string, Tensor>, shapes: NamedAttrMap): Tensor =>
        engine().runKernel(kernel, inputs, { ...attributes, ...shapes, dilations: native ? dilations : 1 });
      return {
        x: () => {
          const taps = widened.reduce(widen, filter);
          return run(inputKernel, { dy: dy as Tensor, filter: taps }, { inputShape: x.shape });
        },
        filter: () => {
          const filterShape = filter.shape.map((length, axis) => (length - 1) * (widened[axis] ?? 1) + 1);
          return widened.reduce(thin, run(filterKernel, { x, dy: dy as Tensor }, { filterShape }));
        },
        // Only `FusedConv2D` has one, `[outChannels]`.
        bias: () => sum(dy as Tensor, [0, 1, 2]),
      };
    },
  });
}

/** Dilations may come as one number, and 1-D ones for 2-D axes. */
function perAxis(dilations: number | number[] | null, axes: number): number[] {
  if (Array.isArray(dilations)) return dilations.slice(-axes);
  return new Array<number>(axes).fill(dilations ?? 1);
}

/** Puts `step - 1` zeros between the entries along an axis. */
function widen(tensor: Tensor, step: number, axis: number): Tensor {
  if (step === 1) return tensor;
  const { before, length, after } = around(tensor, axis);
  const spread = pad(reshape(tensor, [before * length, 1, after]), [
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const size = (length - 1) * step + 1;
  const taps = slice(reshape(spread, [before, length * step, after]), [0, 0, 0], [before, size, after]);
  return reshape(taps, replaced(tensor.shape, axis, size));
}

/** Keeps every `step`-th entry along an axis: undoes `widen`. */
function thin(tensor: Tensor, step: number, axis: number): Tensor {
  if (step === 1) return tensor;
  const { before, length, after } = around(tensor, axis);
  const size = (length - 1) / step + 1;
  const whole = pad(reshape(tensor, [before, length, after]), [
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const taps = slice(reshape(whole, [before * size, step, after]), [0, 0, 0], [before * size, 1, after]);
  return reshape(taps, replaced(tensor.shape, axis, size));
}

function around({ shape }: Tensor, axis: number): { before: number; length: number; after: number } {
  const product = (lengths: number[]): number => lengths.reduce((a, b) => a * b, 1);
  return { before: product(shape.slice(0, axis)), length: shape[axis], after: product(shape.slice(axis + 1)) };
}

const replaced = (shape: number[], axis: number, length: number): number[] =>
  shape.map((old, i) => (i === axis ? length : old));
