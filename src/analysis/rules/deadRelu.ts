/**
 * dead-relu: units of the ReLU family whose output is 0 for every input seen.
 *
 * A unit counts as dead when it is proved so (interval bounds over the input box, Gowal et al. 2018, arXiv:1810.12715)
 * or was active in none of n probe samples: then, with 95 % confidence and Bonferroni's correction for m such units, it
 * is active on less than 1 - (0.05/m)^(1/n) of inputs (Jovanovic and Levy 1997). Units are judged, not entries: about
 * half of a healthy ReLU layer's entries are 0, and a layer with biases of -1 has 97 % zeros and yet learns.
 *
 * A warning from a quarter of a layer's units on, an error from half on; units that are born dead warn from three quarters on,
 * since every deep ReLU network is born with some (Lu et al. 2019): where the samples have become alike, a unit without a bias
 * fires for all or for none, and half of them for none. Narrow networks with up to 60 % of a layer silent learned, those with
 * 80 % mostly, and none with a whole layer silent (docs/rules.md). Where a fitting initialisation leaves far fewer silent, that is
 * no excuse. A network that has learned what it was given labels for gets the milder grade: deaths that did not keep it from
 * learning cost capacity only. (keras-contrib's detector warns from a tenth on, which many a well-trained network has.)
 *
 * Fewer are reported together as information. In a sparse layer some silent units are rare rather than dead: Chao's estimator
 * of what a sample has missed is taken off before the share is judged.
 */

import { formatCount, formatFactor, formatList, formatNumber, formatPlural, formatShare } from '../../report/format';
import type { Cause, Copies, DeadUnits, Finding, LayerReport, Severity, Suggestion } from '../../report/report';
import { adaptiveOptimizer } from '../fixes/adaptiveOptimizer';
import { heInitialization } from '../fixes/heInitialization';
import { leakyActivation } from '../fixes/leakyActivations';
import { lowerLearningRate } from '../fixes/lowerLearningRate';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, hasLearned, isImageNoise, isSynthetic, type Measurement, milder, type Rule } from './rule';

const WARNING_SHARE = 0.25;
const ERROR_SHARE = 0.5;
/** The share from which on units that are born dead are worth a warning, where a fitting initialisation would not help. */
const BORN_SHARE = 0.75;
/** In a tiny layer one unit is a large share; fewer than these are no more than a note, unless they are the whole layer. */
const FEWEST_UNITS = 4;
/** Bounds above which an error becomes a warning, and anything a note: about 50 and 25 samples for 30 units. */
const LOOSE_BOUND = 0.15;
const LOOSEST_BOUND = 0.25;
/** Fewer distinct samples than these are no probe: that all counts have a larger divisor is then chance. */
const FEWEST_DISTINCT = 32;
/** Factor by which the variance of a signal shrinks that any step of a bias drowns, as in vanishing-signal. */
const WEAK_SIGNAL = 1e4;
/** On noise in place of images healthy vision models keep more than half of a layer silent: below this it is no more than a note. */
const IMAGE_NOISE_SHARE = 0.75;

export const deadRelu: Rule = {
  id: 'dead-relu',
  judge(measurement) {
    const judged = measurement.layers.filter(
      (layer): layer is Judged => layer.dead !== null && (layer.role === 'hidden' || isDeadOutput(layer)),
    );
    const severe: (readonly [Judged, Severity])[] = [];
    const slight: Judged[] = [];
    for (const layer of judged) {
      const dead = layer.dead.proved.length + layer.dead.confident.length;
      if (dead === 0) continue;
      const severity = severityOf(layer, measurement);
      if (severity === 'information') slight.push(layer);
      else severe.push([layer, severity]);
    }
    const cutOff = cutOffLayers(measurement);
    // Few samples may say too little of a wide layer and yet enough of a narrow one that it cuts off.
    const told = new Set(severe.map(([{ name }]) => name).filter((name) => !cutOff.has(name)));
    const teller = (name: string): string | null => {
      const source = cutOff.get(name);
      return source !== undefined && told.has(source) ? source : null;
    };
    const findings = severe
      .filter(([{ name }]) => teller(name) === null)
      .map(([layer, severity]) => {
        const behind = severe.map(([{ name }]) => name).filter((name) => teller(name) === layer.name);
        return describe(layer, severity, behind, measurement);
      });
    return slight.length === 0 ? findings : [...findings, describeSlight(slight, measurement)];
  },
};

