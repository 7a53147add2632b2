import { lookup } from './spelling';

export interface OptimizerNote {
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  /** Learning rate that the libraries use when none is given. */
  readonly defaults: { readonly keras: number | null; readonly torch: number | null; readonly tfjs: number | null };
  /** Where learning rates usually lie. */
  readonly usual: readonly [number, number];
  /** A learning rate from here on for training a network is a mistake far more often than a choice; null for rules without a step size of their own. */
  readonly excessive: number | null;
  /** Where `usual` and `excessive` come from. */
  readonly source: string;
}

const row = (
  spellings: string,
  name: string,
  title: string,
  meaning: string,
  defaults: readonly [keras: number | null, torch: number | null, tfjs: number | null],
  usual: readonly [number, number],
  excessive: number | null,
  source: string,
): readonly [string, OptimizerNote] => [
  spellings,
  {
    name,
    title,
    meaning,
    defaults: { keras: defaults[0], torch: defaults[1], tfjs: defaults[2] },
    usual,
    excessive,
    source,
  },
];

const BENGIO = 'Bengio 2012 (arXiv:1206.5533): below 1 and above 1e-6 for standardized inputs, 0.01 to begin with';
const ADAM = 'Kingma and Ba 2014 (arXiv:1412.6980): 0.001; every weight moves by about the learning rate per step';

const find = lookup<OptimizerNote>([
  row(
    'sgd gradientdescent',
    'sgd',
    'Stochastic gradient descent',
    'Steps against the gradient, scaled by the learning rate.',
    [0.01, 0.001, 0.01],
    [1e-4, 0.5],
    1,
    BENGIO,
  ),
  row(
    'momentum',
    'momentum',
    'SGD with momentum',
    'Steps along a running average of the gradient.',
    [null, null, null],
    [1e-4, 0.1],
    1,
    BENGIO,
  ),
  row(
    'adam sparseadam',
    'adam',
    'Adam',
    'Steps of about the learning rate per weight, scaled by running moments of the gradient.',
    [0.001, 0.001, 0.001],
    [1e-5, 0.01],
    0.05,
    ADAM,
  ),
  row(
    'adamw adamweightdecay',
    'adamw',
    'AdamW',
    'Adam with the weight decay kept apart from the gradient.',
    [0.001, 0.001, null],
    [1e-6, 0.01],
    0.05,
    ADAM,
  ),
  row('adamax', 'adamax', 'Adamax', 'Adam with the infinity norm.', [0.001, 0.002, 0.002], [1e-5, 0.02], 0.1, ADAM),
  row('nadam', 'nadam', 'Nadam', 'Adam with Nesterov momentum.', [0.001, 0.002, null], [1e-5, 0.01], 0.05, ADAM),
  row('radam', 'radam', 'RAdam', 'Adam with a rectified warm-up.', [null, 0.001, null], [1e-5, 0.01], 0.05, ADAM),
  row(
    'rmsprop',
    'rmsprop',
    'RMSprop',
    'Steps scaled by the running size of the gradient.',
    [0.001, 0.01, 0.001],
    [1e-5, 0.01],
    0.05,
    'Hinton, lecture 6e of Neural Networks for Machine Learning: 0.001',
  ),
  row(
    'adagrad',
    'adagrad',
    'Adagrad',
    'Steps that shrink with the sum of squared gradients.',
    [0.001, 0.01, 0.01],
    [1e-3, 0.5],
    null,
    'Duchi, Hazan and Singer 2011',
  ),
  row(
    'adadelta',
    'adadelta',
    'Adadelta',
    'Adagrad with a running window; the learning rate only scales it.',
    [0.001, 1, 0.001],
    [1e-3, 1],
    null,
    'Zeiler 2012 (arXiv:1212.5701)',
  ),
  row(
    'ftrl',
    'ftrl',
    'FTRL',
    'Follow the regularized leader, for sparse linear models.',
    [0.001, null, null],
    [1e-3, 1],
    null,
    'McMahan et al. 2013',
  ),
  row(
    'lion',
    'lion',
    'Lion',
    'Steps of exactly the learning rate, in the sign of the momentum.',
    [0.001, null, null],
    [1e-6, 1e-3],
    0.05,
    'Chen et al. 2023 (arXiv:2302.06675): 3 to 10 times below AdamW',
  ),
  row(
    'lamb',
    'lamb',
    'LAMB',
    'Adam with steps scaled per layer, for large batches.',
    [0.001, null, null],
    [1e-4, 0.02],
    null,
    'You et al. 2019 (arXiv:1904.00962)',
  ),
  row(
    'adafactor',
    'adafactor',
    'Adafactor',
    'Adam with factored second moments.',
    [0.001, 0.01, null],
    [1e-4, 0.05],
    null,
    'Shazeer and Stern 2018 (arXiv:1804.04235)',
  ),
  row(
    'lbfgs',
    'lbfgs',
    'L-BFGS',
    'A quasi-Newton method with line search, for full batches.',
    [null, 1, null],
    [0.1, 1],
    null,
    'Liu and Nocedal 1989',
  ),
  row(
    'asgd',
    'asgd',
    'Averaged SGD',
    'SGD that returns the average of its weights.',
    [null, 0.01, null],
    [1e-4, 0.5],
    1,
    BENGIO,
  ),
  row(
    'rprop',
    'rprop',
    'Rprop',
    'Steps by the sign of the gradient, for full batches.',
    [null, 0.01, null],
    [1e-4, 0.1],
    null,
    'Riedmiller and Braun 1993',
  ),
  row(
    'muon',
    'muon',
    'Muon',
    'Momentum steps made orthogonal, for hidden matrices.',
    [null, 0.001, null],
    [1e-4, 0.05],
    null,
    'Jordan et al. 2024',
  ),
]);

/** The optimiser that a library calls `name` in any spelling; null if it is not one. */
export const optimizerNote = (name: string): OptimizerNote | null => find(name.replace(/_?optimizer$/i, ''));
