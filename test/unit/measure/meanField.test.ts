import { describe, expect, it } from 'vitest';
import { activation } from '../../../src/report/activations';
import { meanFieldGain } from '../../../src/analysis/measure/meanField';

/** `E[f(g)]` for standard normal g by the trapezoidal rule on ±10 sigma, whose error for smooth f is below rounding. */
function expectation(f: (g: number) => number): number {
  const h = 1e-3;
  let total = 0;
  for (let i = -10_000; i <= 10_000; i++) total += f(i * h) * Math.exp(-((i * h) ** 2) / 2);
  return (total * h) / Math.sqrt(2 * Math.PI);
}

/** Fixed point of the length map `q = sw2 E[phi(sqrt(q) g)^2] + sb2`. */
function fixedPoint(name: string, weightVariance: number, biasVariance = 0): number {
  const phi = activation(name)!;
  let q = 1;
  for (let i = 0; i < 300; i++)
    q = weightVariance * expectation((g) => phi.value(Math.sqrt(q) * g) ** 2) + biasVariance;
  return q;
}

const gain = (name: string, weightVariance: number, q: number, alpha?: number): number =>
  meanFieldGain(activation(name, alpha === undefined ? {} : { alpha })!, weightVariance, q)!;

describe('the gain that mean-field theory expects', () => {
  it('is sw2/2 for ReLU, sw2 (1 + s^2)/2 for Leaky ReLU, sw2 for linear, whatever q is', () => {
    for (const q of [1e-12, 0.3, 1, 50]) {
      expect(gain('relu', 2, q)).toBeCloseTo(1, 8);
      expect(gain('relu', 1, q)).toBeCloseTo(0.5, 8);
      expect(gain('leaky_relu', 2, q, 0.3)).toBeCloseTo(1.09, 8);
      expect(gain('linear', 1.7, q)).toBeCloseTo(1.7, 8);
    }
  });

  it('is 0.056 and 0.101 for sigmoid at its fixed points for sw2 = 1 and 2', () => {
    expect(gain('sigmoid', 1, fixedPoint('sigmoid', 1))).toBeCloseTo(0.056, 3);
    expect(gain('sigmoid', 2, fixedPoint('sigmoid', 2))).toBeCloseTo(0.101, 3);
    // At q = 0 the bound of a quarter is reached: 1/16.
    expect(gain('sigmoid', 1, 0)).toBeCloseTo(1 / 16, 8);
  });

  it('is sw2 for tanh at small q, and falls as its series says', () => {
    expect(gain('tanh', 1, 1e-9)).toBeCloseTo(1, 6);
    expect(gain('tanh', 0.9, 0)).toBeCloseTo(0.9, 8);
    // sech^4 x = 1 - 2x^2 + 7/3 x^4 - 94/45 x^6 + …, and E[g^2] = 1, E[g^4] = 3, E[g^6] = 15.
    expect(gain('tanh', 1, 0.01)).toBeCloseTo(1 - 2 * 0.01 + 7 * 0.01 ** 2 - (94 / 3) * 0.01 ** 3, 5);
  });

  it('agrees with another quadrature for smooth activations', () => {
    for (const name of ['sigmoid', 'tanh', 'softplus', 'gelu', 'silu', 'mish', 'gelu_tanh']) {
      for (const q of [0.1, 1, 9]) {
        const phi = activation(name)!;
        const expected = 1.5 * expectation((g) => phi.derivative(Math.sqrt(q) * g) ** 2);
        expect(Math.abs(gain(name, 1.5, q) / expected - 1), `${name} at ${q}`).toBeLessThan(1e-6);
      }
    }
  });

  it('is not known for softmax, nor for a q that is none', () => {
    expect(meanFieldGain(activation('softmax')!, 1, 1)).toBeNull();
    expect(meanFieldGain(activation('relu')!, 1, Infinity)).toBeNull();
    expect(meanFieldGain(activation('relu')!, 1, NaN)).toBeNull();
  });
});
