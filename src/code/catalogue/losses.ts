import { lookup } from './spelling';

/** What a loss takes from the network. */
export type LossInput = 'probabilities' | 'logits' | 'log-probabilities' | 'values';

export interface LossNote {
  /** Keras's identifier where there is one. */
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  readonly kind: 'categorical' | 'binary' | 'regression' | 'other';
  /** What it takes unless it is told otherwise (`from_logits`). */
  readonly takes: LossInput;
  /** Which output fits, in words. */
  readonly fits: string;
}

const row = (
  spellings: string,
  name: string,
  title: string,
  kind: LossNote['kind'],
  takes: LossInput,
  meaning: string,
  fits: string,
): readonly [string, LossNote] => [spellings, { name, title, kind, takes, meaning, fits }];

const VALUES = 'A linear output; tanh, sigmoid or softplus only where the targets have that range.';

const find = lookup<LossNote>([
  row(
    'categoricalcrossentropy',
    'categorical_crossentropy',
    'Categorical cross-entropy',
    'categorical',
    'probabilities',
    '-Σ y log p over one-hot classes.',
    'Softmax with one unit per class; a linear output only with from_logits.',
  ),
  row(
    'sparsecategoricalcrossentropy',
    'sparse_categorical_crossentropy',
    'Sparse categorical cross-entropy',
    'categorical',
    'probabilities',
    '-log p of the class with the given index.',
    'Softmax with one unit per class; a linear output only with from_logits.',
  ),
  row(
    'binarycrossentropy',
    'binary_crossentropy',
    'Binary cross-entropy',
    'binary',
    'probabilities',
    '-y log p - (1 - y) log(1 - p), for each output on its own.',
    'Sigmoid; a linear output only with from_logits.',
  ),
  row(
    'crossentropy softmaxcrossentropy softmaxcrossentropywithlogits softmaxcrossentropywithlogitsv2 sparsesoftmaxcrossentropywithlogits sparsesoftmaxcrossentropy',
    'softmax_cross_entropy',
    'Softmax cross-entropy',
    'categorical',
    'logits',
    'Softmax and cross-entropy in one, from logits.',
    'A linear output: the softmax is part of the loss.',
  ),
  row(
    'nll',
    'nll',
    'Negative log-likelihood',
    'categorical',
    'log-probabilities',
    'Minus the log-probability of the class with the given index.',
    'Log-softmax.',
  ),
  row(
    'bce',
    'binary_crossentropy',
    'Binary cross-entropy',
    'binary',
    'probabilities',
    '-y log p - (1 - y) log(1 - p), for each output on its own.',
    'Sigmoid.',
  ),
  row(
    'bcewithlogits binarycrossentropywithlogits sigmoidcrossentropy sigmoidcrossentropywithlogits multilabelsoftmargin',
    'sigmoid_cross_entropy',
    'Sigmoid cross-entropy',
    'binary',
    'logits',
    'Sigmoid and binary cross-entropy in one, from logits.',
    'A linear output: the sigmoid is part of the loss.',
  ),
  row(
    'meansquarederror mse',
    'mean_squared_error',
    'Mean squared error',
    'regression',
    'values',
    'Mean of (y - ŷ)².',
    VALUES,
  ),
  row(
    'meanabsoluteerror mae l1 absolutedifference',
    'mean_absolute_error',
    'Mean absolute error',
    'regression',
    'values',
    'Mean of |y - ŷ|.',
    VALUES,
  ),
  row(
    'huber smoothl1',
    'huber',
    'Huber',
    'regression',
    'values',
    'Squared for small errors, absolute for large ones.',
    VALUES,
  ),
  row('logcosh', 'log_cosh', 'Log-cosh', 'regression', 'values', 'Mean of log cosh(y - ŷ).', VALUES),
  row(
    'meansquaredlogarithmicerror msle',
    'mean_squared_logarithmic_error',
    'Mean squared logarithmic error',
    'other',
    'values',
    'Squared error of log(1 + y).',
    'Outputs that are not negative.',
  ),
  row(
    'meanabsolutepercentageerror mape',
    'mean_absolute_percentage_error',
    'Mean absolute percentage error',
    'other',
    'values',
    'Absolute error relative to y.',
    VALUES,
  ),
  row(
    'poisson poissonnll',
    'poisson',
    'Poisson',
    'other',
    'values',
    'ŷ - y log ŷ, for counts.',
    'Outputs that are positive.',
  ),
  row(
    'kullbackleiblerdivergence kldivergence kld kldiv',
    'kl_divergence',
    'Kullback-Leibler divergence',
    'other',
    'values',
    'Σ y log(y/p) between distributions.',
    'A distribution (log-probabilities in PyTorch).',
  ),
  row('hinge', 'hinge', 'Hinge', 'other', 'values', 'max(0, 1 - y ŷ) with y = ±1.', 'A linear or tanh output.'),
  row(
    'squaredhinge',
    'squared_hinge',
    'Squared hinge',
    'other',
    'values',
    'max(0, 1 - y ŷ)² with y = ±1.',
    'A linear or tanh output.',
  ),
  row(
    'categoricalhinge multimargin',
    'categorical_hinge',
    'Categorical hinge',
    'other',
    'values',
    'Margin between the right class and the best other one.',
    'A linear output.',
  ),
  row(
    'cosinesimilarity cosineproximity cosineembedding cosinedistance',
    'cosine_similarity',
    'Cosine similarity',
    'other',
    'values',
    'Cosine of the angle between y and ŷ.',
    'A linear output.',
  ),
  row(
    'ctc ctcbatchcost',
    'ctc',
    'Connectionist temporal classification',
    'other',
    'values',
    'Likelihood of a label sequence over all alignments.',
    'Log-probabilities per time step.',
  ),
  row(
    'tripletmargin',
    'triplet_margin',
    'Triplet margin',
    'other',
    'values',
    'Pulls like samples together and pushes others apart by a margin.',
    'An embedding.',
  ),
  row(
    'marginranking',
    'margin_ranking',
    'Margin ranking',
    'other',
    'values',
    'Orders two scores by a margin.',
    'A linear output.',
  ),
  row(
    'gaussiannll',
    'gaussian_nll',
    'Gaussian negative log-likelihood',
    'other',
    'values',
    'Likelihood under a predicted mean and variance.',
    'A mean and a positive variance.',
  ),
  row(
    'binaryfocalcrossentropy categoricalfocalcrossentropy focal',
    'focal',
    'Focal cross-entropy',
    'other',
    'values',
    'Cross-entropy that weighs easy samples down.',
    'Probabilities, or logits with from_logits.',
  ),
  row('dice', 'dice', 'Dice', 'other', 'values', 'Overlap of predicted and true regions.', 'Probabilities.'),
]);

/** The loss that a library calls `name` in any spelling (`CrossEntropyLoss`, `nll_loss`); null if it is not one. */
export const lossNote = (name: string): LossNote | null => find(name.replace(/_?loss$/i, ''));
