import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

interface Replacement {
  readonly fix: string;
  readonly title: string;
  readonly rationale: string;
  readonly tfjs: string;
  readonly keras: string;
}

const REPLACEMENTS: Readonly<Record<'leakyRelu' | 'elu' | 'prelu', Replacement>> = {
  leakyRelu: {
    fix: 'leaky-relu',
    title: 'Replace ReLU by Leaky ReLU',
    rationale:
      'A small slope for negative arguments keeps a gradient flowing, so no unit dies for good, at about the cost of ReLU. There is no proof that it always trains better.',
    tfjs: 'tf.layers.leakyReLU({ alpha: 0.1 })',
    keras: 'layers.LeakyReLU(negative_slope=0.1)  # Keras 2: alpha=0.1',
  },
  elu: {
    fix: 'elu',
    title: 'Replace ReLU by ELU',
    rationale:
      'ELU has a gradient for negative arguments and outputs nearer to mean 0. It costs an exponential per negative value, and there is no proof that it always trains better.',
    tfjs: 'tf.layers.elu()',
    keras: 'layers.ELU()',
  },
  prelu: {
    fix: 'prelu',
    title: 'Replace ReLU by PReLU',
    rationale:
      'PReLU learns the slope for negative arguments (He et al. 2015). It adds one weight per unit and can overfit small data; there is no proof that it always trains better.',
    tfjs: 'tf.layers.prelu()',
    keras: 'layers.PReLU()',
  },
};

/** An activation that has a gradient for negative arguments, as a layer behind this one made linear. */
export function leakyActivation(layer: LayerReport, which: keyof typeof REPLACEMENTS): Suggestion {
  const { fix, title, rationale, tfjs, keras } = REPLACEMENTS[which];
  const linear = layerCode(layer, { activation: null });
  return {
    fix,
    title,
    rationale,
    code: {
      tfjs: linear.tfjs === null ? tfjs : `${linear.tfjs},\n${tfjs}`,
      keras: linear.keras === null ? keras : `${linear.keras},\n${keras}`,
    },
    effect: null,
  };
}
