import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import relaxedModule from '../../../src/analysis/backend/assembly/kernels.relaxed.wasm';
import { compileRelaxed } from '../../../src/analysis/backend/relaxedSimd';

// First, since code that is compiled after a flag was changed for good fits the changed flags.
test('code from V8’s cache is taken as before', () => {
  const cachedData = new Script('function twice(x) { return 2 * x; } twice(2)').createCachedData();
  compileRelaxed(relaxedModule);
  // V8 compares the lengths of texts only, and would find the very same text in memory without asking the cache.
  const other = new Script('function twice(x) { return 2 * x; } twice(3)', { cachedData });
  expect(other.cachedDataRejected).toBe(false);
});

test('every supported Node has relaxed SIMD', () => {
  expect(compileRelaxed(relaxedModule)).toBeInstanceOf(WebAssembly.Module);
});

test('bytes that are no module are no kernels', () => {
  expect(compileRelaxed(Uint8Array.of(0, 97, 115, 109, 9, 9, 9, 9))).toBeNull();
});
