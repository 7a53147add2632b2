import { env } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import plainModule from './assembly/kernels.wasm';
import relaxedModule from './assembly/kernels.relaxed.wasm';
import simdModule from './assembly/kernels.simd.wasm';
import { compileRelaxed } from './relaxedSimd';

/** Byte offset into the heap of the wasm backend. */
export type Pointer = number;

/** Batch, input height, width, channels, output height, width, channels, filter height, width; strides; dilations; pads. */
export type Geometry = readonly number[];

/** Steps, samples, units; activation of the layer, of its gates. */
type CellSizes = readonly number[];

type WindowKernel = (first: Pointer, second: Pointer, out: Pointer, ...geometry: Geometry) => void;

/** The routines of ./assembly; their arguments and layouts are described there. */
export interface HeapKernels {
  matMul(
    a: Pointer,
    b: Pointer,
    bias: Pointer,
    out: Pointer,
    batch: number,
    rows: number,
    depth: number,
    columns: number,
    transposeA: boolean,
    transposeB: boolean,
    sharedA: boolean,
    sharedB: boolean,
    squares?: boolean,
  ): number;
  convolution(x: Pointer, filter: Pointer, bias: Pointer, y: Pointer, ...geometry: Geometry): void;
  convolutionFilterGradient: WindowKernel;
  convolutionInputGradient: WindowKernel;
  depthwiseConvolution: WindowKernel;
  depthwiseFilterGradient: WindowKernel;
  depthwiseInputGradient(squares: boolean, ...operands: Parameters<WindowKernel>): number;
  maxPoolGradient: WindowKernel;
  intervalGradient(
    x: Pointer,
    dy: Pointer,
    out: Pointer,
    size: number,
    low: number,
    high: number,
    squares: boolean,
  ): number;
  sigmoidGradient(y: Pointer, dy: Pointer, out: Pointer, size: number, squares: boolean): number;
  tanhGradient(y: Pointer, dy: Pointer, out: Pointer, size: number, squares: boolean): number;
  scaleChannels(factor: Pointer, dy: Pointer, out: Pointer, rows: number, channels: number, squares: boolean): number;
  sumCentredProducts(x: Pointer, dy: Pointer, mean: Pointer, out: Pointer, rows: number, channels: number): void;
  normalize(
    x: Pointer,
    mean: Pointer,
    variance: Pointer,
    offset: Pointer,
    scale: Pointer,
    y: Pointer,
    rows: number,
    channels: number,
    epsilon: number,
  ): void;
  layerNorm(
    x: Pointer,
    scale: Pointer,
    offset: Pointer,
    out: Pointer,
    rows: number,
    width: number,
    epsilon: number,
  ): void;
  layerNormGradient(
    x: Pointer,
    dy: Pointer,
    scale: Pointer,
    out: Pointer,
    rows: number,
    width: number,
    epsilon: number,
  ): void;
  layerNormScaleGradient(x: Pointer, dy: Pointer, out: Pointer, rows: number, width: number, epsilon: number): void;
  segmentSum(x: Pointer, ids: Pointer, out: Pointer, rows: number, columns: number, segments: number): void;
  sumRows(x: Pointer, out: Pointer, groups: number, rows: number, columns: number): void;
  gatherRuns(
    x: Pointer,
    rows: number,
    length: number,
    starts: Pointer,
    count: number,
    width: number,
    out: Pointer,
  ): void;
  repeat(x: Pointer, out: Pointer, rows: number, length: number, copies: number): void;
  swapAxes(x: Pointer, out: Pointer, rows: number, columns: number, length: number): void;
  activate(activation: number, z: Pointer, out: Pointer, size: number): void;
  simpleForward(gates: Pointer, kernel: Pointer, h: Pointer, argument: Pointer, ...sizes: CellSizes): void;
  simpleBackward(
    kernel: Pointer,
    h: Pointer,
    dh: Pointer,
    given: Pointer,
    dGates: Pointer,
    dArgument: Pointer,
    ...sizes: CellSizes
  ): void;
  lstmForward(gates: Pointer, kernel: Pointer, h: Pointer, c: Pointer, argument: Pointer, ...sizes: CellSizes): void;
  lstmBackward(
    gates: Pointer,
    kernel: Pointer,
    c: Pointer,
    dh: Pointer,
    dc: Pointer,
    given: Pointer,
    dGates: Pointer,
    dArgument: Pointer,
    scratch: Pointer,
    ...sizes: CellSizes
  ): void;
  gruForward(
    gates: Pointer,
    kernel: Pointer,
    bias: Pointer,
    h: Pointer,
    inner: Pointer,
    argument: Pointer,
    scratch: Pointer,
    ...sizes: CellSizes
  ): void;
  gruBackward(
    gates: Pointer,
    kernel: Pointer,
    h: Pointer,
    inner: Pointer,
    dh: Pointer,
    given: Pointer,
    dGates: Pointer,
    dArgument: Pointer,
    scratch: Pointer,
    ...sizes: CellSizes
  ): void;
  sweep(values: Pointer, rows: number, units: number, state: Pointer): void;
  sweepMoments(values: Pointer, rows: number, units: number, state: Pointer): void;
  seenRange(state: Pointer, units: number, out: Pointer): void;
  readonly pairTablesBytes: { readonly value: number };
  countBins(
    values: Pointer,
    size: number,
    scale: number,
    first: number,
    finite: boolean,
    counts: Pointer,
    tables: Pointer,
  ): void;
  sumSquares(values: Pointer, size: number, out: Pointer): void;
  sumLogisticDerivatives(values: Pointer, size: number, scale: number, out: Pointer): void;
  addDifferences(values: Pointer, rows: number, count: number, origin: Pointer, sums: Pointer, squares: Pointer): void;
  intervalSum(
    images: Pointer,
    count: number,
    bias: Pointer,
    out: Pointer,
    size: number,
    magnitudes: number,
    error: number,
    smallest: number,
  ): void;
  orderEnds(ends: Pointer, out: Pointer, size: number): void;
  countWithin(values: Pointer, size: number, low: number, high: number, out: Pointer): void;
  centre(rows: Pointer, count: number, width: number, transposed: boolean, mean: Pointer, out: Pointer): void;
  gram(vectors: Pointer, count: number, length: number, out: Pointer): void;
  symmetricEigenvalues(matrix: Pointer, n: number, eigenvalues: Pointer, scratch: Pointer): void;
  drawPairs(out: Pointer, pairs: number, state: number): void;
  drawUniform(out: Pointer, count: number, state: number, center: number, reach: number): void;
  drawNormal(out: Pointer, count: number, state: number, mean: number, deviation: number, share: number): void;
}

