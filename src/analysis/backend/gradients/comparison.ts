import {
  Any,
  All,
  Equal,
  Greater,
  Less,
  LessEqual,
  LogicalAnd,
  LogicalNot,
  LogicalOr,
  NotEqual,
  zeros,
} from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

const TWO_OPERANDS = [Equal, Greater, Less, LessEqual, LogicalAnd, LogicalOr, NotEqual];
const ONE_OPERAND = [All, Any, LogicalNot];

/**
 * Comparisons are piecewise constant, so their gradient is 0. tfjs knows that of `greaterEqual` only, and so fails on
 * layers that multiply by a condition (ThresholdedReLU, Masking).
 */
export function registerComparisonGradients(): void {
  for (const kernelName of TWO_OPERANDS) replaceWithZeros(kernelName, ['a', 'b']);
  for (const kernelName of ONE_OPERAND) replaceWithZeros(kernelName, ['x']);
}

function replaceWithZeros(kernelName: string, inputs: string[]): void {
  replaceGradient({
    kernelName,
    inputsToSave: inputs,
    gradFunc: (_dy, saved) =>
      Object.fromEntries(inputs.map((name, i) => [name, () => zeros(saved[i].shape, 'float32')])),
  });
}
