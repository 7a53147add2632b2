/**
 * UMLAUT (Schoop, Huang, Hartmann: "UMLAUT: Debugging Deep Learning Programs using Program Structure and Model
 * Behavior", CHI 2021), github.com/BerkeleyHCI/umlaut. Its rules on validation accuracy and overfitting need a whole
 * training run and are left out.
 *
 * learning rate > 0.01 or < 1e-7; inputs outside [-1, 1]; hidden dense or convolution layers without an activation;
 * categorical cross-entropy on an output that is no softmax; NaN loss.
 */

import type { Peer } from './peer';

export const UMLAUT: Peer = {
  name: 'UMLAUT',
  checks: [
    {
      name: 'learning rate',
      rule: 'learning-rate-too-high',
      fires: ({ learningRate }) => learningRate > 0.01 || learningRate < 1e-7,
    },
    {
      name: 'input not normalized',
      rule: 'unnormalized-input',
      fires: ({ input }) => input.minimum < -1 || input.maximum > 1,
    },
    {
      name: 'missing activation',
      rule: null,
      fires: ({ layers }) =>
        layers.some(
          ({ activation, output, className }) =>
            activation === 'linear' && !output && ['Dense', 'Conv1D', 'Conv2D'].includes(className),
        ),
    },
    {
      name: 'missing softmax',
      rule: 'output-activation-mismatch',
      fires: ({ layers, task }) => task.loss === 'categoricalCrossentropy' && layers.at(-1)?.activation !== 'softmax',
    },
    { name: 'NaN loss', rule: 'non-finite', fires: ({ steps }) => steps.some(({ loss }) => Number.isNaN(loss)) },
  ],
};
