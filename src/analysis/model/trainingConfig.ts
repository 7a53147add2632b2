/** The training configuration that was saved with a model: by tfjs, Keras 2 (`training_config`) or Keras 3 (`compile_config`). */

import { DiagnosisError } from '../../report/errors';
import type { ModelSummary, TrainingConfig } from '../../report/report';
import { get, isRecord, text } from './json';

/** A loss that the user names: for every output, or by the name of the output. Keras' identifiers, in any spelling. */
export type LossChoice = string | Readonly<Record<string, string>>;

/** Null where nothing of use was saved. `outputs` are the names of the model's output layers. */
export function trainingConfig(json: unknown, outputs: readonly string[]): TrainingConfig | null {
  if (!isRecord(json)) return null;
  // tfjs and Keras 2 write `optimizer_config`, Keras 3 `optimizer`.
  const optimizer = inner(json['optimizer_config'] ?? json['optimizerConfig'] ?? json['optimizer']);
  const config = get(optimizer, 'config');
  const result: TrainingConfig = {
    optimizer: optimizerName(
      text(get(optimizer, 'class_name')) ?? text(get(optimizer, 'className')) ?? text(optimizer),
      Number(get(config, 'momentum') ?? 0),
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

/** As Keras writes it, but for SGD with momentum, which has a name of its own as in tfjs; a custom optimiser keeps its name. */
function optimizerName(name: string | null, momentum: number): string | null {
  if (name === null) return null;
  const own = name.split('>').pop()!;
  const known = OPTIMIZERS.find((one) => one.toLowerCase() === own.toLowerCase()) ?? own;
  return known === 'SGD' && momentum > 0 ? 'Momentum' : known;
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

/**
 * What was loaded, with the losses of the user's choice in place of the saved ones, which a note says. Outputs that the
 * choice does not name keep theirs. Throws `usage` for an output that the model does not have.
 */
export function withLoss<T extends { readonly summary: ModelSummary }>(loaded: T, choice: LossChoice | null): T {
  if (choice === null) return loaded;
  const { summary } = loaded;
  const names = summary.outputs.map(({ name }) => name);
  if (typeof choice !== 'string') {
    const unknown = Object.keys(choice).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      const remedy = `The outputs are ${names.join(', ')}.`;
      throw new DiagnosisError('usage', `A loss was given for ${unknown}, which is no output.`, null, remedy);
    }
  }
  const saved = names.map((_, k) => summary.training?.losses[k] ?? null);
  const chosen = losses(choice, names);
  const notes = names.flatMap((name, k) => {
    if (chosen[k] === null || chosen[k] === saved[k]) return [];
    const place = saved[k] === null ? 'was not saved with the model' : `takes the place of the saved ${saved[k]}`;
    return [`The loss ${chosen[k]} of the output ${name} was given by you and ${place}.`];
  });
  const training = {
    optimizer: summary.training?.optimizer ?? null,
    learningRate: summary.training?.learningRate ?? null,
    losses: names.map((_, k) => chosen[k] ?? saved[k]),
  };
  const file = { ...summary.file, notes: [...summary.file.notes, ...notes] };
  return { ...loaded, summary: { ...summary, file, training } };
}

/**
 * `'mse'`, `'categoricalCrossentropy'`, `{class_name: 'BinaryCrossentropy', …}`, `{class_name: 'function', config: 'mse'}`; a
 * Huber loss with its delta, where that is not 1: `huber(2.5)`.
 */
export function lossName(value: unknown): string | null {
  const className = text(get(value, 'class_name')) ?? text(get(value, 'className'));
  const name = className === 'function' ? text(get(value, 'config')) : (className ?? text(value));
  if (name === null) return null;
  const snake = name
    .split('>')
    .pop()!
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
  const known = Object.hasOwn(ALIASES, snake) ? ALIASES[snake] : snake;
  const delta = get(get(value, 'config'), 'delta');
  return known === 'huber' && typeof delta === 'number' && delta !== 1 ? `huber(${delta})` : known;
}
