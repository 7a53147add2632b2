import {
  backend_util,
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  DepthwiseConv2dNative,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  FusedConv2D,
  MaxPoolGrad,
  util,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { Geometry } from '../heapKernels';
import { writeGradient } from '../squares';
import { size, wasmKernel, type KernelCall } from './kernel';

type Shape4 = [number, number, number, number];
type Pads = Parameters<typeof backend_util.computeConv2DInfo>[4];
type Rounding = 'floor' | 'round' | 'ceil' | undefined;

/** Attributes of the convolution gradients; tfjs passes no dilations, ../gradients/convolution.ts does. */
interface ConvolutionAttributes {
  readonly strides: [number, number] | number;
  readonly dilations?: [number, number] | number;
  readonly pad: Pads;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: Rounding;
}

interface Convolved {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly bias?: TensorInfo;
}

interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Pads;
  readonly dimRoundingMode?: Rounding;
}

/**
 * 2-D convolutions, pointwise ones as matrix products, depthwise ones, and the gradients of these and of max pooling, all
 * for channels-last tensors. tfjs's forward kernels (XNNPACK) have no fused multiply-add, and are wrong where
 * the stride of a convolution with 'same' padding is so long that it leaves out the input's end.
 */
export function registerConvolutionKernels(): void {
  wasmKernel<Convolved, ConvolutionAttributes>(Conv2D, (call, stock) => {
    const { x, filter } = call.inputs;
    return isChannelsLast(call) ? convolve(call, x, filter, undefined) : stock();
  });

  wasmKernel<Convolved, ConvolutionAttributes & { activation: string }>(FusedConv2D, (call, stock) => {
    const { x, filter, bias } = call.inputs;
    const plain = call.attributes.activation === 'linear' && (bias === undefined || size(bias) === filter.shape[3]);
    return plain && isChannelsLast(call) ? convolve(call, x, filter, bias) : stock();
  });

  wasmKernel<{ x: TensorInfo; dy: TensorInfo }, ConvolutionAttributes & { filterShape: Shape4 }>(
    Conv2DBackpropFilter,
    (call) => {
      const { x, dy } = call.inputs;
      const { filterShape } = call.attributes;
      requireChannelsLast(call.attributes, Conv2DBackpropFilter);
      const geometry = convolution(x.shape, filterShape, call.attributes, false);
      const out = call.output(filterShape);
      const [xp, dyp, outp] = [call.pointer(x), call.pointer(dy), call.pointer(out)];
      if (isPointwise(geometry)) {
        const [batch, height, width, inChannels, , , outChannels] = geometry;
        const positions = batch * height * width;
        call.heap.matMul(xp, dyp, 0, outp, 1, inChannels, positions, outChannels, true, false, false, false);
      } else {
        call.heap.convolutionFilterGradient(xp, dyp, outp, ...geometry);
      }
      return out;
    },
  );

  wasmKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvolutionAttributes & { inputShape: Shape4 }>(
    Conv2DBackpropInput,
    (call, stock) => {
      if (call.attributes.dataFormat === 'NCHW') return stock();
      const { dy, filter } = call.inputs;
      const { inputShape } = call.attributes;
      const geometry = convolution(inputShape, filter.shape, call.attributes, false);
      if (isPointwise(geometry)) return multiplyChannels(call, dy, filter, undefined, true);
      const out = call.output(inputShape);
      call.heap.convolutionInputGradient(call.pointer(dy), call.pointer(filter), call.pointer(out), ...geometry);
      return out;
    },
  );

  wasmKernel<Convolved, ConvolutionAttributes>(DepthwiseConv2dNative, (call, stock) => {
    if (!isChannelsLast(call)) return stock();
    const { x, filter } = call.inputs;
    const geometry = convolution(x.shape, filter.shape, call.attributes, true);
    const out = call.output(outputShape(geometry));
    call.heap.depthwiseConvolution(call.pointer(x), call.pointer(filter), call.pointer(out), ...geometry);
    return out;
  });

  wasmKernel<{ x: TensorInfo; dy: TensorInfo }, ConvolutionAttributes & { filterShape: Shape4 }>(
    DepthwiseConv2dNativeBackpropFilter,
    (call) => {
      const { x, dy } = call.inputs;
      const { filterShape } = call.attributes;
      const geometry = convolution(x.shape, filterShape, call.attributes, true);
      const out = call.output(filterShape);
      call.heap.depthwiseFilterGradient(call.pointer(x), call.pointer(dy), call.pointer(out), ...geometry);
      return out;
    },
  );

  wasmKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvolutionAttributes & { inputShape: Shape4 }>(
    DepthwiseConv2dNativeBackpropInput,
    (call) => {
      const { dy, filter } = call.inputs;
      const { inputShape } = call.attributes;
      const geometry = convolution(inputShape, filter.shape, call.attributes, true);
      const out = call.output(inputShape);
      const pointers = [dy, filter, out].map((tensor) => call.pointer(tensor)) as [number, number, number];
      writeGradient(out.dataId, (squares) => call.heap.depthwiseInputGradient(squares, ...pointers, ...geometry));
      return out;
    },
  );

  // tfjs's own starts its search at the smallest positive number and so misroutes windows without positive values.
  wasmKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes>(MaxPoolGrad, (call) => {
    const { dy, input } = call.inputs;
    const { filterSize, strides, pad, dimRoundingMode } = call.attributes;
    const shape = input.shape as Shape4;
    const geometry = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const out = call.output(shape);
    call.heap.maxPoolGradient(call.pointer(input), call.pointer(dy), call.pointer(out), ...arrange(geometry));
    return out;
  });
}

