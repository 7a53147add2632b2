import { env, getBackend, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { completeConvolutionLayers } from './convolutionLayers';
import { cpuFallbackKernel } from './cpuFallback';
import { speedDenseLayers } from './denseLayers';
import { registerActivationGradients } from './gradients/activation';
import { registerBatchNorm } from './gradients/batchNorm';
import { registerBroadcastGradients } from './gradients/broadcast';
import { registerComparisonGradients } from './gradients/comparison';
import { registerConvolutionGradients } from './gradients/convolution';
import { registerEinsumGradient } from './gradients/einsum';
import { registerResizingGradients } from './gradients/resizing';
import { registerLayerNormKernels, speedLayerNormalization } from './layerNormalization';
import { shareSavedTensors } from './gradients/savedTensors';
import { registerSelectionGradients } from './gradients/selection';
import { registerTileGradient } from './gradients/tile';
import { registerUnpackGradients } from './gradients/unpack';
import { registerAveragePoolGradients } from './kernels/averagePooling';
import { registerConvolutionKernels } from './kernels/convolution';
import { registerCpuDraws, registerDraws } from './kernels/draws';
import { registerEinsum } from './kernels/einsum';
import { registerIdentity } from './kernels/identity';
import { registerIntervals } from './kernels/intervals';
import { registerMatMul } from './kernels/matMul';
import { registerCpuResizeNearestNeighborGradient } from './kernels/resizeNearestNeighbor';
import { registerSegmentSum } from './kernels/segmentSum';
import { registerSlice } from './kernels/slice';
import { registerSum } from './kernels/sum';
import { registerTile } from './kernels/tile';

/**
 * Kernels of tfjs 4.22.0 that give wrong numbers on wasm: the gradients of 3-D convolutions, and 3-D max pooling of
 * windows without positive values.
 */
const WRONG_ON_WASM = ['Conv3DBackpropFilterV2', 'Conv3DBackpropInputV2', 'MaxPool3D', 'MaxPool3DGrad'];

let started: Promise<void> | null = null;

/**
 * Starts tfjs on its wasm backend, with every kernel that the gradients of tfjs layers need, or on the cpu backend
 * where WebAssembly cannot be used. Further calls return the first call's promise.
 *
 * @param wasmFolder path or URL of the folder with tfjs's .wasm files, ending in a slash.
 */
export function startBackend(wasmFolder: string): Promise<void> {
  return (started ??= start(wasmFolder));
}

/** 'wasm' or 'cpu'; call after `startBackend`. */
export function backendName(): string {
  return getBackend();
}

async function start(wasmFolder: string): Promise<void> {
  // In this mode tfjs writes no notices to the console; it changes nothing else.
  env().set('PROD', true);
  completeConvolutionLayers();
  speedDenseLayers();
  speedLayerNormalization();
  registerGradients();
  registerAveragePoolGradients();
  registerCpuResizeNearestNeighborGradient();
  registerCpuDraws();
  if ('WebAssembly' in globalThis) {
    registerWasmKernels();
    setWasmPaths(wasmFolder);
    if (await setBackend('wasm')) return;
  }
  await setBackend('cpu');
}

function registerWasmKernels(): void {
  for (const kernelName of WRONG_ON_WASM) cpuFallbackKernel(kernelName);
  registerIdentity();
  registerIntervals();
  registerLayerNormKernels();
  registerMatMul();
  registerConvolutionKernels();
  registerDraws();
  registerSegmentSum();
  registerEinsum();
  registerSlice();
  registerSum();
  registerTile();
}

function registerGradients(): void {
  registerActivationGradients();
  registerBatchNorm();
  registerBroadcastGradients();
  registerComparisonGradients();
  registerConvolutionGradients();
  registerEinsumGradient();
  registerResizingGradients();
  registerSelectionGradients();
  registerTileGradient();
  registerUnpackGradients();
  shareSavedTensors();
}
