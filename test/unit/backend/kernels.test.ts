import { env } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backendName, startBackend } from '../../../src/analysis/backend/backend';
import { drawCases } from './drawCases';
import { intervalCases } from './intervalCases';
import { kernelCases } from './kernelCases';
import { recurrenceCases } from './recurrenceCases';
import { WASM_FOLDER } from './support';

beforeAll(() => startBackend(WASM_FOLDER));

test('runs on wasm with SIMD', () => {
  expect(backendName()).toBe('wasm');
  expect(env().getBool('WASM_HAS_SIMD_SUPPORT')).toBe(true);
});

kernelCases();
describe('intervals', intervalCases);
describe('draws', drawCases);
recurrenceCases();
