/**
 * The losses of Keras as tfjs-layers 4.22.0 computes them: mean over samples of the mean over outputs, on predictions
 * after the last activation, with probabilities clipped to [epsilon, 1 - epsilon].
 */

import * as tf from '@tensorflow/tfjs-core';

/** `[samples, ...]` labels and predictions to a scalar. */
export type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Scalar;

const EPSILON = 1e-7;

const clipped = (p: tf.Tensor): tf.Tensor => tf.clipByValue(p, EPSILON, 1 - EPSILON);
const mean = (x: tf.Tensor): tf.Scalar => tf.mean<tf.Scalar>(x);
const unitLength = (x: tf.Tensor): tf.Tensor => {
  const squared = tf.sum(tf.square(x), -1, true);
  return tf.div(x, tf.sqrt(tf.maximum(squared, EPSILON)));
};
/** Categorical cross-entropy per sample and position. */
const crossEntropy = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => {
  const normalized = tf.div(p, tf.sum(p, -1, true));
  return tf.neg(tf.sum(tf.mul(tf.cast(y, 'float32'), tf.log(clipped(normalized))), -1));
};
const percentage = (y: tf.Tensor, p: tf.Tensor): tf.Tensor =>
  tf.mul(100, tf.abs(tf.div(tf.sub(y, p), tf.clipByValue(tf.abs(y), EPSILON, Number.MAX_VALUE))));

/** Not in tfjs; Keras: quadratic up to an error of delta and linear beyond. */
function huber(delta: number): Loss {
  return (y, p) => {
    const error = tf.abs(tf.sub(p, y));
    const near = tf.minimum(error, delta);
    return mean(tf.add(tf.mul(0.5, tf.square(near)), tf.mul(delta, tf.sub(error, near))));
  };
}

const LOSSES: Readonly<Record<string, Loss>> = {
  mean_squared_error: (y, p) => mean(tf.squaredDifference(p, y)),
  mean_absolute_error: (y, p) => mean(tf.abs(tf.sub(p, y))),
  mean_absolute_percentage_error: (y, p) => mean(percentage(y, p)),
  mean_squared_logarithmic_error: (y, p) => {
    const log = (x: tf.Tensor): tf.Tensor => tf.log(tf.add(1, tf.clipByValue(x, EPSILON, Number.MAX_VALUE)));
    return mean(tf.squaredDifference(log(p), log(y)));
  },
  squared_hinge: (y, p) => mean(tf.square(tf.relu(tf.sub(1, tf.mul(y, p))))),
  hinge: (y, p) => mean(tf.relu(tf.sub(1, tf.mul(y, p)))),
  categorical_hinge: (y, p) => {
    const right = tf.sum(tf.mul(y, p), -1);
    const wrong = tf.max(tf.mul(tf.sub(1, y), p), -1);
    return mean(tf.relu(tf.add(1, tf.sub(wrong, right))));
  },
  logcosh: (y, p) => {
    const d = tf.sub(p, y);
    return mean(tf.sub(tf.add(d, tf.softplus(tf.mul(-2, d))), Math.LN2));
  },
  huber: huber(1),
  categorical_crossentropy: (y, p) => mean(crossEntropy(y, p)),
  binary_crossentropy: (y, p) => {
    const q = clipped(p);
    return mean(tf.neg(tf.add(tf.mul(y, tf.log(q)), tf.mul(tf.sub(1, y), tf.log(tf.sub(1, q))))));
  },
  kullback_leibler_divergence: (y, p) => {
    const limit = (x: tf.Tensor): tf.Tensor => tf.clipByValue(x, EPSILON, 1);
    return mean(tf.sum(tf.mul(y, tf.log(tf.div(limit(y), limit(p)))), -1));
  },
  poisson: (y, p) => mean(tf.sub(p, tf.mul(y, tf.log(tf.add(EPSILON, p))))),
  cosine_proximity: (y, p) => mean(tf.neg(tf.sum(tf.mul(unitLength(y), unitLength(p)), -1))),
};

const ALIASES: Readonly<Record<string, string>> = {
  // The probe hands out every label one-hot.
  sparse_categorical_crossentropy: 'categorical_crossentropy',
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  msle: 'mean_squared_logarithmic_error',
  kld: 'kullback_leibler_divergence',
  kldivergence: 'kullback_leibler_divergence',
  kl_divergence: 'kullback_leibler_divergence',
  log_cosh: 'logcosh',
  cosine: 'cosine_proximity',
  cosine_similarity: 'cosine_proximity',
};

/** What turns logits into the probabilities that a loss wants, for those that can be told to take logits. */
const PROBABILITIES: Readonly<Record<string, (logits: tf.Tensor) => tf.Tensor>> = {
  categorical_crossentropy: (logits) => tf.softmax(logits),
  binary_crossentropy: (logits) => tf.sigmoid(logits),
};

/**
 * The loss of that Keras identifier (camelCase and class names accepted), or null for one that is not known. A Huber loss
 * with another delta than 1 is `huber(2.5)`.
 *
 * @param activation of the output. A cross-entropy on a linear output is taken from its logits (Keras: `from_logits`),
 *   since of numbers that are no probabilities it has no meaning.
 */
export function lossNamed(name: string, activation: string | null = null): Loss | null {
  const snake = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  const key = Object.hasOwn(ALIASES, snake) ? ALIASES[snake] : snake;
  const delta = Number(/^huber\((.+)\)$/.exec(key)?.[1]);
  if (delta > 0 && Number.isFinite(delta)) return huber(delta);
  if (!Object.hasOwn(LOSSES, key)) return null;
  const loss = LOSSES[key];
  if (activation !== 'linear' || !Object.hasOwn(PROBABILITIES, key)) return loss;
  return (labels, logits) => loss(labels, PROBABILITIES[key](logits));
}

/** The names under which every loss is known, in Keras' spelling, for messages. */
export const LOSS_NAMES: readonly string[] = [...Object.keys(LOSSES), 'sparse_categorical_crossentropy'];
