import { _FusedMatMul, BatchMatMul, type TensorInfo } from '@tensorflow/tfjs-core';
import { size, wasmKernel, type KernelCall } from './kernel';

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}
interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Matrix products with a transposed operand, which every backward pass of a dense layer needs and for which tfjs's
 * kernel is a naive loop. Products of untransposed matrices stay with tfjs (XNNPACK).
 */
export function registerMatMul(): void {
  wasmKernel<Operands, Transposed>(BatchMatMul, (call, stock) => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attributes;
    const plain = !transposeA && !transposeB;
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || size(a) === 0 || size(b) === 0) return stock();
    if (plain) return withMatrixOfItsOwn(call, stock);
    if (transposeA && !transposeB && sameBatch(a, b)) return productOfTransposedA(call);
    const left = transposeA ? transposed(call, a) : call.share(a);
    const right = transposeB ? transposed(call, b) : call.share(b);
    const out = call.run(BatchMatMul, { a: left, b: right }, { transposeA: false, transposeB: false });
    call.release(left);
    call.release(right);
    return out;
  });
  wasmKernel<Operands, unknown>(_FusedMatMul, withMatrixOfItsOwn);
}

/**
 * tfjs keeps the operator that it makes for a right operand under the number of the operand's values, without its shape.
 * The same values under another shape would be read by that operator out of bounds, so they are copied first.
 */
function withMatrixOfItsOwn<Inputs extends Operands>(
  call: KernelCall<Inputs, unknown>,
  stock: (inputs?: Inputs) => TensorInfo,
): TensorInfo {
  const { b } = call.inputs;
  if (call.originalShape(b).slice(-2).join() === b.shape.slice(-2).join()) return stock();
  const copy = call.copy(b);
  const out = stock({ ...call.inputs, b: copy });
  call.release(copy);
  return out;
}

/** `a: [..., depth, rows]`, `b: [..., depth, columns]`. */
function productOfTransposedA(call: KernelCall<Operands, Transposed>): TensorInfo {
  const { a, b } = call.inputs;
  const batch = a.shape.slice(0, -2);
  const [depth, rows] = a.shape.slice(-2);
  const columns = b.shape[b.shape.length - 1];
  const out = call.output([...batch, rows, columns]);
  const [ap, bp, outp] = [call.pointer(a), call.pointer(b), call.pointer(out)];
  for (let i = 0; i < size(out) / (rows * columns); i++) {
    call.heap.matMulTransposedA(
      ap + 4 * i * depth * rows,
      bp + 4 * i * depth * columns,
      outp + 4 * i * rows * columns,
      rows,
      depth,
      columns,
    );
  }
  return out;
}

function sameBatch(a: TensorInfo, b: TensorInfo): boolean {
  return a.shape.slice(0, -2).join() === b.shape.slice(0, -2).join();
}

/** The last two axes swapped. */
function transposed(call: KernelCall<unknown, unknown>, x: TensorInfo): TensorInfo {
  const batch = x.shape.slice(0, -2);
  const rank = x.shape.length;
  return call.run('Transpose', { x }, { perm: [...batch.keys(), rank - 1, rank - 2] });
}
