import { io } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { readManifestWeights } from '../../../src/analysis/model/weightsManifest';
import { WASM_FOLDER } from '../backend/support';
import { memoryFolder } from '../probe/memoryFolder';

const read = (spec: object, bytes: ArrayBuffer) =>
  readManifestWeights(
    memoryFolder({ w: new Uint8Array(bytes) }),
    'model.json',
    [{ paths: ['w'], weights: [{ name: 'w', ...spec }] }],
    [],
  ).then(([weight]) => weight.values);

describe('weights as they are stored', () => {
  it.each<[string, ArrayBufferLike, number[]]>([
    ['float32', Float32Array.of(1.5, -2, 3e38).buffer, [1.5, -2, Math.fround(3e38)]],
    ['int32', Int32Array.of(7, -8, 2 ** 31 - 1).buffer, [7, -8, 2 ** 31 - 1]],
    ['bool', Uint8Array.of(1, 0, 1).buffer, [1, 0, 1]],
  ])('%s', async (dtype, buffer, expected) => {
    expect(Array.from(await read({ dtype, shape: [3] }, buffer as ArrayBuffer))).toEqual(expected);
  });

  it.each<[string, ArrayBufferLike, number[]]>([
    // q * scale + min.
    ['uint8', Uint8Array.of(0, 1, 128, 255).buffer, [-1, -0.75, 31, 62.75]],
    ['int8', Int8Array.of(0, 1, -128, 127).buffer, [-1, -0.75, -33, 30.75]],
    ['uint16', Uint16Array.of(0, 1, 1024, 65535).buffer, [-1, -0.75, 255, 16382.75]],
  ])('%s, quantised linearly', async (dtype, buffer, expected) => {
    const quantization = { dtype, scale: 0.25, min: -1 };
    const values = await read({ dtype: 'float32', shape: [4], quantization }, buffer as ArrayBuffer);
    expect(values).toBeInstanceOf(Float32Array);
    expect(Array.from(values)).toEqual(expected);
  });

  it('rounds integers that were quantised', async () => {
    const quantization = { dtype: 'uint8', scale: 0.3, min: -2 };
    const values = await read({ dtype: 'int32', shape: [3], quantization }, Uint8Array.of(0, 5, 9).buffer);
    expect(Array.from(values)).toEqual([-2, -0, 1].map(Math.round).map((v) => v + 0));
  });

  it('float16: every kind of number', async () => {
    const cases: [number, number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0400, 2 ** -14],
      [0x0001, 2 ** -24],
      [0x83ff, -1023 * 2 ** -24],
      [0x3555, 1365 / 4096],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x7e00, NaN],
    ];
    const bits = Uint16Array.from(cases, ([half]) => half);
    const spec = { dtype: 'float32', shape: [cases.length], quantization: { dtype: 'float16' } };
    expect(Array.from(await read(spec, bits.buffer))).toEqual(cases.map(([, value]) => value));
  });

  it('decodes all halves and bytes as tfjs does', async () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const spec = { name: 'w', dtype: 'float32' as const, shape: [65536], quantization: { dtype: 'float16' as const } };
    await startBackend(WASM_FOLDER);
    const decoded = io.decodeWeights(halves.buffer, [spec]);
    const expected = decoded['w'].dataSync();
    decoded['w'].dispose();
    expect(Array.from(await read(spec, halves.buffer))).toEqual(Array.from(expected));
  });

  it('refuses texts and complex numbers', async () => {
    await expect(read({ dtype: 'string', shape: [1] }, new ArrayBuffer(8))).rejects.toMatchObject({
      code: 'unsupported-format',
    });
    await expect(read({ dtype: 'complex64', shape: [1] }, new ArrayBuffer(8))).rejects.toMatchObject({
      code: 'unsupported-format',
    });
  });

  it('leaves out the state of the optimiser', async () => {
    const weights = [
      { name: 'Adam/m', shape: [2], dtype: 'float32', group: 'optimizer' },
      { name: 'w', shape: [1], dtype: 'float32' },
    ];
    const folder = memoryFolder({ w: new Uint8Array(Float32Array.of(1, 2, 3).buffer) });
    const read = await readManifestWeights(folder, 'model.json', [{ paths: ['w'], weights }], []);
    expect(read).toEqual([{ name: 'w', shape: [1], values: Float32Array.of(3) }]);
  });
});
