/** The training configuration that was saved with a model: by tfjs, Keras 2 (`training_config`) or Keras 3 (`compile_config`). */

import type { TrainingConfig } from '../../report/report';
import { get, isRecord, text } from './json';

/** Null where nothing of use was saved. `outputs` are the names of the model's output layers. */
export function trainingConfig(json: unknown, outputs: readonly string[]): TrainingConfig | null {
  if (!isRecord(json)) return null;
  // tfjs and Keras 2 write `optimizer_config`, Keras 3 `optimizer`.
  const optimizer = inner(json['optimizer_config'] ?? json['optimizerConfig'] ?? json['optimizer']);
  const config = get(optimizer, 'config');
  const result: TrainingConfig = {
    optimizer: optimizerName(
      text(get(optimizer, 'class_name')) ?? text(get(optimizer, 'className')) ?? text(optimizer),
    ),
    learningRate: learningRate(get(config, 'learning_rate') ?? get(config, 'learningRate') ?? get(config, 'lr')),
    losses: losses(json['loss'], outputs),
  };
  const known =
    result.optimizer !== null || result.learningRate !== null || result.losses.some((loss) => loss !== null);
  return known ? result : null;
}

/** The optimiser inside a LossScaleOptimizer, which mixed precision puts around it. */
function inner(optimizer: unknown): unknown {
  const wrapped = get(get(optimizer, 'config'), 'inner_optimizer') ?? get(get(optimizer, 'config'), 'optimizer');
  return isRecord(wrapped) ? wrapped : optimizer;
}

const OPTIMIZERS = [
  'SGD',
  'Momentum',
  'RMSprop',
  'Adam',
  'AdamW',
  'Adamax',
  'Adagrad',
  'Adadelta',
  'Nadam',
  'Ftrl',
  'Lion',
  'Adafactor',
  'Lamb',
  'Muon',
];

/** As Keras writes it; a custom optimiser keeps its name. */
function optimizerName(name: string | null): string | null {
  if (name === null) return null;
  const own = name.split('>').pop()!;
  return OPTIMIZERS.find((known) => known.toLowerCase() === own.toLowerCase()) ?? own;
}

/** A number, or a schedule by its first value. */
function learningRate(value: unknown): number | null {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const config = get(value, 'config');
  const first = get(config, 'initial_learning_rate') ?? get(config, 'value');
  return typeof first === 'number' && Number.isFinite(first) ? first : null;
}

/** One name for all outputs, a list, or a dictionary by the names of the outputs. */
function losses(value: unknown, outputs: readonly string[]): (string | null)[] {
  if (Array.isArray(value)) return outputs.map((_, i) => lossName(value[i]));
  if (isRecord(value) && !('class_name' in value) && !('className' in value)) {
    return outputs.map((name) => lossName(get(value, name)));
  }
  return outputs.map(() => lossName(value));
}

const ALIASES: Readonly<Record<string, string>> = {
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  msle: 'mean_squared_logarithmic_error',
  bce: 'binary_crossentropy',
  kld: 'kl_divergence',
  kullback_leibler_divergence: 'kl_divergence',
  cosine: 'cosine_similarity',
  cosine_proximity: 'cosine_similarity',
  logcosh: 'log_cosh',
  huber_loss: 'huber',
};

/** `'mse'`, `'categoricalCrossentropy'`, `{class_name: 'BinaryCrossentropy', …}`, `{class_name: 'function', config: 'mse'}`. */
function lossName(value: unknown): string | null {
  const className = text(get(value, 'class_name')) ?? text(get(value, 'className'));
  const name = className === 'function' ? text(get(value, 'config')) : (className ?? text(value));
  if (name === null) return null;
  const snake = name
    .split('>')
    .pop()!
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
  return Object.hasOwn(ALIASES, snake) ? ALIASES[snake] : snake;
}
