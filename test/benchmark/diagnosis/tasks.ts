import { mulberry32, normal, type Random } from '../../../src/analysis/probe/random';
import type { DataSpec, TaskName } from './networkSpec';

/** Samples of a task, row by row. */
export interface Samples {
  readonly count: number;
  /** `[count, ...inputShape]`, float32; token indices are whole numbers. */
  readonly inputs: Float32Array;
  /** `[count, outputs]`: one-hot, 0 or 1, or the value to predict. */
  readonly targets: Float32Array;
}

export interface Task {
  /** Of one sample. */
  readonly inputShape: readonly number[];
  readonly outputs: number;
  readonly loss: 'categoricalCrossentropy' | 'binaryCrossentropy' | 'meanSquaredError';
  /** Score of a network that has learnt nothing: the share of the largest class, or an R^2 of 0. */
  readonly chance: number;
  /** Writes one sample's features and returns its target: a class, or the value. */
  draw(random: Random, gaussian: Random, features: Float32Array): number;
}

const TURNS = 1.25;
const TOKENS = 12;
export const VOCABULARY = 21;

/** The centres of the 16-d clusters: corners of a fixed cube, far apart against their unit spread. */
const CLUSTERS = (() => {
  const random = mulberry32(4242);
  return Array.from({ length: 4 }, () => Float32Array.from({ length: 16 }, () => (random() < 0.5 ? -0.8 : 0.8)));
})();

export const TASKS: Readonly<Record<TaskName, Task>> = {
  blobs: {
    inputShape: [2],
    outputs: 3,
    loss: 'categoricalCrossentropy',
    chance: 1 / 3,
    draw(random, gaussian, features) {
      const label = Math.floor(random() * 3);
      const angle = (2 * Math.PI * label) / 3;
      features[0] = 1.3 * Math.cos(angle) + 0.4 * gaussian();
      features[1] = 1.3 * Math.sin(angle) + 0.4 * gaussian();
      return label;
    },
  },
  circles: {
    inputShape: [2],
    outputs: 1,
    loss: 'binaryCrossentropy',
    chance: 0.5,
    draw(random, gaussian, features) {
      const label = random() < 0.5 ? 0 : 1;
      const angle = 2 * Math.PI * random();
      const radius = label === 0 ? 1.5 : 0.6;
      features[0] = radius * Math.cos(angle) + 0.1 * gaussian();
      features[1] = radius * Math.sin(angle) + 0.1 * gaussian();
      return label;
    },
  },
  spirals: {
    inputShape: [2],
    outputs: 2,
    loss: 'categoricalCrossentropy',
    chance: 0.5,
    draw(random, gaussian, features) {
      const label = random() < 0.5 ? 0 : 1;
      const along = 0.15 + 0.85 * random();
      const angle = 2 * Math.PI * TURNS * along + Math.PI * label;
      features[0] = 1.8 * along * Math.cos(angle) + 0.05 * gaussian();
      features[1] = 1.8 * along * Math.sin(angle) + 0.05 * gaussian();
      return label;
    },
  },
  clusters: {
    inputShape: [16],
    outputs: 4,
    loss: 'categoricalCrossentropy',
    chance: 0.25,
    draw(random, gaussian, features) {
      const label = Math.floor(random() * 4);
      for (let i = 0; i < 16; i++) features[i] = CLUSTERS[label][i] + 0.6 * gaussian();
      return label;
    },
  },
  sine: {
    inputShape: [1],
    outputs: 1,
    loss: 'meanSquaredError',
    chance: 0,
    draw(random, _gaussian, features) {
      features[0] = 2 * random() - 1;
      return Math.sin(3 * features[0]);
    },
  },
  stripes: {
    inputShape: [8, 8, 1],
    outputs: 3,
    loss: 'categoricalCrossentropy',
    chance: 1 / 3,
    draw(random, gaussian, features) {
      const label = Math.floor(random() * 3);
      const phase = Math.floor(random() * 4);
      for (let row = 0; row < 8; row++) {
        for (let column = 0; column < 8; column++) {
          const along = [row, column, row + column][label] + phase;
          const value = (along % 4 < 2 ? 0.75 : 0.25) + 0.1 * gaussian();
          features[row * 8 + column] = Math.min(1, Math.max(0, value));
        }
      }
      return label;
    },
  },
  waves: {
    inputShape: [16, 1],
    outputs: 2,
    loss: 'categoricalCrossentropy',
    chance: 0.5,
    draw(random, gaussian, features) {
      const label = random() < 0.5 ? 0 : 1;
      const frequency = label === 0 ? 0.45 : 1.2;
      const phase = 2 * Math.PI * random();
      for (let t = 0; t < 16; t++) features[t] = 1.4 * Math.sin(frequency * t + phase) + 0.1 * gaussian();
      return label;
    },
  },
  tokens: {
    inputShape: [TOKENS],
    outputs: 1,
    loss: 'binaryCrossentropy',
    chance: 0.5,
    draw(random, _gaussian, features) {
      const label = random() < 0.5 ? 0 : 1;
      const length = 6 + Math.floor(random() * (TOKENS - 5));
      const half = (VOCABULARY - 1) / 2;
      features.fill(0);
      for (let t = 0; t < length; t++) {
        const upper = random() < (label === 1 ? 0.85 : 0.15);
        features[TOKENS - length + t] = 1 + Math.floor(random() * half) + (upper ? half : 0);
      }
      return label;
    },
  },
};

/** Draws `count` samples; the same seed gives the same ones. */
export function drawSamples(spec: DataSpec, count: number, seed: number): Samples {
  const task = TASKS[spec.task];
  const random = mulberry32(seed);
  const gaussian = normal(mulberry32(seed ^ 0x5bd1e995));
  const width = task.inputShape.reduce((product, dimension) => product * dimension, 1);
  const inputs = new Float32Array(count * width);
  const targets = new Float32Array(count * task.outputs);
  for (let i = 0; i < count; i++) {
    const features = inputs.subarray(i * width, (i + 1) * width);
    const target = task.draw(random, gaussian, features);
    if (task.outputs === 1) targets[i] = target;
    else targets[i * task.outputs + target] = 1;
    if (spec.scale !== 1 || spec.shift !== 0) {
      for (let k = 0; k < width; k++) features[k] = features[k] * spec.scale + spec.shift;
    }
    features.fill(1, 0, spec.constantFeatures);
  }
  return { count, inputs, targets };
}
