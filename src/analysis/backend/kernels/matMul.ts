import {
  _FusedMatMul,
  BatchMatMul,
  broadcast_util,
  Elu,
  LeakyRelu,
  Prelu,
  Relu,
  Relu6,
  Sigmoid,
  util,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { size, wasmKernel, type KernelCall } from './kernel';

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}
interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}
interface FusedOperands extends Operands {
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}
interface Fused extends Transposed {
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

/** The kernels of the activations that tfjs fuses with a product. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: Relu,
  relu6: Relu6,
  prelu: Prelu,
  leakyrelu: LeakyRelu,
  sigmoid: Sigmoid,
  elu: Elu,
};

/**
 * Matrix products by ./assembly/matMul.ts. tfjs's kernel (XNNPACK) has no fused multiply-add, copies its right operand
 * before each product, and is a naive loop where an operand is transposed, as in every backward pass of a dense layer.
 */
export function registerMatMul(): void {
  wasmKernel<Operands, Transposed>(BatchMatMul, (call, stock) => product(call, undefined) ?? stock());
  wasmKernel<FusedOperands, Fused>(_FusedMatMul, (call, stock) => {
    const { bias, preluActivationWeights: alpha } = call.inputs;
    const { activation, leakyreluAlpha } = call.attributes;
    const z = product(call, bias);
    if (z === null) return stock();
    if (activation === 'linear') return z;
    const inputs = alpha === undefined ? { x: z } : { x: z, alpha };
    const out = call.run(ACTIVATIONS[activation], inputs, { alpha: leakyreluAlpha ?? 0 });
    call.release(z);
    return out;
  });
}

/** Null for what the routine cannot do: other types, batches that are broadcast axis by axis, a bias of another length. */
function product(call: KernelCall<Operands, Transposed>, bias: TensorInfo | undefined): TensorInfo | null {
  const { a, b } = call.inputs;
  const { transposeA, transposeB } = call.attributes;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return null;
  const [aBatch, bBatch] = [a, b].map(({ shape }) => shape.slice(0, -2));
  const [aCount, bCount] = [aBatch, bBatch].map(util.sizeFromShape);
  if (!util.arraysEqual(aBatch, bBatch) && aCount !== 1 && bCount !== 1) return null;
  const [rows, depth] = matrix(a, transposeA);
  const [bDepth, columns] = matrix(b, transposeB);
  util.assert(depth === bDepth, () => `Matrices of shapes ${a.shape.join('x')} and ${b.shape.join('x')} do not fit.`);
  if (bias !== undefined && size(bias) !== columns) return null;
  const batch = broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const out = newOutput(call, batch, rows, columns);
  call.heap.matMul(
    call.pointer(a),
    call.pointer(b),
    bias === undefined ? 0 : call.pointer(bias),
    call.pointer(out),
    util.sizeFromShape(batch),
    rows,
    depth,
    columns,
    transposeA,
    transposeB,
    aCount === 1,
    bCount === 1,
  );
  return out;
}

/** Rows and columns of the matrix as it is multiplied. */
function matrix({ shape }: TensorInfo, transpose: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2);
  return transpose ? [columns, rows] : [rows, columns];
}

/**
 * The operations of tfjs add a batch axis of length 1 and remove it afterwards; the values are made with the shape that
 * they will have then, so that they need not be copied for the sake of their shape (./identity.ts).
 */
function newOutput(call: KernelCall<unknown, unknown>, batch: number[], rows: number, columns: number): TensorInfo {
  const shape = [...batch, rows, columns];
  const plain = util.sizeFromShape(batch) === 1 ? [rows, columns] : shape;
  return { ...call.output(plain), shape };
}
