import type { Suggestion, TrainingConfig } from '../../report/report';

/** A rate for the saved optimiser that is `rate`, or a tenth of the saved one; null where no rate is known. */
export function lowerLearningRate(training: TrainingConfig | null, rate: number | null = null): Suggestion {
  const saved = training?.learningRate ?? null;
  const target = rate ?? (saved === null ? null : saved / 10);
  const optimizer = (training?.optimizer ?? 'sgd').toLowerCase();
  const text = target === null ? 'a tenth of the present rate' : String(Number(target.toPrecision(1)));
  const value = target === null ? null : text;
  const momentum = optimizer === 'momentum';
  const { tfjs, keras } = CONSTRUCTORS[optimizer] ?? CONSTRUCTORS['sgd'];
  return {
    fix: 'lower-learning-rate',
    title: `Lower the learning rate to ${text}`,
    rationale: `${saved === null ? 'The rate was not saved with the model. ' : `The rate saved with the model is ${saved}. `}A step that is too large pushes biases so low that a ReLU unit never fires again; a smaller one, with more steps, does not. Train again: units that are dead stay dead.`,
    code:
      value === null
        ? { tfjs: null, keras: null }
        : {
            tfjs: `model.compile({ optimizer: tf.train.${tfjs}(${value}${momentum ? ', 0.9' : ''}), loss })`,
            keras: `model.compile(optimizer=keras.optimizers.${keras}(learning_rate=${value}${momentum ? ', momentum=0.9' : ''}), loss=loss)`,
          },
    effect: null,
  };
}

const CONSTRUCTORS: Readonly<Record<string, { readonly tfjs: string; readonly keras: string }>> = {
  sgd: { tfjs: 'sgd', keras: 'SGD' },
  momentum: { tfjs: 'momentum', keras: 'SGD' },
  adam: { tfjs: 'adam', keras: 'Adam' },
  adamax: { tfjs: 'adamax', keras: 'Adamax' },
  adagrad: { tfjs: 'adagrad', keras: 'Adagrad' },
  adadelta: { tfjs: 'adadelta', keras: 'Adadelta' },
  rmsprop: { tfjs: 'rmsprop', keras: 'RMSprop' },
};
