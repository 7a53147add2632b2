/** Causes of a signal that shrinks or grows, told apart by what copies of the network did. */

import { formatFactor, formatPlural } from '../../report/format';
import type { Cause, Copies, LayerReport, Suggestion } from '../../report/report';
import { growingCause, shrinkingCause } from './weightCauses';
import { isUntrained, type Measurement } from './rule';

export type Direction = 'forward' | 'backward';

/** The part of the network that is judged: from `from` to `to` the signal is lost or blown up, in execution order. */
export interface Stretch {
  readonly from: LayerReport;
  readonly to: LayerReport;
  readonly layers: readonly LayerReport[];
}

/** log10 of the change, in the same unit as the findings, below which a copy counts as cured (in absolute value). */
const CURED_LOG = 1.5;
/** Where nothing is left, how much was lost cannot be measured: a copy must then keep all but half of this. */
const UNMEASURED_DECADES = 10;
/** A copy that keeps at most this share of the decades counts as cured too: a deep or narrow network always loses a little. */
const CURED_SHARE = 0.5;

/**
 * Why the signal changes by `log` decades over the stretch: the first of fresh weights, fitting initialisation and
 * rectified activations that makes an end of it names the cause; depth is what is left. Where no copies were made, the
 * weights and activations are all there is to go by.
 */
export function flowCause(measurement: Measurement, stretch: Stretch, direction: Direction, log: number): Cause | null {
  const { fresh, fitting, rectified } = measurement.experiments;
  const change = (copies: Copies | null): number | null =>
    copies === null ? null : changeOver(copies, stretch, direction);
  const cured = (value: number | null): value is number =>
    value !== null &&
    (Math.abs(value) < CURED_LOG ||
      Math.abs(value) < CURED_SHARE * (Number.isFinite(log) ? Math.abs(log) : UNMEASURED_DECADES));
  /** `kind`: what the copies are. */
  const words = ({ count }: Copies, kind: string, value: number): string => {
    const s = count === 1 ? 's' : '';
    const does =
      Math.abs(value) < 0.15 ? `keep${s} the signal` : `change${s} it by ${formatFactor(10 ** Math.abs(value))} only`;
    return `${formatPlural(count, 'copy', 'copies')} ${kind} ${does}`;
  };
  const [freshChange, fittingChange, rectifiedChange] = [change(fresh), change(fitting), change(rectified)];
  const dead = stretch.layers.find(
    ({ units, silentUnits }) => units !== null && units > 0 && silentUnits.length === units,
  );
  // Where the signal is lost in fresh copies too, although their units live, what silenced these was its weakness.
  const weak = freshChange !== null && !cured(freshChange) && dead !== undefined && isAlive(dead, fresh!);
  if (dead !== undefined && !weak) {
    return {
      id: 'dead-units-upstream',
      title: `${dead.name} is dead`,
      explanation: 'None of its units fires, so nothing passes it, forward or backward.',
    };
  }
  if (fitting === null) return log < 0 ? shrinkingCause(stretch.layers) : growingCause(stretch.layers);
  if (cured(freshChange)) {
    const copies = words(fresh!, 'with freshly drawn weights', freshChange);
    return isUntrained(measurement)
      ? {
          id: 'weights',
          title: 'The draw of the weights',
          explanation: `${copies}; these, which were not trained either, do not.`,
        }
      : { id: 'weights', title: 'Training did it', explanation: `${copies}; the trained weights do not.` };
  }
  if (cured(fittingChange)) {
    return {
      id: 'initialization',
      title: 'The initialisation',
      explanation: `${words(fitting, 'initialised to fit their activations', fittingChange)}; the same network as configured does not.`,
    };
  }
  if (cured(rectifiedChange)) {
    const name =
      stretch.layers.find(({ derivative, activation }) => derivative !== null && activation !== 'linear')?.activation ??
      'saturating';
    return {
      id: 'activation',
      title: `The ${name} activation`,
      explanation: `${words(rectified!, `with ReLU and He initialisation in place of ${name}`, rectifiedChange)}; better weights alone do not help.`,
    };
  }
  return {
    id: 'depth',
    title: 'The depth',
    explanation: `Neither fitting initial weights nor other activations cure it${fittingChange === null || !Number.isFinite(fittingChange) ? '' : ` (copies initialised to fit still change it ${formatFactor(10 ** Math.abs(fittingChange))})`}: what ${stretch.layers.length} layers do multiplies.`,
  };
}

/** Whether most units of the layer fire in the copies. */
function isAlive({ name, units }: LayerReport, { layers }: Copies): boolean {
  const copied = layers.find((layer) => layer.name === name);
  return copied !== undefined && copied.silentUnits < units! / 2;
}

/** log10 of the change of the copies over the stretch, forward in variance and backward in gradient norm per sample; null when not measured. */
function changeOver({ layers }: Copies, { from, to }: Stretch, direction: Direction): number | null {
  const value = (layer: LayerReport): number | null => {
    const copied = layers.find(({ name }) => name === layer.name);
    if (direction === 'forward') return copied?.variance ?? null;
    const size = layer.outputShape.reduce((a, b) => a * b, 1);
    return copied?.gradientRms == null ? null : copied.gradientRms * Math.sqrt(size);
  };
  const [start, end] = direction === 'forward' ? [value(from), value(to)] : [value(to), value(from)];
  if (start === null || end === null) return null;
  return start === 0 || end === 0 ? -Infinity : Math.log10(end / start);
}

/** What two of the fixes did to copies of the network over the stretch. */
export interface FlowEffects {
  /** Fitting initialisation. */
  readonly fitting: Suggestion['effect'];
  /** ReLU with He initialisation in place of saturating activations. */
  readonly rectified: Suggestion['effect'];
}

/** @param log log10 of the change that was measured in the saved network; -Infinity where nothing is left. */
export function flowEffects(
  { experiments }: Measurement,
  stretch: Stretch,
  direction: Direction,
  log: number,
): FlowEffects {
  const { from, to } = stretch;
  const [start, end] = direction === 'forward' ? [from, to] : [to, from];
  const quantity = `${direction === 'forward' ? 'variance' : 'gradient'} at ${end.name}, relative to ${start.name}`;
  const effect = (copies: Copies | null): Suggestion['effect'] => {
    const after = copies === null ? null : changeOver(copies, stretch, direction);
    if (copies === null || after === null) return null;
    const how = `Measured on ${formatPlural(copies.count, 'freshly drawn copy', 'freshly drawn copies')} with ${experiments.samples} samples.`;
    return { quantity, before: 10 ** log, after: 10 ** after, how };
  };
  return { fitting: effect(experiments.fitting), rectified: effect(experiments.rectified) };
}
