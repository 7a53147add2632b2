import { activation } from '../../report/activations';
import type { Cause, Suggestion } from '../../report/report';
import { batchNormalization } from '../fixes/batchNormalization';
import { fittingInitialization } from '../fixes/initialization';
import { replaceSaturating } from '../fixes/replaceSaturating';
import { flowEffects, type Direction, type Stretch } from './causes';
import type { Measurement } from './rule';

/**
 * What to do about a signal that shrinks or grows over a stretch, best first: only what follows from the cause, with what
 * it did to copies of the network. `log` is log10 of the change in the saved network.
 */
export function flowFixes(
  measurement: Measurement,
  stretch: Stretch,
  direction: Direction,
  log: number,
  cause: Cause | null,
): Suggestion[] {
  const { fitting, rectified } = flowEffects(measurement, stretch, direction, log);
  const layer = stretch.layers.find(({ weights }) => weights.some(({ fanIn }) => fanIn !== null)) ?? stretch.from;
  const saturating = stretch.layers.find(
    ({ activation: name }) => name !== null && activation(name)?.family === 'saturating',
  );
  const initialize = { ...fittingInitialization(layer), effect: fitting };
  const replace = saturating === undefined ? [] : [{ ...replaceSaturating(saturating), effect: rectified }];
  const normalize = batchNormalization(layer);
  switch (cause?.id) {
    case 'activation':
      return [...replace, normalize];
    case 'initialization':
      return [initialize, normalize];
    case 'dead-units-upstream':
      return [initialize];
    case 'depth':
      return [normalize, ...replace];
    default:
      return [initialize, ...replace, normalize];
  }
}
