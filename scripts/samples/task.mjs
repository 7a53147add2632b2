/**
 * The task that the samples are trained on: tell four classes apart by 16 standardised features. A sample's class is
 * the largest output of a fixed random network with 8 tanh units, so the classes cannot be told apart by planes alone.
 */
import { mulberry32, normal } from './random.mjs';

export const FEATURES = 8;
export const CLASSES = 4;
const TEACHER_UNITS = 5;
const TEACHER_SEED = 7;

/** `count` samples: features `[count, FEATURES]` drawn from N(0, 1) and classes `[count]`. */
export function drawSamples(count, seed) {
  const draw = normal(mulberry32(seed));
  const features = new Float32Array(count * FEATURES);
  const classes = new Int32Array(count);
  const classOf = teacher();
  for (let i = 0; i < count; i++) {
    const sample = features.subarray(i * FEATURES, (i + 1) * FEATURES);
    for (let k = 0; k < FEATURES; k++) sample[k] = draw();
    classes[i] = classOf(sample);
  }
  return { features, classes };
}

function teacher() {
  const draw = normal(mulberry32(TEACHER_SEED));
  const matrix = (rows, columns, scale) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * draw()));
  const hidden = matrix(TEACHER_UNITS, FEATURES, 1 / Math.sqrt(FEATURES));
  const output = matrix(CLASSES, TEACHER_UNITS, 1);
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  return (sample) => {
    const activations = hidden.map((weights) => Math.tanh(dot(weights, sample)));
    const scores = output.map((weights) => dot(weights, activations));
    return scores.indexOf(Math.max(...scores));
  };
}
