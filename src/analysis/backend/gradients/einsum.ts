import { Einsum, einsum, mul, ones, reshape, type Tensor } from '@tensorflow/tfjs-core';
import { replaceGradient } from './gradient';

/**
 * The gradient of Einstein summation by an operand is the summation of the output's gradient with the other operands to
 * that operand's letters; letters that only this operand has are repeated.
 */
export function registerEinsumGradient(): void {
  replaceGradient({
    kernelName: Einsum,
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const [left, output] = (attributes['equation'] as string).replace(/\s/g, '').split('->');
      const letters = left.split(',');
      return Object.fromEntries(
        saved.map((operand, i) => [
          i,
          (): Tensor => {
            const others = saved.filter((_, j) => j !== i);
            const given = [output, ...letters.filter((_, j) => j !== i)];
            const known = [...letters[i]].filter((letter) => given.join('').includes(letter));
            const gradient = einsum(`${given.join()}->${known.join('')}`, dy as Tensor, ...others);
            if (known.length === letters[i].length) return gradient;
            const lengths = [...letters[i]].map((letter, axis) => (known.includes(letter) ? operand.shape[axis] : 1));
            return mul(reshape(gradient, lengths), ones(operand.shape));
          },
        ]),
      );
    },
  });
}
