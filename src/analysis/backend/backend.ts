import { env, getBackend, setBackend, unregisterKernel } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { cpuFallbackKernel } from './cpuFallback';

/** Kernels of differentiable layers that tfjs 4.22.0 lacks on wasm. */
const MISSING_ON_WASM = [
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNativeBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'Einsum',
  'UnsortedSegmentSum',
];

let started: Promise<void> | null = null;

/**
 * Starts tfjs on its wasm backend, with every kernel that the gradients of tfjs layers need; on the cpu backend where
 * WebAssembly is missing. Further calls return the first call's promise.
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
  for (const name of MISSING_ON_WASM) cpuFallbackKernel(name);
  unregisterKernel('MaxPoolGrad', 'wasm');
  cpuFallbackKernel('MaxPoolGrad');
  setWasmPaths(wasmFolder);
  if (!('WebAssembly' in globalThis) || !(await setBackend('wasm'))) await setBackend('cpu');
}
