import type { Suggestion } from '../../report/report';

/** Bring every feature to mean 0 and standard deviation 1 (LeCun et al. 1998, Efficient BackProp, section 4.3). */
export function normalizeInputs(): Suggestion {
  return {
    fix: 'normalize-inputs',
    title: 'Bring the inputs to mean 0 and spread 1',
    rationale:
      'With inputs of very different or very large scale the first layer’s pre-activations are far from where its activation works. Use the mean and standard deviation of the training data, and the same numbers when predicting.',
    code: {
      tfjs: 'const { mean, variance } = tf.moments(xTrain, 0);\nconst x = xTrain.sub(mean).div(variance.sqrt().add(1e-7));',
      keras:
        'normalize = layers.Normalization()\nnormalize.adapt(x_train)\nmodel = keras.Sequential([normalize, model])',
    },
    effect: null,
  };
}