/**
 * Layers that nothing reaches but through a layer whose units are all dead, each with the first of those: they get the same
 * input for every sample, so that they tell nothing of their own.
 */
function cutOffLayers({ layers }: Measurement): ReadonlyMap<string, string> {
  const dead = new Set(
    layers
      .filter(({ dead, units, silentUnits }) => dead !== null && silentUnits.length === units)
      .map(({ name }) => name),
  );
  const cutOff = new Map<string, string>();
  for (const { name, inputs } of layers) {
    const sources = inputs.map((input) => cutOff.get(input) ?? (dead.has(input) ? input : null));
    const [first = null] = sources;
    if (first !== null && !sources.includes(null)) cutOff.set(name, first);
  }
  return cutOff;
}

/** Of an output single units may be 0 by right, as the margins of pictures are; all of them are not. */
const isDeadOutput = ({ role, units, silentUnits }: LayerReport): boolean =>
  role === 'output' && silentUnits.length === units;

type Judged = LayerReport & { readonly dead: DeadUnits };

/** Whether copies have at least half as many silent units in this layer; null when none were made. */
function silentInCopies({ name, dead }: Judged, copies: Copies | null): boolean | null {
  const copied = copies?.layers.find((layer) => layer.name === name);
  return copied === undefined ? null : copied.silentUnits >= (dead.proved.length + dead.confident.length) / 2;
}

/** Whether training has never moved the layer: what kills a unit moves its bias, and a bias that is constant was never moved. */
function isUntouched(layer: Judged, { layers }: Measurement): boolean {
  const producer = NetworkGraph.of(layers).producerOf(layer) ?? layer;
  return producer.weights.some(({ name, standardDeviation }) => name === 'bias' && standardDeviation === 0);
}

/**
 * A narrow network is born dead with some draws of its weights only, so that copies may be alive on average: what training
 * has never moved it cannot have killed.
 */
const isBornDead = (layer: Judged, measurement: Measurement): boolean =>
  silentInCopies(layer, measurement.experiments.fresh) === true || isUntouched(layer, measurement);

/** Born with silent units as networks of its depth and width are, whatever their initialisation. */
function isBornAsUsual(layer: Judged, measurement: Measurement): boolean {
  const { fresh, fitting } = measurement.experiments;
  const usual = silentInCopies(layer, fitting) ?? silentInCopies(layer, fresh) ?? false;
  return usual && isBornDead(layer, measurement);
}

/**
 * How many of the silent units are probably alive but rare, by Chao's estimator of what a sample has missed (Chao 1984):
 * `f1 (f1 - 1) / (2 (f2 + 1))` with f1 and f2 the numbers of units that fired in exactly one and two samples. In a sparse layer
 * whose units fire on few inputs each, silence is no proof of death.
 */
