import { env, matMul, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { backendName, startBackend } from '../../../src/analysis/backend/backend';
import { drawCases } from './drawCases';
import { intervalCases } from './intervalCases';
import { kernelCases } from './kernelCases';
import { recurrenceCases } from './recurrenceCases';
import { FLOAT32, statisticsCases } from './statisticsCases';
import { WASM_FOLDER } from './support';

// As in an engine that does not know it.
vi.mock('../../../src/analysis/backend/relaxedSimd', () => ({ compileRelaxed: () => null }));

beforeAll(() => startBackend(WASM_FOLDER));

test('runs on wasm with SIMD, and rounds products before it adds them', () => {
  expect(backendName()).toBe('wasm');
  expect(env().getBool('WASM_HAS_SIMD_SUPPORT')).toBe(true);
  const x = 1 + 2 ** -12;
  const [a, b] = [tensor2d([[-1, x]]), tensor2d([[1], [x]])];
  const product = matMul(a, b);
  // x^2 is 1 + 2^-11 + 2^-24, whose last bit float32 has no room for.
  expect(product.dataSync()[0]).toBe(2 ** -11);
  [a, b, product].forEach((tensor) => tensor.dispose());
});

describe('kernels', kernelCases);
describe('recurrence', recurrenceCases);
describe('intervals', intervalCases);
describe('statistics', () => statisticsCases(FLOAT32));
describe('draws', drawCases);
