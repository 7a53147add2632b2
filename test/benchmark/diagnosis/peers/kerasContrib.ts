/**
 * keras-contrib's DeadReluDetector (keras_contrib/callbacks/dead_relu_detector.py): a unit is dead if it never fires on
 * the training data; warns, unless verbose, when at least 10% of a layer's units are dead. Layers whose `activation` is
 * `relu`; separate ReLU layers are not looked at.
 */

import { shareOfUnits, type Peer } from './peer';

export const KERAS_CONTRIB: Peer = {
  name: 'keras-contrib DeadReluDetector',
  checks: [
    {
      name: 'DeadReluDetector',
      rule: 'dead-relu',
      fires: ({ layers }) =>
        layers
          .filter(({ activation, className }) => activation === 'relu' && className !== 'ReLU')
          .some((layer) => shareOfUnits(layer, layer.activations, (own) => own.every((a) => a <= 0)) >= 0.1),
    },
  ],
};