/** The part of the wasm backend's Emscripten module that its types leave out. */
interface WasmModule {
  readonly asm: { readonly memory: { readonly buffer: ArrayBuffer } };
  /** @returns the address as int32, negative above 2 GB. */
  readonly _malloc: (bytes: number) => number;
  readonly _free: (pointer: Pointer) => void;
}

export const wasmModule = (backend: BackendWasm): WasmModule => backend.wasm as unknown as WasmModule;

/** What the module exports beside the routines. */
interface Workspace {
  readonly workspace: { value: Pointer };
  readonly workspaceBytes: { readonly value: number };
  prepareExponential(): void;
}

const instances = new WeakMap<BackendWasm, HeapKernels>();

/** The routines, working on the memory of this backend. */
export function heapKernels(backend: BackendWasm): HeapKernels {
  let kernels = instances.get(backend);
  if (kernels === undefined) {
    kernels = instantiate(wasmModule(backend));
    instances.set(backend, kernels);
  }
  return kernels;
}

function instantiate({ asm: { memory }, _malloc: malloc, _free: free }: WasmModule): HeapKernels {
  const instance = new WebAssembly.Instance(kernelsModule(), { env: { memory, malloc, free } });
  const exported = instance.exports as HeapKernels & Workspace;
  exported.workspace.value = malloc(exported.workspaceBytes.value);
  exported.prepareExponential();
  return exported;
}

/** With SIMD exactly where tfjs itself uses it. */
function kernelsModule(): object {
  if (!env().getBool('WASM_HAS_SIMD_SUPPORT')) return new WebAssembly.Module(plainModule);
  return compileRelaxed(relaxedModule) ?? new WebAssembly.Module(simdModule);
}
