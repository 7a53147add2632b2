import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { heapZeros } from '../../../src/analysis/backend/heap';
import { startTestBackend } from '../measure/networks';

beforeAll(startTestBackend);
afterEach(() => tf.setBackend('wasm'));

describe('heapZeros', () => {
  it.each(['wasm', 'cpu'])('are zeros where other values were before, on %s', async (backend) => {
    await tf.setBackend(backend);
    for (const shape of [[7, 33], [5], [], [0, 4]]) {
      const size = shape.reduce((a, b) => a * b, 1);
      // What is allocated next takes its place.
      tf.fill([Math.max(1, size)], 7).dispose();
      const zeros = heapZeros(shape);
      expect(zeros.shape).toEqual(shape);
      expect(zeros.dtype).toBe('float32');
      expect(Array.from(zeros.dataSync())).toEqual(Array<number>(size).fill(0));
      zeros.dispose();
    }
  });
});
