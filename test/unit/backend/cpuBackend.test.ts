import { beforeAll, describe, expect, test, vi } from 'vitest';
import { backendName, startBackend } from '../../../src/analysis/backend/backend';
import { statisticsCases } from './statisticsCases';
import { WASM_FOLDER } from './support';

beforeAll(async () => {
  vi.stubGlobal('WebAssembly', undefined);
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  await startBackend(WASM_FOLDER);
  vi.unstubAllGlobals();
});

test('falls back to the cpu backend where WebAssembly is missing', () => {
  expect(backendName()).toBe('cpu');
});

describe('statistics', statisticsCases);
