/** The four sample networks. Every initialiser and every data draw has a seed, so a build gives the same weights each time. */
import * as tf from '@tensorflow/tfjs';
import { CLASSES, FEATURES, drawSamples } from './task.mjs';

const TRAINING_SAMPLES = 4096;
const TRAINING_SEED = 1;

/** The network of `healthy`, but SGD's learning rate is 15 times higher: most units of hidden_2 die within four epochs. */
export function deadRelu() {
  return trainedClassifier({ learningRate: 1.5, epochs: 4 });
}

/** Two He-initialised ReLU layers, trained with a fitting learning rate. */
export function healthy() {
  return trainedClassifier({ learningRate: 0.1, epochs: 8 });
}

/** Twelve sigmoid layers with the initialiser that suits them; back-propagation still shrinks at each of them. */
export function deepSigmoid() {
  return classifier({
    widths: new Array(12).fill(32),
    activation: 'sigmoid',
    initializer: (seed) => tf.initializers.glorotUniform({ seed }),
    learningRate: 0.1,
  });
}

/** Twelve ReLU layers with tfjs's `randomNormal`, whose default deviation of 0.05 is a fifth of what He asks for here. */
export function poorInit() {
  return classifier({
    widths: new Array(12).fill(32),
    activation: 'relu',
    initializer: (seed) => tf.initializers.randomNormal({ seed }),
    learningRate: 0.1,
  });
}

async function trainedClassifier({ learningRate, epochs }) {
  const model = classifier({
    widths: [64, 32],
    activation: 'relu',
    initializer: (seed) => tf.initializers.heUniform({ seed }),
    learningRate,
  });
  const { features, classes } = drawSamples(TRAINING_SAMPLES, TRAINING_SEED);
  const x = tf.tensor2d(features, [TRAINING_SAMPLES, FEATURES]);
  const y = tf.oneHot(tf.tensor1d(classes, 'int32'), CLASSES);
  // The samples are independent draws already; tfjs shuffles with Math.random, which cannot be seeded.
  await model.fit(x, y, { epochs, batchSize: 32, shuffle: false, verbose: 0, yieldEvery: 'never' });
  return model;
}

function classifier({ widths, activation, initializer, learningRate }) {
  const model = tf.sequential({ name: 'classifier' });
  widths.forEach((units, i) => {
    model.add(
      tf.layers.dense({
        name: `hidden_${i + 1}`,
        units,
        activation,
        kernelInitializer: initializer(71 + i),
        ...(i === 0 ? { inputShape: [FEATURES] } : {}),
      }),
    );
  });
  model.add(
    tf.layers.dense({
      name: 'output',
      units: CLASSES,
      activation: 'softmax',
      kernelInitializer: tf.initializers.glorotUniform({ seed: 70 }),
    }),
  );
  model.compile({ optimizer: tf.train.sgd(learningRate), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}
