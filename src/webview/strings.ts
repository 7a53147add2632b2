/** Every sentence of the panel that does not come from the report. */

import { formatCount, formatPlural } from '../report/format';
import type { Severity, Stage } from '../report/report';

export const TEXT = {
  error: 'Error',
  warning: 'Warning',
  information: 'Note',
  healthy: 'Healthy',
  unjudged: 'Not judged',

  verdict: 'Verdict',
  model: 'Model',
  probe: 'Probe',
  run: 'Run',
  took: (duration: string): string => `took ${duration}`,
  seed: (seed: number): string => `seed\u00a0${seed}`,
  loss: 'Loss',
  openModel: 'Open the model file',
  runAgain: 'Run again',
  useData: 'Use your data…',
  export: 'Export…',
  stale: 'The model, its data or its settings have changed since this run.',
  ignored: (rules: string): string => `Turned off in settings, so not reported: ${rules}.`,

  findings: 'Findings',
  checked: 'Checked',
  checksPassed: (count: number): string => `${formatPlural(count, 'check')} passed`,
  notes: 'Notes',
  wholeNetwork: 'network',
  moreLayers: (count: number): string => `and ${formatPlural(count, 'more layer')}`,
  measured: 'Measured',
  cause: 'Cause',
  why: 'Why it matters',
  fix: 'Fix',
  fixes: 'Fixes, best first',
  effectOf: (quantity: string): string => `: ${quantity}`,
  before: 'before',
  after: 'after',
  showCode: 'Show code',
  hideCode: 'Hide code',
  copy: 'Copy',
  copied: 'Copied',
  languages: 'Language',
  tfjs: 'TensorFlow.js',
  keras: 'Keras',
  showLayer: 'Show layer',
  goToLayer: 'Open in model file',
  goToLayerTip: 'Opens the model file where this layer is configured.',
  ignoreRule: 'Ignore rule',
  ignoreRuleTip: (rule: string): string => `Turns off ${rule} in this workspace. Settings can turn it on again.`,
  explainRule: (rule: string): string => `What ${rule} looks at and where its limits come from.`,

  network: 'Network',
  several: (count: number): string => `${formatCount(count)} shapes`,
  networkSizes: (input: string, output: string): string => `${input} in, ${output} out`,
  layersFromInput: 'Layers from input to output',
  inArrow: 'in →',
  position: (index: number, count: number): string => `${formatCount(index + 1)} of ${formatCount(count)}`,

  flow: 'Signal flow',
  logScale: 'log scale',
  forward: 'Forward →',
  backward: '← Backward',
  usual: 'usual',
  layer: 'layer',
  chart: (quantity: string, summary: string): string => `${quantity} by layer, log scale: ${summary}`,
  usualFrom: (low: string, high: string): string => `usual from ${low} to ${high}`,

  layers: 'Layers',
  depthOrder: 'in depth order',
  worst: (shown: number, count: number): string => `${shown} worst of ${formatCount(count)}`,
  leastGradient: (shown: number, count: number): string => `${shown} least gradients of ${formatCount(count)}`,
  firstOf: (shown: number, count: number): string => `first ${shown} of ${formatCount(count)}`,
  showAll: (count: number): string => `Show all ${formatCount(count)} layers`,
  showFewer: 'Show fewer',

  columnLayer: 'Layer',
  sortByDepth: 'Sort by depth.',
  columnActivation: 'Activation',
  sortByActivation: 'Sort by activation.',
  columnUnits: 'Units',
  sortByUnits: 'Sort by number of units.',

  detail: 'Layer detail',
  layerOf: (index: number, count: number): string => `layer ${formatCount(index + 1)} of ${formatCount(count)}`,
  oneCellEach: (units: string): string => `${units}, one cell each`,
  firstCells: (shown: number, count: number, units: string): string =>
    `First ${formatCount(shown)} of ${formatCount(count)} ${units}, one cell each`,
  mapOf: (units: string): string => `Map of ${units}`,
  unitOf: (unit: string, index: number): string => `${unit} ${formatCount(index)}`,
  activeIn: (active: number, samples: number): string =>
    `above 0 in ${formatCount(active)} of ${formatCount(samples)} samples`,
  meanIs: (mean: string): string => `mean ${mean}`,
  notAbove: (share: string): string => `${share} not above 0`,
  exactlyZero: (share: string): string => `${share} exactly 0`,
  meanSpread: (mean: string, spread: string): string => `${mean} ± ${spread}`,
  notFinite: (count: number): string => `${formatCount(count)} not finite`,
  quantity: 'Quantity',
  expected: 'Expected',
  tooLow: 'too low:',
  tooHigh: 'too high:',
  atMost: (value: string): string => `at most ${value}`,
  fromTo: (low: string, high: string): string => `${low} to ${high}`,
  outOf: (count: number, total: number): string => `${formatCount(count)} of ${formatCount(total)}`,
  notMeasured: 'Not measured',

  about: 'About this run',
  file: 'File',
  madeBy: 'Made by',
  repaired: 'Loading',
  backwardPass: 'Backward',
  limits: 'Limits',
  time: 'Time',
  experiments: 'Copies',
  freshCopies: (count: number, samples: number): string =>
    `${formatPlural(count, 'freshly initialised copy', 'freshly initialised copies')}, ${formatPlural(samples, 'sample')} each`,
  safeRate: (optimizer: string, rate: string): string =>
    `Steps of ${optimizer} on a copy silence no unit up to learning rate ${rate}.`,
  noSafeRate: (optimizer: string): string =>
    `Steps of ${optimizer} on a copy silence units at every learning rate tried.`,
  silencedAt: (count: number, rate: string): string =>
    `At the saved rate ${rate}, five steps silence ${formatPlural(count, 'unit')}.`,
  drawnBy: (initializer: string): string => ` Initialiser: ${initializer}.`,
  inFresh: (value: string): string => `${value} fresh`,
  version: 'Version',

  emptyTitle: 'Find dead units and vanishing gradients',
  emptyWhat:
    'Open a saved TensorFlow.js model. It is run on a batch of samples, and each layer is judged: what is wrong, how sure that is, why, and what would help.',
  openModelButton: 'Open model…',
  emptyPrivacy: 'Reads model.json with its weight files. Probe data are optional. Nothing leaves this machine.',
  running: (model: string): string => `Diagnosing ${model}`,
  progress: 'Progress',
  cancel: 'Cancel',
  elapsed: (seconds: number): string => `${formatCount(seconds)}\u00a0s`,
  done: 'done',
  where: 'Where',
  tryAgain: 'Try again',
  openFile: 'Open file',
  errorCode: 'Error code',
  nothingShown: 'No report',
} as const;

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  error: TEXT.error,
  warning: TEXT.warning,
  information: TEXT.information,
};