function convolution(
  input: number[],
  filter: number[],
  attributes: ConvolutionAttributes,
  depthwise: boolean,
): Geometry {
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  return arrange(
    backend_util.computeConv2DInfo(
      input as Shape4,
      filter as Shape4,
      strides,
      dilations ?? 1,
      pad,
      dimRoundingMode,
      depthwise,
    ),
  );
}

function arrange(info: backend_util.Conv2DInfo): Geometry {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}

const outputShape = ([batch, , , , outHeight, outWidth, outChannels]: Geometry): number[] => [
  batch,
  outHeight,
  outWidth,
  outChannels,
];

/** Whether each output position sees the input at the same position, and nothing else. */
function isPointwise(geometry: Geometry): boolean {
  const [, height, width, , outHeight, outWidth, , filterHeight, filterWidth] = geometry;
  return filterHeight === 1 && filterWidth === 1 && height === outHeight && width === outWidth;
}

function isChannelsLast({ attributes }: KernelCall<Convolved, ConvolutionAttributes>): boolean {
  return attributes.dataFormat !== 'NCHW';
}

function convolve(
  call: KernelCall<unknown, ConvolutionAttributes>,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
): TensorInfo {
  const geometry = convolution(x.shape, filter.shape, call.attributes, false);
  if (isPointwise(geometry)) return multiplyChannels(call, x, filter, bias, false);
  const out = call.output(outputShape(geometry));
  const [xp, filterp, outp] = [x, filter, out].map((tensor) => call.pointer(tensor));
  const biasp = bias === undefined ? 0 : call.pointer(bias);
  call.heap.convolution(xp, filterp, biasp, outp, ...geometry);
  return out;
}

/** Each position's channels times the filter `[1, 1, inChannels, outChannels]`, or times that transposed. */
function multiplyChannels(
  call: KernelCall<unknown, unknown>,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  transposed: boolean,
): TensorInfo {
  const [depth, columns] = transposed ? [filter.shape[3], filter.shape[2]] : [filter.shape[2], filter.shape[3]];
  const positions = x.shape.slice(0, -1);
  const out = call.output([...positions, columns]);
  const [xp, filterp, outp] = [x, filter, out].map((tensor) => call.pointer(tensor));
  const biasp = bias === undefined ? 0 : call.pointer(bias);
  const rows = util.sizeFromShape(positions);
  const multiply = (squares: boolean): number =>
    call.heap.matMul(xp, filterp, biasp, outp, 1, rows, depth, columns, false, transposed, false, false, squares);
  // Transposed, it is a gradient that goes on to the layer before.
  if (transposed) writeGradient(out.dataId, multiply);
  else multiply(false);
  return out;
}

function requireChannelsLast({ dataFormat }: ConvolutionAttributes, kernelName: string): void {
  if (dataFormat === 'NCHW') throw new Error(`${kernelName} supports channels-last tensors only.`);
}
