import type * as tf from '@tensorflow/tfjs-core';
import type { CopiedLayer } from '../../report/report';
import { SquareAccumulator, UnitAccumulator } from '../backend/unitStatistics';
import { unitsLast } from '../measure/callMeter';
import { SignalMeter } from '../measure/signalMeter';
import { forwardBackward, type PassObserver } from '../measure/pass';
import { randomCotangent } from '../measure/cotangent';
import type { LayerCall, Network } from '../model/network';

/** The size of a layer's signal, forward and back. */
export interface Flow {
  readonly variance: number | null;
  readonly gradientRms: number | null;
}

/** What one copy of the network shows of a layer. */
export interface CopyMeasurement extends Flow {
  readonly silentUnits: number;
}

/**
 * Measures the network as it is at the moment on one batch: silent units, variance across samples and gradient of every
 * call with units. `substitute` replaces activations.
 */
export function measureCopy(
  network: Network,
  inputs: readonly tf.Tensor[],
  seed: number,
  substitute?: PassObserver['substitute'],
): Map<string, CopyMeasurement> {
  // By their number of units, for one layer after the other: hundreds of small arrays are made and collected slowly.
  const accumulators = new Map<number, UnitAccumulator>();
  const forward = new Map<LayerCall, Omit<CopyMeasurement, 'gradientRms'>>();
  const gradients = new Map<LayerCall, number | null>();
  const observer: PassObserver = {
    ...(substitute && { substitute }),
    output(call, a) {
      if (call.units === null) return;
      const values = unitsLast(a, call.unitAxis);
      const width = values.shape[values.rank - 1];
      const units = accumulators.get(width) ?? new UnitAccumulator(width);
      accumulators.set(width, units);
      units.clear();
      units.add(values, a.shape[0]);
      const signal = new SignalMeter(0);
      signal.add(values, units);
      forward.set(call, { silentUnits: silentUnits(units), variance: signal.variance });
    },
    outputGradient(call, dy) {
      if (call.units === null) return;
      const squares = new SquareAccumulator();
      squares.add(dy);
      gradients.set(call, squares.rootMeanSquare);
    },
  };
  forwardBackward(network, inputs, (heads) => randomCotangent(heads, seed, 0), observer, null);
  return new Map(
    [...forward].map(([call, seen]) => [call.name, { ...seen, gradientRms: gradients.get(call) ?? null }]),
  );
}

function silentUnits({ units, zeros, count }: UnitAccumulator): number {
  let silent = 0;
  for (let unit = 0; unit < units; unit++) if (zeros[unit] === count[unit]) silent++;
  return silent;
}

/** Averages several copies, layer by layer: the mean of counts, the median of what spans decades. */
export function averaged(network: Network, copies: readonly ReadonlyMap<string, CopyMeasurement>[]): CopiedLayer[] {
  return network.calls
    .filter(({ units }) => units !== null)
    .map(({ name }) => {
      const own = copies.map((copy) => copy.get(name)!);
      return {
        name,
        silentUnits: own.reduce((sum, { silentUnits }) => sum + silentUnits, 0) / own.length,
        variance: median(own.map(({ variance }) => variance)),
        gradientRms: median(own.map(({ gradientRms }) => gradientRms)),
      };
    });
}

/** In the logarithm, since the values span decades: one copy that died does not decide. Null when one is missing. */
function median(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  if (known.length < values.length) return null;
  known.sort((a, b) => a - b);
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : Math.sqrt(known[middle - 1] * known[middle]);
}

/** Decades that two copies may be apart: a median between them is then off their own by a quarter of one at most. */
const AGREEMENT = 0.5;

/**
 * Whether all copies show about the same of every layer, so that the median with one more would too. There is nothing to
 * agree on without copies.
 */
export function agree(copies: readonly ReadonlyMap<string, Flow>[]): boolean {
  const [first, ...others] = copies;
  const close = (a: number | null, b: number | null): boolean =>
    a === b || (a !== null && b !== null && Math.abs(Math.log10(a / b)) <= AGREEMENT);
  return others.every((other) =>
    [...other].every(([name, { variance, gradientRms }]) => {
      const same = first.get(name)!;
      return close(variance, same.variance) && close(gradientRms, same.gradientRms);
    }),
  );
}
