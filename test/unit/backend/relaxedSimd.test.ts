import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import relaxedModule from '../../../src/analysis/backend/assembly/kernels.relaxed.wasm';
import { compileRelaxed } from '../../../src/analysis/backend/relaxedSimd';

test('every supported Node has relaxed SIMD', () => {
  expect(compileRelaxed(relaxedModule)).toBeInstanceOf(WebAssembly.Module);
});

test('bytes that are no module are no kernels', () => {
  expect(compileRelaxed(Uint8Array.of(0, 97, 115, 109, 9, 9, 9, 9))).toBeNull();
});

test('code from V8’s cache is taken as before', () => {
  const source = 'function twice(x) { return 2 * x; } twice(2)';
  const cachedData = new Script(source).createCachedData();
  compileRelaxed(relaxedModule);
  expect(new Script(source, { cachedData }).cachedDataRejected).toBe(false);
});
