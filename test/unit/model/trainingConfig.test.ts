import { describe, expect, it } from 'vitest';
import { trainingConfig, withLoss } from '../../../src/analysis/model/trainingConfig';

const sgd = { class_name: 'SGD', config: { lr: 0.1 } };

describe('the saved training configuration', () => {
  it.each<[string, unknown, unknown]>([
    [
      'Keras 2',
      { optimizer_config: sgd, loss: 'mse' },
      { optimizer: 'SGD', learningRate: 0.1, losses: ['mean_squared_error'] },
    ],
    [
      'tfjs',
      { optimizer_config: { class_name: 'rmsprop', config: { learning_rate: 0.01 } }, loss: 'categoricalCrossentropy' },
      { optimizer: 'RMSprop', learningRate: 0.01, losses: ['categorical_crossentropy'] },
    ],
    [
      'Keras 3',
      {
        optimizer: { class_name: 'Adam', config: { learning_rate: 0.001 } },
        loss: { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } },
      },
      { optimizer: 'Adam', learningRate: 0.001, losses: ['sparse_categorical_crossentropy'] },
    ],
    [
      'by name only',
      { optimizer: 'adam', loss: { class_name: 'function', config: 'mae' } },
      { optimizer: 'Adam', learningRate: null, losses: ['mean_absolute_error'] },
    ],
    [
      'momentum',
      { optimizer_config: { class_name: 'SGD', config: { learning_rate: 0.01, momentum: 0.9 } } },
      { optimizer: 'Momentum', learningRate: 0.01, losses: [null] },
    ],
    [
      'SGD without momentum',
      { optimizer_config: { class_name: 'SGD', config: { learning_rate: 0.01, momentum: 0 } } },
      { optimizer: 'SGD', learningRate: 0.01, losses: [null] },
    ],
    [
      'a schedule',
      {
        optimizer_config: {
          class_name: 'Adam',
          config: { learning_rate: { class_name: 'ExponentialDecay', config: { initial_learning_rate: 0.02 } } },
        },
      },
      { optimizer: 'Adam', learningRate: 0.02, losses: [null] },
    ],
    [
      'mixed precision',
      { optimizer_config: { class_name: 'LossScaleOptimizer', config: { inner_optimizer: sgd } } },
      { optimizer: 'SGD', learningRate: 0.1, losses: [null] },
    ],
    [
      'an optimiser of their own',
      { optimizer: 'Custom>Sophia' },
      { optimizer: 'Sophia', learningRate: null, losses: [null] },
    ],
    ['nothing of use', { metrics: [] }, null],
    ['no object', 'adam', null],
    ['absent', undefined, null],
  ])('%s', (_name, json, expected) => {
    expect(trainingConfig(json, ['out'])).toEqual(expected);
  });

  it.each<[string, unknown, (string | null)[]]>([
    ['one for all', 'mse', ['mean_squared_error', 'mean_squared_error']],
    ['a list', ['mse', 'hinge'], ['mean_squared_error', 'hinge']],
    ['by the names of the outputs', { b: 'poisson' }, [null, 'poisson']],
    [
      'Huber losses with their deltas',
      [
        { class_name: 'Huber', config: { delta: 2.5, name: 'huber_loss' } },
        { module: 'keras.losses', class_name: 'Huber', config: { delta: 1.0 } },
      ],
      ['huber(2.5)', 'huber'],
    ],
  ])('losses of two outputs: %s', (_name, loss, expected) => {
    expect(trainingConfig({ optimizer: 'sgd', loss }, ['a', 'b'])?.losses).toEqual(expected);
  });
});

describe('a loss of the user', () => {
  const output = (name: string) => ({ name, shape: [null, 3], dtype: 'float32' });
  const saved = {
    summary: {
      file: { path: 'm', format: 'tfjs-layers' as const, generatedBy: null, convertedBy: null, notes: [] },
      name: 'm',
      className: 'Functional',
      parameters: 1,
      inputs: [],
      outputs: [output('a'), output('b')],
      training: { optimizer: 'SGD', learningRate: 0.1, losses: ['mean_squared_error', null] },
    },
  };

  it('takes the place of the saved ones, and a note says so', () => {
    const { file, training } = withLoss(saved, 'categoricalCrossentropy').summary;
    expect(training).toEqual({
      optimizer: 'SGD',
      learningRate: 0.1,
      losses: ['categorical_crossentropy', 'categorical_crossentropy'],
    });
    expect(file.notes.map((note) => /saved.*/.exec(note)?.[0])).toEqual([
      'saved mean_squared_error.',
      'saved with the model.',
    ]);
  });

  it('by output leaves the others as they were saved', () => {
    expect(withLoss(saved, { b: 'mae' }).summary.training?.losses).toEqual([
      'mean_squared_error',
      'mean_absolute_error',
    ]);
    expect(withLoss(saved, { a: 'mse' }).summary.file.notes).toEqual([]);
    expect(withLoss(saved, null)).toBe(saved);
  });

  it('is enough where no training configuration was saved', () => {
    const untrained = { summary: { ...saved.summary, training: null } };
    expect(withLoss(untrained, { a: 'mse' }).summary.training).toEqual({
      optimizer: null,
      learningRate: null,
      losses: ['mean_squared_error', null],
    });
  });

  it('of something that is no output is an error', () => {
    expect(() => withLoss(saved, { c: 'mse' })).toThrow(/given for c, which is no output/);
  });
});