function rareUnits({ dead, output }: Judged, { probe: { samples } }: Measurement): number {
  const counts = output?.perUnit?.activeSamples ?? [];
  // Samples that come several times each are no more samples: all counts are multiples of that number.
  const divisor = counts.reduce(greatestCommonDivisor, samples);
  const copies = samples / divisor < FEWEST_DISTINCT ? 1 : divisor;
  const times = (n: number): number => counts.filter((count) => count === n * copies).length;
  const missed = (times(1) * Math.max(0, times(1) - 1)) / (2 * (times(2) + 1));
  return Math.min(dead.confident.length, Math.round(missed));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function severityOf(layer: Judged, measurement: Measurement): Severity {
  const { dead, units } = layer;
  const share = (dead.proved.length + dead.confident.length - rareUnits(layer, measurement)) / units!;
  if (isImageNoise(measurement) && share < IMAGE_NOISE_SHARE) return 'information';
  const enough = isBornAsUsual(layer, measurement) ? BORN_SHARE : WARNING_SHARE;
  if (share < enough || (share < 1 && share * units! < FEWEST_UNITS)) return 'information';
  // Few samples leave room for units that fire now and then; what is proved needs none.
  const bound = dead.proved.length >= ERROR_SHARE * units! ? 0 : (dead.activeAtMost ?? 0);
  if (bound > LOOSEST_BOUND) return 'information';
  const severity = share >= ERROR_SHARE && bound <= LOOSE_BOUND ? 'error' : 'warning';
  if (hasLearned(measurement)) return milder(severity);
  return severity === 'warning' && isSynthetic(measurement) ? 'information' : severity;
}

function describe(layer: Judged, severity: Severity, behind: readonly string[], measurement: Measurement): Finding {
  const { dead } = layer;
  const units = layer.units!;
  const count = dead.proved.length + dead.confident.length;
  const { samples } = measurement.probe;
  const producer = NetworkGraph.of(measurement.layers).producerOf(layer) ?? layer;
  const cure = cureOf(layer, producer, measurement);
  const parts = [
    `${formatCount(count)} of ${formatPlural(units, 'unit')} never fired in ${formatPlural(samples, 'sample')}.`,
  ];
  if (dead.proved.length > 0) {
    parts.push(
      dead.proved.length === 1
        ? '1 is proved dead: no input in the probed range can make it fire.'
        : `${formatCount(dead.proved.length)} are proved dead: no input in the probed range can make them fire.`,
    );
  }
  if (dead.activeAtMost !== null) {
    parts.push(
      `With 95% confidence, ${eachOf(dead)} fires on fewer than ${formatShare(Math.max(dead.activeAtMost, 0.01))} of inputs.`,
    );
  }
  const rare = rareUnits(layer, measurement);
  if (rare > 0) {
    parts.push(
      `About ${formatCount(rare)} of them ${rare === 1 ? 'is' : 'are'} probably rare rather than dead, to judge by the units that fired once or twice.`,
    );
  }
  if (behind.length > 0) {
    const names = behind.slice(0, 3);
    const more = behind.length - names.length;
    parts.push(
      `Behind it ${formatList(more > 0 ? [...names, formatPlural(more, 'more layer')] : names)} ${behind.length === 1 ? 'gets' : 'get'} the same input for every sample and ${behind.length === 1 ? 'has' : 'have'} silent units, too.`,
    );
  }
  return finding('dead-relu', {
    severity,
    layer: layer.name,
    alsoIn: behind,
    title: `${formatCount(count)} of ${formatPlural(units, 'unit')} dead`,
    confidence:
      dead.confident.length === 0
        ? { grade: 'proved', text: 'proved' }
        : isSynthetic(measurement)
          ? { grade: 'moderate', text: 'at 95%, on synthetic inputs' }
          : { grade: 'high', text: 'at least 95% confidence' },
    measured: parts,
    cause: causeOf(layer, producer, measurement),
    why: `A dead unit outputs 0 and gets no gradient: ${layer.role === 'output' ? 'the network answers 0 whatever it is shown' : count === units ? 'nothing passes this layer' : `the layer works with ${formatPlural(units - count, 'unit')}`}, and training does not bring the others back.`,
    advice: cure.advice,
    evidence: {
      dead: count,
      proved: dead.proved.length,
      confident: dead.confident.length,
      suspected: dead.suspected.length,
      rare,
      units,
      samples,
      activeAtMost: dead.activeAtMost,
    },
    suggestions: cure.suggestions,
  });
}

/** What to do, best first: units that are born dead need other weights or activations, whatever the learning rate. */
function cureOf(
  layer: Judged,
  producer: LayerReport,
  measurement: Measurement,
): { readonly advice: string; readonly suggestions: readonly Suggestion[] } {
  const { training } = measurement.model;
  const initialize = { ...heInitialization(producer), effect: initializationEffect(layer, measurement) };
  const leaky = (['leakyRelu', 'elu', 'prelu'] as const).map((name) => leakyActivation(producer, name));
  if (isBornAsUsual(layer, measurement)) {
    return {
      advice: 'First replace ReLU by Leaky ReLU, whose units cannot die, or give the layers more units.',
      suggestions: [...leaky, initialize],
    };
  }
  if (isBornDead(layer, measurement)) {
    return {
      advice: 'First draw the weights anew, with He initialisation and biases of 0.',
      suggestions: [initialize, ...leaky],
    };
  }
  if (lostBefore(layer, measurement) !== null) {
    return {
      advice:
        'First train again with He initialisation, which keeps the size of the signal; no learning rate makes up for it.',
      suggestions: [initialize, ...leaky],
    };
  }
  const adaptive = adaptiveOptimizer(training);
  return {
    advice: 'First train again with a lower learning rate and He initialisation.',
    suggestions: [
      { ...lowerLearningRate(training, safeRate(measurement)), effect: rateEffect(measurement) },
      initialize,
      ...(adaptive === null ? [] : [adaptive]),
      ...leaky,
    ],
  };
}

/** "each of the 8", "each of the other 7", "it", "the other one". */
function eachOf({ proved, confident }: DeadUnits): string {
  const count = formatCount(confident.length);
  if (proved.length === 0) return confident.length === 1 ? 'it' : `each of the ${count}`;
  return confident.length === 1 ? 'the other one' : `each of the other ${count}`;
}

/**
 * Born dead, when fresh copies have at least half as many silent units in this layer (Lu et al. 2019, arXiv:1903.06733), or
 * when training has never moved it; otherwise killed in training.
 */
function causeOf(layer: Judged, producer: LayerReport, measurement: Measurement): Cause | null {
  const { fresh, learningRates } = measurement.experiments;
  const born = fresh?.layers.find(({ name }) => name === layer.name);
  const untouched = isUntouched(layer, measurement);
  if (fresh === null || born === undefined) {
    if (!untouched) return null;
    return {
      id: 'born-dead',
      title: 'Born dead',
      explanation: 'The biases of the layer are still constant, as they were drawn: training has not moved it.',
    };
  }
  const copies = `In ${formatPlural(fresh.count, 'fresh copy', 'fresh copies')} of the network ${born.silentUnits < 10 ? formatNumber(born.silentUnits) : formatCount(born.silentUnits)} of these ${formatPlural(layer.units!, 'unit')} are silent on average`;
  if (isBornDead(layer, measurement)) {
    return {
      id: 'born-dead',
      title: 'Born dead',
      explanation:
        silentInCopies(layer, fresh) === true
          ? `${copies}: the initialisation makes them so, not training.`
          : `${copies}, and its biases are still constant, as they were drawn: it is the draw of these weights, not training.`,
    };
  }
  const bias = producer.weights.find(({ name }) => name === 'bias');
  const drift =
    bias?.mean != null &&
    layer.preActivation?.standardDeviation != null &&
    bias.mean < -layer.preActivation.standardDeviation;
  const sentences = [`${copies}.`];
  const lost = lostBefore(layer, measurement);
  if (lost !== null) {
    sentences.push(
      `But the variance of the signal falls ${formatFactor(lost)} on its way to them: so weak a signal is drowned by the first steps of the biases.`,
    );
  }
  if (drift) sentences.push(`The biases have drifted to ${formatNumber(bias.mean)} on average.`);
  const { configuredRate = null, highestSafeRate = null } = learningRates ?? {};
  if (
    lost === null &&
    learningRates !== null &&
    configuredRate !== null &&
    (highestSafeRate === null || configuredRate > highestSafeRate)
  ) {
    const at = learningRates.rates.find(({ rate }) => rate === configuredRate)!;
    sentences.push(
      `Five steps at the saved learning rate ${formatNumber(configuredRate)} silence ${formatPlural(at.newlySilentAfterFive, 'unit')} of a copy; ${highestSafeRate === null ? 'every rate tried silences some' : `up to ${formatNumber(highestSafeRate)} none`}.`,
    );
  }
  return { id: 'killed-in-training', title: 'Killed in training', explanation: sentences.join(' ') };
}

/**
 * The factor by which the variance of the signal shrinks on its way to the layer in fresh copies, whose units fire; null where
 * it does not shrink much. Units that are silent only because any small bias outweighs their signal were not killed by the
 * learning rate.
 */
function lostBefore(layer: Judged, { experiments: { fresh } }: Measurement): number | null {
  const at = fresh?.layers.findIndex(({ name }) => name === layer.name) ?? -1;
  if (at === -1 || silentInCopies(layer, fresh) === true) return null;
  const variances = fresh!.layers.slice(0, at + 1).map(({ variance }) => variance ?? 0);
  const factor = Math.min(Math.max(...variances), 1) / variances[at];
  return Number.isFinite(factor) && factor > WEAK_SIGNAL ? factor : null;
}

/** The highest rate at which no unit of a copy falls silent, where the saved one is above it. */
function safeRate({ experiments }: Measurement): number | null {
  const { configuredRate = null, highestSafeRate = null } = experiments.learningRates ?? {};
  return configuredRate !== null && highestSafeRate !== null && highestSafeRate < configuredRate
    ? highestSafeRate
    : null;
}

function rateEffect(measurement: Measurement): Suggestion['effect'] {
  const safe = safeRate(measurement);
  const ladder = measurement.experiments.learningRates;
  if (safe === null || ladder === null) return null;
  const lost = (rate: number): number => ladder.rates.find((entry) => entry.rate === rate)!.newlySilentAfterFive;
  return {
    quantity: 'units lost in five steps',
    before: lost(ladder.configuredRate!),
    after: lost(safe),
    how: `Measured on a copy with ${ladder.start === 'fresh' ? 'freshly drawn' : 'the saved'} weights, ${ladder.labels} labels.`,
  };
}

function initializationEffect({ name, dead }: Judged, { experiments }: Measurement): Suggestion['effect'] {
  const copies = experiments.fitting;
  const after = copies?.layers.find((layer) => layer.name === name)?.silentUnits;
  if (copies === null || after === undefined) return null;
  return {
    quantity: `silent units in ${name}`,
    before: dead.proved.length + dead.confident.length,
    after,
    how: `Measured on ${copies.count} freshly drawn copies before any training.`,
  };
}

function describeSlight(layers: readonly Judged[], measurement: Measurement): Finding {
  const dead = layers.reduce((sum, layer) => sum + layer.dead.proved.length + layer.dead.confident.length, 0);
  const units = layers.reduce((sum, layer) => sum + layer.units!, 0);
  const noise = isSynthetic(measurement);
  const names = layers.slice(0, 3).map(({ name }) => name);
  const more = layers.length - names.length;
  return finding('dead-relu', {
    severity: 'information',
    layer: layers[0].name,
    alsoIn: layers.slice(1).map(({ name }) => name),
    title: `${formatCount(dead)} of ${formatPlural(units, 'unit')} silent`,
    confidence: noise
      ? { grade: 'low', text: 'on synthetic inputs' }
      : { grade: 'high', text: 'at least 95% confidence' },
    measured: [
      `${formatCount(dead)} of ${formatPlural(units, 'unit')} in ${formatList(more > 0 ? [...names, `${formatCount(more)} more layers`] : names)} never fired in ${formatPlural(measurement.probe.samples, 'sample')}.`,
      ...(noise ? ['They were measured on synthetic noise, which trained units may rightly ignore.'] : []),
    ],
    cause: null,
    why: noise
      ? 'Whether they are dead only your data can tell.'
      : 'They may fire on other inputs; at worst they cost some capacity.',
    advice: noise ? 'Give real data to be sure.' : 'More samples would tell; nothing needs to be done now.',
    evidence: {
      dead,
      rare: layers.reduce((sum, layer) => sum + rareUnits(layer, measurement), 0),
      units,
      layers: layers.length,
      samples: measurement.probe.samples,
    },
  });
}
