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
  Tile,
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
  wasmKernel<Operands, Transposed>(BatchMatMul, (call) => product(call, call.inputs.a, call.inputs.b, undefined));
  wasmKernel<FusedOperands, Fused>(_FusedMatMul, (call) => {
    const { a, b, bias, preluActivationWeights: alpha } = call.inputs;
    const { activation, leakyreluAlpha } = call.attributes;
    const [, columns] = matrix(b, call.attributes.transposeB);
    if (bias !== undefined && size(bias) !== columns)
      throw new Error(`A bias of shape [${bias.shape.join()}] does not fit ${columns} columns.`);
    const z = product(call, a, b, bias);
    if (activation === 'linear') return z;
    const inputs = alpha === undefined ? { x: z } : { x: z, alpha };
    const out = call.run(ACTIVATIONS[activation], inputs, { alpha: leakyreluAlpha ?? 0 });
    call.release(z);
    return out;
  });
}

/** `a b + bias`, matrix by matrix where there are batches; `bias: [columns]`. */
function product(
  call: KernelCall<unknown, Transposed>,
  a: TensorInfo,
  b: TensorInfo,
  bias: TensorInfo | undefined,
): TensorInfo {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') throw new Error('Only float32 matrices can be multiplied.');
  const { transposeA, transposeB } = call.attributes;
  const [rows, depth] = matrix(a, transposeA);
  const [sameDepth, columns] = matrix(b, transposeB);
  util.assert(depth === sameDepth, () => `Matrices of shapes [${a.shape.join()}] and [${b.shape.join()}] do not fit.`);
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const out = call.output([...batch, rows, columns]);
  if (size(out) === 0) return out;
  const left = spread(call, a, batch);
  const right = spread(call, b, batch);
  call.heap.matMul(
    call.pointer(left),
    call.pointer(right),
    bias === undefined ? 0 : call.pointer(bias),
    call.pointer(out),
    util.sizeFromShape(batch),
    rows,
    depth,
    columns,
    transposeA,
    transposeB,
    size(left) === rows * depth,
    size(right) === depth * columns,
  );
  call.release(left);
  call.release(right);
  return out;
}

/** Rows and columns of the matrix as it is multiplied. */
function matrix({ shape }: TensorInfo, transpose: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2);
  return transpose ? [columns, rows] : [rows, columns];
}

/** The operand with one matrix for the whole batch or one for each of its places; to be released. */
function spread(call: KernelCall<unknown, unknown>, x: TensorInfo, batch: number[]): TensorInfo {
  const own = x.shape.slice(0, -2);
  const count = util.sizeFromShape(own);
  if (count === 1 || count === util.sizeFromShape(batch)) return call.share(x);
  const padded = [...batch.slice(own.length).map(() => 1), ...own];
  const viewed = call.share(x, [...padded, ...x.shape.slice(-2)]);
  const out = call.run(Tile, { x: viewed }, { reps: [...batch.map((length, axis) => length / padded[axis]), 1, 1] });
  call.release(viewed);
  return out;
}