export const STAGES: readonly { readonly stage: Stage; readonly label: string }[] = [
  { stage: 'load', label: 'Load the model' },
  { stage: 'probe', label: 'Choose the probe' },
  { stage: 'forward', label: 'Run forward' },
  { stage: 'backward', label: 'Run backward' },
  { stage: 'experiment', label: 'Try causes on copies' },
  { stage: 'judge', label: 'Judge each layer' },
];

/** Terms of art with what a tooltip says about them. */
export const TERMS = {
  probe: ['Probe', 'The inputs that the model was run on. The same source and seed give the same report.'],
  variance: [
    'variance',
    'How much a layer’s output differs between samples, averaged over its units. When it falls to 0, all inputs look the same to the layers that follow.',
  ],
  gradientNorm: [
    'norm',
    'Length of the gradient that arrives at the layer’s output, per sample: how strong its learning signal is.',
  ],
  dead: ['Dead', 'Share of the units that never fired: proved dead, or dead with 95% confidence.'],
  slope: [
    'Slope',
    'Mean derivative of the activation, as a share of the largest it can have. Back-propagation multiplies by it: near 0 the layer is saturated or dead.',
  ],
  gradient: [
    'Gradient',
    'Norm per sample of the gradient at the layer’s output. Bars: log scale, full at the best-fed layer.',
  ],
  spread: ['Mean ± spread', 'Mean and standard deviation of the layer’s output over samples, positions and units.'],
  expected: [
    'Expected',
    'What theory, the layer’s own initialiser or freshly initialised copies (fresh) give for this layer.',
  ],
  deadUnits: ['Dead units', 'Units that never fired on the probe: proved dead, or dead with 95% confidence.'],
  signalVariance: [
    'Signal variance',
    'Variance of the output across samples, averaged over units: what the layer tells about its input.',
  ],
  output: ['Output', 'Mean ± standard deviation after the activation.'],
  meanSlope: [
    'Mean slope',
    'E[φ′(z)]: the factor by which the activation really multiplies the gradient. At most 0.25 for a sigmoid.',
  ],
  outputGradient: ['Gradient norm', 'Length of the gradient at this layer’s output, per sample.'],
  gradientRms: ['Gradient RMS', 'Root mean square of one entry of the gradient at this layer’s output.'],
  gain: [
    'Gradient gain',
    'Factor by which the layer changes the variance of the gradient on its way back. Expected: mean-field theory (χ). Below 1 the gradient shrinks.',
  ],
  rank: ['Effective rank', 'How many independent directions the outputs of the probe span.'],
  weightSpread: ['spread', 'Standard deviation of the weight, beside the one that its initialiser gives.'],
  biasMean: ['Bias mean', 'Average of the bias vector. A strongly negative bias keeps a ReLU shut.'],
  gradientRatio: ['Gradient / weight', '‖dLoss/dW‖ / ‖W‖ of the kernel: how fast it would change.'],
  updateRatio: [
    'Update ratio',
    'Learning rate × ‖dLoss/dW‖ / ‖W‖: one step beside the weights it changes. About 1e-3 is healthy.',
  ],
  nonFinite: ['Not finite', 'Number of outputs that are NaN or infinite.'],
  pre: ['Before activation', 'z: what the layer computes before its activation function.'],
  post: ['After activation', 'a: what the layer passes on.'],
} as const satisfies Record<string, readonly [string, string]>;

