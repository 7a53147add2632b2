import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/** Draws the recurrent kernel orthogonal, which keeps the norm of the state from step to step (Saxe et al. 2014, arXiv:1312.6120). */
export function orthogonalRecurrence(layer: LayerReport): Suggestion {
  return {
    fix: 'orthogonal-recurrence',
    title: 'Initialise the recurrent kernel orthogonal',
    rationale:
      'An orthogonal recurrent kernel keeps the norm of the state, where every other one multiplies it step by step. With ReLU, whose states never turn negative, start it smaller or with the identity. Training can make it grow again; clipping then bounds the steps.',
    code: layerCode(layer, { recurrentInitializer: { tfjs: "'orthogonal'", keras: '"orthogonal"' } }),
    effect: null,
  };
}
