import { env } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { backendName, startBackend } from '../../../src/analysis/backend/backend';
import { drawCases } from './drawCases';
import { intervalCases } from './intervalCases';
import { kernelCases } from './kernelCases';
import { recurrenceCases } from './recurrenceCases';
import { FLOAT64, statisticsCases } from './statisticsCases';
import { WASM_FOLDER } from './support';

beforeAll(async () => {
  env().set('WASM_HAS_SIMD_SUPPORT', false);
  await startBackend(WASM_FOLDER);
});

test('runs on wasm without SIMD', () => {
  expect(backendName()).toBe('wasm');
});

describe('kernels', kernelCases);
describe('recurrence', recurrenceCases);
describe('intervals', intervalCases);
describe('statistics', () => statisticsCases(FLOAT64));
describe('draws', drawCases);