export type Term = keyof typeof TERMS;

/** Terms of art in the sentences of a report; each is explained where it first stands. */
export const GLOSSARY: readonly { readonly pattern: RegExp; readonly explanation: string }[] = [
  {
    pattern: /proved dead|proved/i,
    explanation:
      'No input in the declared range can make these fire: worked out from the weights, not from the samples (interval bound propagation).',
  },
  {
    pattern: /95\s?% confidence/i,
    explanation: '0 firings in n samples bound the true share of firing inputs by 1 − 0.05^(1/n), about 3/n.',
  },
  {
    pattern: /dormant/i,
    explanation: 'Firing, but at most 2.5% as strongly as the average unit of the layer (Sokar et al. 2023).',
  },
  { pattern: /\bRMS\b/, explanation: 'Root mean square: the typical size of one entry, ignoring its sign.' },
  {
    pattern: /update ratio/i,
    explanation: 'Size of one training step divided by the size of the weights. About 1e-3 is healthy.',
  },
  {
    pattern: /effective rank/i,
    explanation:
      'How many independent directions the outputs span; small means that samples become hard to tell apart.',
  },
  {
    pattern: /random cotangent|cotangent/i,
    explanation: 'A random vector of unit variance sent back from the output in place of the gradient of a loss.',
  },
  { pattern: /\blogits?\b/i, explanation: 'What the last layer computes before softmax or sigmoid.' },
  {
    pattern: /saturat(?:ed|ion|es)/i,
    explanation: 'At an end of the activation’s range, where its slope is nearly 0.',
  },
  { pattern: /fan[- ]?in/i, explanation: 'Number of inputs that one unit sums over.' },
  { pattern: /\bSGD\b/, explanation: 'Stochastic gradient descent.' },
  {
    pattern: /variance across samples/i,
    explanation: 'How much an output differs from sample to sample: what the layer tells about its input.',
  },
];
