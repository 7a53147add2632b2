import {
  backend_util,
  Einsum,
  matMul,
  reshape,
  sum,
  tidy,
  transpose,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { wasmKernel } from './kernel';

/** A tensor with one letter per axis. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: string;
}

/**
 * Einstein summation of one or two operands as a batched matrix product: letters that both operands share are batch axes
 * where the output has them, and are summed over otherwise.
 */
export function registerEinsum(): void {
  wasmKernel<NamedTensorMap, { equation: string }>(Einsum, ({ inputs, attributes }) => {
    const tensors = Object.values(inputs);
    const equation = attributes.equation.replace(/\s/g, '');
    const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
    const [left, output] = equation.split('->');
    const operands = left.split(',').map((labels, i): Labelled => ({ tensor: tensors[i], labels }));
    return tidy(() => {
      const result = operands.length === 1 ? operands[0] : product(operands[0], operands[1], output);
      return arrange(sumAway(result, output), output);
    });
  });
}

/** The product of two operands, without the axes that the output lacks. */
function product(a: Labelled, b: Labelled, output: string): Labelled {
  const left = sumAway(a, output + b.labels);
  const right = sumAway(b, output + a.labels);
  const shared = [...left.labels].filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => output.includes(label)).join('');
  const summed = shared.filter((label) => !output.includes(label)).join('');
  const rows = without(left.labels, batch + summed);
  const columns = without(right.labels, batch + summed);
  const lengths = new Map([...axisLengths(left), ...axisLengths(right)]);
  const length = (labels: string): number => [...labels].reduce((total, label) => total * lengths.get(label)!, 1);
  const x = reshape(arrange(left, batch + rows + summed), [length(batch), length(rows), length(summed)]);
  const y = reshape(arrange(right, batch + summed + columns), [length(batch), length(summed), length(columns)]);
  const labels = batch + rows + columns;
  const shape = [...labels].map((label) => lengths.get(label)!);
  return { tensor: reshape(matMul(x, y), shape), labels };
}

/** Sums over the axes whose letters are not `needed`. */
function sumAway({ tensor, labels }: Labelled, needed: string): Labelled {
  const axes = [...labels].flatMap((label, axis) => (needed.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: sum(tensor, axes), labels: without(labels, without(labels, needed)) };
}

/** The axes in the order of `labels`. */
function arrange(operand: Labelled, labels: string): Tensor {
  if (operand.labels === labels) return operand.tensor;
  return transpose(
    operand.tensor,
    [...labels].map((label) => operand.labels.indexOf(label)),
  );
}

const without = (labels: string, removed: string): string =>
  [...labels].filter((label) => !removed.includes(label)).join('');

const axisLengths = ({ tensor, labels }: Labelled): [string, number][] =>
  [...labels].map((label, axis) => [label, tensor.shape[axis]]);
