import type { Suggestion, TrainingConfig } from '../../report/report';

/** Adam (Kingma and Ba 2015) in place of plain gradient descent; null where an adaptive optimiser is already in use. */
export function adaptiveOptimizer(training: TrainingConfig | null): Suggestion | null {
  const optimizer = training?.optimizer?.toLowerCase() ?? null;
  if (optimizer !== null && /ada|rmsprop|nadam/.test(optimizer)) return null;
  return {
    fix: 'adaptive-optimizer',
    title: 'Train with Adam at 0.001',
    rationale:
      'Adam (or Adagrad) scales every weight’s step by the size of its past gradients, so that one large gradient cannot throw a bias far out. It keeps two more numbers per weight, and tuned SGD with momentum can generalise better.',
    code: {
      tfjs: 'model.compile({ optimizer: tf.train.adam(0.001), loss })',
      keras: 'model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss=loss)',
    },
    effect: null,
  };
}
