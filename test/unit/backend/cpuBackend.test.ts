import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backendName, startBackend } from '../../../src/analysis/backend/backend';
import { distributionCases } from './drawCases';
import { canRecur } from '../../../src/analysis/backend/recurrence';
import { statisticsCases } from './statisticsCases';
import { WASM_FOLDER } from './support';

const warn = vi.fn();

beforeAll(async () => {
  vi.stubGlobal('WebAssembly', undefined);
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  vi.stubGlobal('console', { ...console, warn, log: warn });
  await startBackend(WASM_FOLDER);
});
afterAll(() => vi.unstubAllGlobals());

test('falls back to the cpu backend where WebAssembly is missing', () => {
  expect(backendName()).toBe('cpu');
  expect(canRecur()).toBe(false);
});

describe('statistics', statisticsCases);
describe('draws', distributionCases);

test('writes no notices to the console', () => {
  expect(warn).not.toHaveBeenCalled();
});
