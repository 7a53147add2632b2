/**
 * tfjs as it comes, for building and measuring the networks: nothing of the diagnosis takes part, so that a fault there
 * cannot hide itself in a label.
 */

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { LayerSpec, LayerType } from './networkSpec';

/** Layers whose gradients the wasm backend lacks or gets wrong (its MaxPoolGrad misroutes windows that are all <= 0). */
const CPU_GRADIENTS: ReadonlySet<LayerType> = new Set<LayerType>([
  'conv1d',
  'conv2d',
  'depthwiseConv2d',
  'embedding',
  'maxPooling2d',
  'averagePooling2d',
]);

/** The backend that can train these layers. */
export function trainingBackend(layers: readonly LayerSpec[]): 'cpu' | 'wasm' {
  const needsCpu = (spec: LayerSpec): boolean =>
    'residual' in spec ? spec.residual.some(needsCpu) : CPU_GRADIENTS.has(spec.layer);
  return layers.some(needsCpu) ? 'cpu' : 'wasm';
}

/** tfjs wants to hear of them once, before the backend starts. */
let pathsAreSet = false;

/** @param wasmFolder folder of the .wasm files, ending in a slash */
export async function usePlainBackend(name: 'cpu' | 'wasm', wasmFolder: string): Promise<void> {
  if (!pathsAreSet) setWasmPaths(wasmFolder);
  pathsAreSet = true;
  // In this mode tfjs writes no notices to the console; it changes nothing else.
  tf.env().set('PROD', true);
  if (!(await tf.setBackend(name))) throw new Error(`The ${name} backend of tfjs does not start.`);
}

/**
 * dLoss/dkernel of a convolution, about 200 times as fast as the kernel that comes with the cpu backend, which looks
 * every element up by its coordinates. NHWC, no dilation (tfjs has no gradient for dilated convolutions).
 */
function convolutionFilterGradient(x: Float32Array, dy: Float32Array, info: tf.backend_util.Conv2DInfo): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const gradient = new Float32Array(filterHeight * filterWidth * inChannels * outChannels);
  for (let sample = 0; sample < batchSize; sample++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const from = ((sample * outHeight + row) * outWidth + column) * outChannels;
        for (let i = 0; i < filterHeight; i++) {
          const y = row * strideHeight - padInfo.top + i;
          if (y < 0 || y >= inHeight) continue;
          for (let j = 0; j < filterWidth; j++) {
            const at = column * strideWidth - padInfo.left + j;
            if (at < 0 || at >= inWidth) continue;
            const seen = ((sample * inHeight + y) * inWidth + at) * inChannels;
            const tap = (i * filterWidth + j) * inChannels;
            for (let c = 0; c < inChannels; c++) {
              const value = x[seen + c];
              const to = (tap + c) * outChannels;
              for (let k = 0; k < outChannels; k++) gradient[to + k] += value * dy[from + k];
            }
          }
        }
      }
    }
  }
  return gradient;
}

interface FilterGradientAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: [number, number, number, number];
}

/** The part of the cpu backend that a kernel uses. */
interface CpuBackend {
  readSync(id: object): Float32Array;
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

/** Replaces the cpu backend's slow kernel; the other kernels stay as they come. */
export function registerFastFilterGradient(): void {
  tf.unregisterKernel(tf.Conv2DBackpropFilter, 'cpu');
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: 'cpu',
    kernelFunc({ inputs, backend, attrs }) {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
      const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs as unknown as FilterGradientAttributes;
      const cpu = backend as CpuBackend;
      const info = tf.backend_util.computeConv2DInfo(
        x.shape as [number, number, number, number],
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
        false,
        tf.backend_util.convertConv2DDataFormat(dataFormat),
      );
      const gradient = convolutionFilterGradient(cpu.readSync(x.dataId), cpu.readSync(dy.dataId), info);
      return cpu.makeTensorInfo(info.filterShape, 'float32', gradient);
    },
  });
}
