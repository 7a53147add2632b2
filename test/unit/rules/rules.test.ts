import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { deadRelu } from '../../../src/analysis/rules/deadRelu';
import { explodingGradient } from '../../../src/analysis/rules/explodingGradient';
import { explodingSignal } from '../../../src/analysis/rules/explodingSignal';
import { judge, openQuestions, RULES } from '../../../src/analysis/rules/judge';
import { learningRateTooHigh } from '../../../src/analysis/rules/learningRateTooHigh';
import { lowRank } from '../../../src/analysis/rules/lowRank';
import { NetworkGraph } from '../../../src/report/networkGraph';
import { nonFinite } from '../../../src/analysis/rules/nonFinite';
import { notZeroCentered } from '../../../src/analysis/rules/notZeroCentered';
import { outputActivationMismatch } from '../../../src/analysis/rules/outputActivationMismatch';
import { poorInitialization } from '../../../src/analysis/rules/poorInitialization';
import { saturatedActivation } from '../../../src/analysis/rules/saturatedActivation';
import { symmetricUnits } from '../../../src/analysis/rules/symmetricUnits';
import { unnormalizedInput } from '../../../src/analysis/rules/unnormalizedInput';
import { vanishingGradient } from '../../../src/analysis/rules/vanishingGradient';
import { vanishingSignal } from '../../../src/analysis/rules/vanishingSignal';
import { NO_EXPERIMENTS } from '../../../src/analysis/experiment/experiment';
import type {
  CopiedLayer,
  Copies,
  LayerReport,
  LearningRateLadder,
  ProbeInput,
  Recurrence,
  TrainingConfig,
} from '../../../src/report/report';
import { bias, deadLayer, layer, measurement, statistics, units, weight } from './measurement';

const NOISE = { source: 'normal', file: null } as const;
const IMAGE_NOISE = { source: 'uniform', file: null, shape: [28, 28, 1] } as const;
const output = (over: Partial<LayerReport> = {}): LayerReport =>
  layer('output', {
    role: 'output',
    activation: 'softmax',
    units: 10,
    dead: null,
    derivative: null,
    gradient: null,
    ...over,
  });
const gradient = (rms: number): Partial<LayerReport> => ({
  gradient: { outputRms: rms, preActivationRms: rms, nonFinite: 0, weights: [], loss: null },
});
const variance = (value: number, meanSquare = Math.max(value, 1)): Partial<LayerReport> => ({
  signal: { variance: value, meanSquare, effectiveRank: 20, maximumRank: 50, expectedGain: null },
});
const equalUnits = (count: number) => {
  const same = (value: number) => units(count).map(() => value);
  return {
    activeSamples: same(90),
    mean: same(0.4),
    standardDeviation: same(0.5),
    minimum: same(0),
    maximum: same(3),
    zeroShare: same(0.5),
    nonFinite: same(0),
  };
};
const copies = (layers: readonly LayerReport[], copied: (index: number) => Partial<CopiedLayer>): Copies => ({
  count: 4,
  layers: layers.map(({ name }, index) => ({ name, silentUnits: 0, variance: 1, gradientRms: 1, ...copied(index) })),
});
const training = (over: Partial<TrainingConfig>): { model: ReturnType<typeof measurement>['model'] } => {
  const { model } = measurement([]);
  return { model: { ...model, training: { optimizer: 'SGD', learningRate: 0.1, losses: [], ...over } } };
};

/** With labels: the saved network has this loss, a fresh copy has 1. */
const learnedTo = (value: number): Parameters<typeof measurement>[1] => {
  const { probe } = measurement([]);
  return {
    probe: { ...probe, labels: true, backward: { ...probe.backward, loss: { name: 'mse', value } } },
    experiments: {
      ...NO_EXPERIMENTS,
      learningRates: {
        optimizer: 'sgd',
        start: 'fresh',
        labels: 'given',
        configuredRate: null,
        rates: [{ rate: 0.1, newlySilentAfterOne: 0, newlySilentAfterFive: 0, lossBefore: 1, lossAfterFive: 1 }],
        unitsAtRisk: 0,
        highestSafeRate: 0.1,
      },
    },
  };
};

describe('a healthy network', () => {
  it('gets no finding from any rule', () => {
    expect(judge(measurement([layer('a'), layer('b'), output()]))).toEqual([]);
    expect(RULES.length).toBe(14);
  });
});

describe('dead-relu', () => {
  const judged = (count: number, ...input: Parameters<typeof measurement>[2][]) =>
    deadRelu.judge(
      measurement([deadLayer('a', { confident: units(count), activeAtMost: 0.005 }), output()], {}, ...input),
    );

  it.each([
    [12, 'information'],
    [13, 'warning'],
    [24, 'warning'],
    [25, 'error'],
  ])('calls %i of 50 dead units %s', (count, severity) => {
    expect(judged(count)[0]).toMatchObject({ severity, layer: 'a', evidence: { dead: count } });
  });

  it('is milder on noise, and far milder on noise in place of images', () => {
    expect(judged(20, NOISE)[0].severity).toBe('information');
    expect(judged(25, NOISE)[0].severity).toBe('error');
    expect(judged(37, IMAGE_NOISE)[0].severity).toBe('information');
    expect(judged(38, IMAGE_NOISE)[0].severity).toBe('error');
  });

  it('grows milder the fewer samples bound the activity', () => {
    const at = (activeAtMost: number) =>
      deadRelu.judge(measurement([deadLayer('a', { confident: units(30), activeAtMost })]))[0].severity;
    expect([0.1, 0.2, 0.3].map(at)).toEqual(['error', 'warning', 'information']);
  });

  it('trusts a proof as far as the range that it holds for', () => {
    const proved = deadLayer('a', { proved: units(30) });
    expect(deadRelu.judge(measurement([proved]))[0]).toMatchObject({
      severity: 'error',
      confidence: { grade: 'proved' },
    });
    // Nobody knows whether the images are in [0, 1]: many networks want them in [-1, 1].
    expect(deadRelu.judge(measurement([proved], {}, IMAGE_NOISE))[0].severity).toBe('information');
  });

  it('takes silent units for rare ones where many fire once or twice', () => {
    const sparse = (activeSamples: number[]) => {
      const silent = activeSamples.flatMap((count, unit) => (count === 0 ? [unit] : []));
      const perUnit = { ...equalUnits(50), activeSamples };
      return deadRelu.judge(
        measurement([deadLayer('a', { confident: silent, activeAtMost: 0.005 }, { output: statistics({ perUnit }) })]),
      )[0];
    };
    const counts = (once: number, twice: number) =>
      units(50).map((i) => (i < 20 ? 0 : i < 20 + once ? 1 : i < 20 + once + twice ? 2 : 90));
    expect(sparse(counts(0, 0))).toMatchObject({ severity: 'warning', evidence: { rare: 0 } });
    // Chao: 10 * 9 / (2 * (4 + 1)) = 9 units that were missed by chance.
    expect(sparse(counts(10, 4))).toMatchObject({ severity: 'information', evidence: { rare: 9 } });
    // The same samples, each shown twice.
    expect(sparse(counts(10, 4).map((count) => 2 * count))).toMatchObject({ evidence: { rare: 9 } });
  });

  it('does not count suspected, dormant or sparse units', () => {
    const sparse = deadLayer(
      'a',
      { suspected: units(20), dormant: units(30) },
      { output: statistics({ zeroShare: 0.97 }) },
    );
    expect(deadRelu.judge(measurement([sparse]))).toEqual([]);
  });

  it('expects more of units that are born dead, of tiny layers, and of networks that have learned', () => {
    const dead = deadLayer('a', { confident: units(20), activeAtMost: 0.005 });
    const severity = (over: Parameters<typeof measurement>[1]) => deadRelu.judge(measurement([dead], over))[0].severity;
    const born = copies([dead], () => ({ silentUnits: 19 }));
    expect(severity({})).toBe('warning');
    expect(severity({ experiments: { ...NO_EXPERIMENTS, fresh: born } })).toBe('information');
    const fitting = (silentUnits: number) => copies([dead], () => ({ silentUnits }));
    const bornWith = (silentUnits: number) => ({
      experiments: { ...NO_EXPERIMENTS, fresh: born, fitting: fitting(silentUnits) },
    });
    expect(severity(bornWith(10))).toBe('information');
    expect(severity(bornWith(9))).toBe('warning');
    const most = (confident: number) =>
      deadRelu.judge(
        measurement([deadLayer('a', { confident: units(confident), activeAtMost: 0.005 })], bornWith(19)),
      )[0].severity;
    const total = dead.units!;
    expect(most(Math.ceil(0.75 * total) - 1)).toBe('information');
    expect(most(Math.ceil(0.75 * total))).toBe('error');
    const whole = deadLayer('a', { confident: units(3), activeAtMost: 0.005 }, { units: 3 });
    expect(deadRelu.judge(measurement([whole]))[0].severity).toBe('error');
    const tiny = deadLayer('a', { confident: units(3), activeAtMost: 0.005 }, { units: 5 });
    expect(deadRelu.judge(measurement([tiny]))[0].severity).toBe('information');
    expect(severity(learnedTo(0.4))).toBe('information');
    expect(severity(learnedTo(0.6))).toBe('warning');
  });

  it('judges a ReLU output that is always 0, and not one of which some units are', () => {
    const judge = (count: number) => {
      const relu = deadLayer('y', { confident: units(count), activeAtMost: 0.005 }, { role: 'output' });
      return deadRelu.judge(measurement([layer('a'), relu]));
    };
    expect(judge(50)[0]).toMatchObject({ severity: 'error', layer: 'y' });
    expect(judge(50)[0].message).toContain('the network answers 0 whatever it is shown');
    expect(judge(49)).toEqual([]);
  });

  it('puts what a dead layer cuts off into one finding, and nothing that a shortcut reaches', () => {
    const whole = { confident: units(50), activeAtMost: 0.005 };
    const chain = [deadLayer('a', whole), deadLayer('b', whole), deadLayer('c', whole), output()];
    const found = deadRelu.judge(measurement(chain));
    expect(found.map(({ layer: name, alsoIn }) => [name, alsoIn])).toEqual([['a', ['b', 'c']]]);
    expect(found[0].message).toContain('Behind it b and c get the same input for every sample');
    const joined = [layer('x'), deadLayer('a', whole), deadLayer('b', whole, { inputs: ['a', 'x'] }), output()];
    expect(deadRelu.judge(measurement(joined)).map(({ layer: name }) => name)).toEqual(['a', 'b']);
  });

  it('tells born dead from killed in training by fresh copies', () => {
    const dead = deadLayer('a', { confident: units(40), activeAtMost: 0.02 });
    const cause = (silentUnits: number) =>
      deadRelu.judge(
        measurement([dead], { experiments: { ...NO_EXPERIMENTS, fresh: copies([dead], () => ({ silentUnits })) } }),
      )[0].cause?.id;
    expect(cause(28)).toBe('born-dead');
    expect(cause(2)).toBe('killed-in-training');
  });

  it('blames weak weights and no rate where fresh copies lose the signal although they fire', () => {
    const layers = [layer('first'), deadLayer('a', { confident: units(50), activeAtMost: 0.005 }), output()];
    const judged = (last: number) => {
      const fresh = copies(layers, (index) => ({ variance: index === 0 ? 1 : last }));
      return deadRelu.judge(measurement(layers, { experiments: { ...NO_EXPERIMENTS, fresh } }))[0];
    };
    const fixes = (last: number) => judged(last).suggestions.map(({ fix }) => fix);
    expect(judged(1e-6).cause).toMatchObject({ id: 'killed-in-training' });
    expect(judged(1e-6).cause!.explanation).toContain('falls 1e6×');
    expect(judged(1e-6).message).toContain('no learning rate makes up for it');
    expect(fixes(1e-6)[0]).toBe('he-initialization');
    expect(fixes(1e-6)).not.toContain('lower-learning-rate');
    expect(judged(1e-3).message).toContain('lower learning rate');
    expect(fixes(1e-3)[0]).toBe('lower-learning-rate');
  });

  it('calls what training has never moved born dead, whatever copies do', () => {
    const dead = (standardDeviation: number) =>
      deadLayer(
        'a',
        { confident: units(30), activeAtMost: 0.02 },
        { weights: [weight(), bias({ standardDeviation })] },
      );
    const cause = (standardDeviation: number, silentUnits: number | null) => {
      const layers = [dead(standardDeviation)];
      const fresh = silentUnits === null ? null : copies(layers, () => ({ silentUnits }));
      return deadRelu.judge(measurement(layers, { experiments: { ...NO_EXPERIMENTS, fresh } }))[0].cause?.id;
    };
    expect(cause(0, 2)).toBe('born-dead');
    expect(cause(0, null)).toBe('born-dead');
    expect(cause(0.1, 2)).toBe('killed-in-training');
    expect(cause(0.1, null)).toBeUndefined();
  });

  it('tells of a layer that is cut off where nothing is told of the dead one before it', () => {
    const whole = (name: string, activeAtMost: number) => deadLayer(name, { confident: units(50), activeAtMost });
    const told = (first: number) => deadRelu.judge(measurement([whole('wide', first), whole('narrow', 0.1), output()]));
    expect(told(0.1)).toMatchObject([{ layer: 'wide', alsoIn: ['narrow'], severity: 'error' }]);
    expect(told(0.3)).toMatchObject([
      { layer: 'narrow', severity: 'error' },
      { layer: 'wide', severity: 'information' },
    ]);
  });

  it('suggests first what removes the cause', () => {
    const dead = (biases: Parameters<typeof bias>[0]) =>
      deadLayer('a', { confident: units(50), activeAtMost: 0.02 }, { weights: [weight(), bias(biases)] });
    const cure = (layers: LayerReport[], fresh: number, fitting: number) => {
      const experiments = {
        ...NO_EXPERIMENTS,
        fresh: copies(layers, () => ({ silentUnits: fresh })),
        fitting: copies(layers, () => ({ silentUnits: fitting })),
      };
      const [{ suggestions, message }] = deadRelu.judge(measurement(layers, { experiments }));
      return { fixes: suggestions.map(({ fix }) => fix), first: suggestions[0], message };
    };
    const constant = cure([dead({ standardDeviation: 0, mean: -3 })], 50, 1);
    expect(constant.fixes).toEqual(['he-initialization', 'leaky-relu', 'elu', 'prelu']);
    expect(constant.first).toMatchObject({
      title: 'Initialise the kernels with He uniform, the biases with zeros',
      code: {
        tfjs: "tf.layers.dense({ units: 50, activation: 'relu', kernelInitializer: 'heUniform', biasInitializer: 'zeros' })",
        keras: 'layers.Dense(50, activation="relu", kernel_initializer="he_uniform", bias_initializer="zeros")',
      },
      effect: { before: 50, after: 1 },
    });
    expect(constant.message).toContain('biases of 0');

    const asUsual = cure([dead({ standardDeviation: 0 })], 50, 49);
    expect(asUsual.fixes).toEqual(['leaky-relu', 'elu', 'prelu', 'he-initialization']);
    expect(asUsual.message).not.toContain('learning rate');

    const killed = cure([dead({ standardDeviation: 0.1, mean: -3 })], 1, 1);
    expect(killed.fixes.slice(0, 2)).toEqual(['lower-learning-rate', 'he-initialization']);
    expect(killed.message).toContain('lower learning rate');
  });
});

describe('vanishing-gradient', () => {
  const chain = (...rms: number[]) => [...rms.map((value, i) => layer(`h${i}`, gradient(value))), output()];

  it.each([
    [3.3e-3, null],
    [3.1e-3, 'warning'],
    [0.9e-4, 'error'],
  ])('judges a gradient of %f relative to 1 as %s', (ratio, severity) => {
    const found = vanishingGradient.judge(measurement(chain(ratio, 0.1, 1)));
    expect(found[0]?.severity ?? null).toBe(severity);
  });

  it('does not change when the loss is scaled', () => {
    const at = (scale: number) =>
      vanishingGradient.judge(measurement(chain(1e-5 * scale, 0.1 * scale, scale)))[0].evidence['log10Ratio'];
    expect(at(1e-6)).toBeCloseTo(at(1) as number, 9);
    expect(at(1e6)).toBeCloseTo(at(1) as number, 9);
  });

  it('is silent about uniformly small gradients and about those that grow backwards', () => {
    expect(vanishingGradient.judge(measurement(chain(1e-9, 1e-9, 1e-9)))).toEqual([]);
    expect(vanishingGradient.judge(measurement(chain(1, 1e-3, 1e-6)))).toEqual([]);
  });

  it('compares norms, so that a wide layer before a narrow one does not look starved', () => {
    const layers = [
      layer('wide', { ...gradient(1e-2), outputShape: [64, 64, 50] }),
      layer('narrow', { ...gradient(1), units: 4, outputShape: [4] }),
    ];
    expect(vanishingGradient.judge(measurement(layers))).toEqual([]);
  });

  it('judges an exactly zero gradient by what one step makes of it', () => {
    const layers = [layer('a', gradient(0)), layer('b', gradient(1))];
    const after = (rms: number) => ({
      experiments: { ...NO_EXPERIMENTS, afterOneStep: copies(layers, (i) => ({ gradientRms: i === 0 ? rms : 1 })) },
    });
    expect(vanishingGradient.judge(measurement(layers, after(1e-3)))).toEqual([]);
    expect(vanishingGradient.judge(measurement(layers, after(0)))[0].severity).toBe('error');
  });

  it('does not blame a dead layer for a signal that fresh copies lose while their units live', () => {
    const layers = [
      layer('a', variance(1)),
      layer('b', { ...variance(0), silentUnits: units(50) }),
      output({ ...variance(0) }),
    ];
    const cause = (freshVariance: number, silentUnits: number) => {
      const fresh = copies(layers, (index) => (index === 0 ? {} : { variance: freshVariance, silentUnits }));
      const experiments = { ...NO_EXPERIMENTS, fresh, fitting: copies(layers, () => ({})) };
      return vanishingSignal.judge(measurement(layers, { experiments }))[0].cause!.id;
    };
    expect(cause(1e-9, 3)).toBe('initialization');
    // Born dead, and killed by training.
    expect(cause(0, 50)).toBe('dead-units-upstream');
    expect(cause(0.5, 3)).toBe('dead-units-upstream');
  });

  it('names the cause by the first copy that is cured', () => {
    const layers = chain(1e-8, 1e-4, 1);
    const vanished = copies(layers, (i) => ({ gradientRms: [1e-8, 1e-4, 1, 1][i] }));
    const cured = copies(layers, () => ({ gradientRms: 1 }));
    const cause = (fresh: Copies, fitting: Copies, rectified: Copies | null) =>
      vanishingGradient.judge(measurement(layers, { experiments: { ...NO_EXPERIMENTS, fresh, fitting, rectified } }))[0]
        .cause?.id;
    expect(cause(cured, cured, cured)).toBe('weights');
    expect(cause(vanished, cured, cured)).toBe('initialization');
    expect(cause(vanished, vanished, cured)).toBe('activation');
    expect(cause(vanished, vanished, null)).toBe('depth');
  });

  it.each([
    [1, /^1 copy with freshly drawn weights keeps the signal;/],
    [3, /^3 copies with freshly drawn weights keep the signal;/],
  ])('says what %d fresh copies do', (count, explanation) => {
    const layers = chain(1e-8, 1e-4, 1);
    const kept = { ...copies(layers, () => ({ gradientRms: 1 })), count };
    const experiments = { ...NO_EXPERIMENTS, fresh: kept, fitting: kept };
    expect(vanishingGradient.judge(measurement(layers, { experiments }))[0].cause?.explanation).toMatch(explanation);
  });
});

describe('exploding-gradient', () => {
  it.each([
    [900, null],
    [1100, 'warning'],
    [2e5, 'error'],
  ])('judges a growth of %f as %s', (factor, severity) => {
    const layers = [layer('a', gradient(factor)), layer('b', gradient(10)), layer('c', gradient(1))];
    expect(explodingGradient.judge(measurement(layers))[0]?.severity ?? null).toBe(severity);
  });
});

describe('recurrent layers', () => {
  const recurrent = (className: string, recurrence: Partial<Recurrence>, spread = 0.14): LayerReport =>
    layer('rnn', {
      className,
      weights: [weight(), weight({ name: 'recurrent_kernel', standardDeviation: spread }), bias()],
      recurrence: { steps: 61, state: null, gradient: null, ...recurrence },
    });
  const judged = (rule: typeof explodingGradient, one: LayerReport) => rule.judge(measurement([one, output()]))[0];
  const change = (log10Change: number | null, perStep: number) => ({ gradient: { log10Change, perStep } });

  it.each([
    [2.9, null],
    [3.1, 'warning'],
    [5.1, 'error'],
  ])('judge a gradient that grows by 10^%f over time as %s', (log, severity) => {
    const found = judged(explodingGradient, recurrent('SimpleRNN', change(log, 10 ** (log / 60))));
    expect(found?.severity ?? null).toBe(severity);
  });

  it('say over how many steps, how much per step, and that the recurrent weights are too large', () => {
    const found = judged(explodingGradient, recurrent('SimpleRNN', change(18, 2), 0.5));
    expect(found.measured[0]).toMatch(
      /over 61 steps, the gradient grows .* from the last step to the first: 2× per step/,
    );
    expect(found.cause).toMatchObject({ id: 'initialization', title: 'The recurrent weights are too large' });
    expect(found.suggestions.map(({ fix }) => fix)).toEqual(['orthogonal-recurrence', 'clip-gradients']);
    expect(found.suggestions[0].code.keras).toContain('recurrent_initializer="orthogonal"');
    // An orthogonal kernel of 50 units has a spread of 0.141.
    expect(judged(explodingGradient, recurrent('SimpleRNN', change(18, 2))).cause).toBeNull();
  });

  it.each([
    [1, 9e3, null],
    [1, 2e4, 'warning'],
    [1, 2e6, 'error'],
    // Small states brought to an ordinary size.
    [1e-6, 10, null],
  ])('judge a state that grows from %f to %f as %s', (first, last, severity) => {
    const found = judged(explodingSignal, recurrent('SimpleRNN', { state: { first, last } }));
    expect(found?.severity ?? null).toBe(severity);
  });

  it.each([
    ['SimpleRNN', -3.9, 0.86, null],
    ['SimpleRNN', -6, 0.79, 'information'],
    ['SimpleRNN', null, 0, 'information'],
    ['LSTM', -8, 0.74, null],
    ['GRU', -13, 0.6, null],
    ['LSTM', -25, 0.4, 'information'],
  ])(
    'mention at most that the gradient of a %s changes by 10^%f, %f per step: %s',
    (className, log, perStep, severity) => {
      const found = judged(vanishingGradient, recurrent(className, change(log, perStep)));
      expect(found?.severity ?? null).toBe(severity);
      if (severity !== null) expect(found.title.length).toBeLessThanOrEqual(34);
    },
  );

  it('are not tried out on copies, which are measured from layer to layer', () => {
    const network = measurement([recurrent('SimpleRNN', change(18, 2)), output()]);
    expect(openQuestions(network).flow).toBe(false);
  });
});

describe('gradients of a model with several outputs', () => {
  // The head "scores" sends back little, as one number does beside a hundred coordinates; the trunk gets both.
  const network = (trunk: readonly number[], scores: readonly number[]): LayerReport[] => [
    ...trunk.map((rms, i) => layer(`trunk_${i}`, { inputs: [i === 0 ? 'x' : `trunk_${i - 1}`], ...gradient(rms) })),
    ...scores.map((rms, i) =>
      layer(`scores_${i}`, {
        inputs: [i === 0 ? `trunk_${trunk.length - 1}` : `scores_${i - 1}`],
        ...gradient(rms),
      }),
    ),
    output({ name: 'coordinates', inputs: [`trunk_${trunk.length - 1}`] }),
    output({ name: 'score', inputs: [`scores_${scores.length - 1}`] }),
  ];

  it('are not compared between the trunk and one of the heads', () => {
    const measured = measurement(network([2000, 2000], [1, 1]));
    expect(explodingGradient.judge(measured)).toEqual([]);
    expect(vanishingGradient.judge(measurement(network([1, 1], [2000, 2000])))).toEqual([]);
  });

  it('are judged within the trunk and within each head', () => {
    expect(explodingGradient.judge(measurement(network([2000, 1], [1, 1])))).toMatchObject([{ layer: 'trunk_0' }]);
    expect(explodingGradient.judge(measurement(network([1, 1], [2000, 1])))).toMatchObject([{ layer: 'scores_0' }]);
    expect(vanishingGradient.judge(measurement(network([1, 1], [1e-5, 1])))).toMatchObject([{ layer: 'scores_0' }]);
  });
});

describe('gradients of towers side by side', () => {
  /** Two inputs, each with a tower of its own, that one layer joins. */
  const towers = (left: readonly number[], right: readonly number[]): LayerReport[] => [
    ...left.map((rms, i) => layer(`left${i}`, { inputs: [i === 0 ? 'p' : `left${i - 1}`], ...gradient(rms) })),
    ...right.map((rms, i) => layer(`right${i}`, { inputs: [i === 0 ? 'q' : `right${i - 1}`], ...gradient(rms) })),
    layer('joined', { inputs: [`left${left.length - 1}`, `right${right.length - 1}`], ...gradient(1) }),
    output({ inputs: ['joined'] }),
  ];
  const judged = (left: readonly number[], right: readonly number[]) => {
    const measured = measurement(towers(left, right));
    return [...vanishingGradient.judge(measured), ...explodingGradient.judge(measured)];
  };

  it('are not compared with each other', () => {
    expect(judged([0.02, 0.02], [50, 50])).toEqual([]);
    expect(judged([50, 50], [0.02, 0.02])).toEqual([]);
  });

  it('are judged within each tower', () => {
    expect(judged([1, 1], [1e-5, 1])).toMatchObject([{ rule: 'vanishing-gradient', layer: 'right0', alsoIn: [] }]);
    expect(judged([1e6, 1], [1, 1])).toMatchObject([{ rule: 'exploding-gradient', layer: 'left0', alsoIn: [] }]);
  });
});

describe('vanishing-signal and exploding-signal', () => {
  const chain = (...values: number[]) => values.map((value, i) => layer(`h${i}`, variance(value)));

  it.each([
    [[1, 0.1, 2e-4], null],
    [[1, 0.1, 9e-5], 'warning'],
    [[1, 0.1, 9e-7], 'error'],
    // A large input squashed by a bounded activation has not lost its signal.
    [[1e6, 0.2, 0.1], null],
    [[1, 0, 0], 'error'],
    // All layers constant: the input is, or the first layer is dead; nothing vanishes on the way.
    [[0, 0], null],
  ])('judges the variances %j as %s', (values, severity) => {
    expect(vanishingSignal.judge(measurement(chain(...values)))[0]?.severity ?? null).toBe(severity);
  });

  it.each([
    [[1, 1e-3, 2e-6], null],
    [[1, 1e-3, 9e-7], 'warning'],
    [[1, 1e-3, 9e-11], 'error'],
    [[1, 0], 'error'],
  ])('judges variances %j more mildly where all values shrink alike: as %s', (values, severity) => {
    const shrinking = (share: number) => values.map((value, i) => layer(`h${i}`, variance(value, value / share)));
    expect(vanishingSignal.judge(measurement(shrinking(0.011)))[0]?.severity ?? null).toBe(severity);
    expect(vanishingSignal.judge(measurement(shrinking(0.009)))).toHaveLength(1);
  });

  it.each([
    [[1, 100, 9e3], null],
    [[1, 100, 2e4], 'warning'],
    [[1, 100, 2e6], 'error'],
    // Tiny inputs brought to an ordinary size do not explode.
    [[1e-8, 0.1, 1], null],
  ])('judges the growth of %j as %s', (values, severity) => {
    expect(explodingSignal.judge(measurement(chain(...values)))[0]?.severity ?? null).toBe(severity);
  });

  /** Two inputs, each with a tower of its own, that one layer joins. */
  const towers = (left: readonly number[], right: readonly number[], joined: number): LayerReport[] => {
    const tower = (name: string, values: readonly number[]): LayerReport[] =>
      values.map((value, i) =>
        layer(`${name}${i}`, { inputs: [i === 0 ? `${name}_input` : `${name}${i - 1}`], ...variance(value) }),
      );
    const join = layer('joined', {
      inputs: [`left${left.length - 1}`, `right${right.length - 1}`],
      ...variance(joined),
    });
    return [...tower('left', left), ...tower('right', right), join];
  };

  it('do not compare towers side by side', () => {
    const measured = measurement(towers([1, 1], [1e-7, 1e-7], 1));
    expect([...vanishingSignal.judge(measured), ...explodingSignal.judge(measured)]).toEqual([]);
    const reversed = measurement(towers([1e-3, 1e-3], [5e4, 5e4], 1e-3));
    expect([...vanishingSignal.judge(reversed), ...explodingSignal.judge(reversed)]).toEqual([]);
  });

  it('judge each tower from its own beginning', () => {
    expect(vanishingSignal.judge(measurement(towers([1, 1], [1, 1e-7], 1)))).toMatchObject([
      { layer: 'right1', alsoIn: [], evidence: { bestLayer: 'right0' } },
    ]);
    expect(explodingSignal.judge(measurement(towers([1, 1], [2, 1e7], 1)))).toMatchObject([
      { layer: 'right1', evidence: { first: 2 } },
    ]);
  });
});

describe('saturated-activation', () => {
  const sigmoid = (share: number, over: Partial<LayerReport> = {}) =>
    layer('s', { activation: 'sigmoid', dead: null, derivative: { mean: share / 4, maximum: 0.25, share }, ...over });

  it.each([
    [0.11, null],
    [0.09, 'warning'],
    [0.04, 'error'],
  ])('judges a derivative share of %f as %s', (share, severity) => {
    expect(saturatedActivation.judge(measurement([sigmoid(share)]))[0]?.severity ?? null).toBe(severity);
  });

  it('leaves outputs and ReLU layers alone', () => {
    expect(saturatedActivation.judge(measurement([sigmoid(0.001, { role: 'output' })]))).toEqual([]);
    expect(
      saturatedActivation.judge(measurement([layer('r', { derivative: { mean: 0.01, maximum: 1, share: 0.01 } })])),
    ).toEqual([]);
  });

  it('blames large weights, or else large inputs', () => {
    const large = sigmoid(0.02, { weights: [weight({ standardDeviation: 3 }), bias()] });
    expect(saturatedActivation.judge(measurement([large]))[0].cause?.id).toBe('weights');
    const before = layer('before', {
      signal: { variance: 1, meanSquare: 400, effectiveRank: 9, maximumRank: 50, expectedGain: 1 },
    });
    expect(
      saturatedActivation.judge(
        measurement([before, sigmoid(0.02, { weights: [weight({ standardDeviation: 0.14 })] })]),
      )[0].cause?.id,
    ).toBe('input-scale');
  });

  it('is a grade milder where large values of a synthetic probe saturate ordinary weights', () => {
    const before = layer('before', {
      signal: { variance: 1, meanSquare: 400, effectiveRank: 9, maximumRank: 50, expectedGain: 1 },
    });
    const ordinary = sigmoid(0.02, { weights: [weight({ standardDeviation: 0.14 })] });
    const large = sigmoid(0.02, { weights: [weight({ standardDeviation: 3 })] });
    const severity = (after: LayerReport, over: Partial<ProbeInput>): string | undefined =>
      saturatedActivation.judge(measurement([before, after], {}, over))[0]?.severity;
    expect(severity(ordinary, NOISE)).toBe('warning');
    expect(severity(large, NOISE)).toBe('error');
    expect(severity(ordinary, {})).toBe('error');
  });
});

describe('non-finite', () => {
  it('names the first layer whose weights are broken, and silences every other rule', () => {
    const broken = layer('b', {
      weights: [weight({ nonFinite: 3 })],
      output: statistics({ nonFinite: 9 }),
      ...variance(1e9),
    });
    const found = judge(measurement([layer('a'), broken, layer('c', { output: statistics({ nonFinite: 9 }) })]));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      rule: 'non-finite',
      severity: 'error',
      layer: 'b',
      evidence: { nonFiniteWeights: 3 },
    });
  });

  it('names the last layer whose gradient is broken, where the way back begins', () => {
    const broken = (name: string) =>
      layer(name, { gradient: { outputRms: 1, preActivationRms: 1, nonFinite: 2, weights: [], loss: null } });
    expect(nonFinite.judge(measurement([broken('a'), broken('b'), layer('c')]))[0].layer).toBe('b');
  });
});

describe('poor-initialization', () => {
  const drawn = (name: string, scale: number, over: Partial<LayerReport> = {}) =>
    layer(name, { weights: [weight({ standardDeviation: scale * 0.2 }), bias()], ...over });

  it('multiplies what the layers do', () => {
    const small = (count: number) => units(count).map((i) => drawn(`h${i}`, 0.3));
    // 0.3 squared is 10^-1.05 per layer.
    expect(poorInitialization.judge(measurement(small(2)))).toEqual([]);
    expect(poorInitialization.judge(measurement(small(3)))[0].severity).toBe('warning');
    expect(poorInitialization.judge(measurement(small(4)))[0]).toMatchObject({
      severity: 'error',
      evidence: { layers: 4 },
    });
    expect(poorInitialization.judge(measurement([drawn('a', 16)]))[0].title).toBe('weights drawn 16× too large');
  });

  it('does not judge trained weights, layers before a normalisation, or unlike spreads', () => {
    const trained = units(6).map((i) =>
      drawn(`h${i}`, 0.1, { weights: [weight({ standardDeviation: 0.02 }), bias({ standardDeviation: 0.1 })] }),
    );
    expect(poorInitialization.judge(measurement(trained))).toEqual([]);
    const normalized = units(6).flatMap((i) => [
      drawn(`h${i}`, 0.1),
      layer(`n${i}`, { className: 'BatchNormalization', activation: null, weights: [] }),
    ]);
    expect(poorInitialization.judge(measurement(normalized))).toEqual([]);
    const moved = units(6).map((i) =>
      drawn(`h${i}`, 0.1, { weights: [weight({ standardDeviation: 0.02, nominalStandardDeviation: 0.2 }), bias()] }),
    );
    expect(poorInitialization.judge(measurement(moved))).toEqual([]);
  });

  it('recommends He for ReLU and Xavier for tanh', () => {
    const first = (activation: string) =>
      poorInitialization.judge(measurement([drawn('a', 0.01, { activation })]))[0].suggestions[0].fix;
    expect(first('relu')).toBe('he-initialization');
    expect(first('tanh')).toBe('glorot-initialization');
    expect(first('selu')).toBe('lecun-initialization');
  });
});

describe('learning-rate-too-high', () => {
  const ladder = (newlySilentAfterFive: number, highestSafeRate: number | null): LearningRateLadder => ({
    optimizer: 'sgd',
    start: 'fresh',
    labels: 'random',
    configuredRate: 0.1,
    rates: [{ rate: 0.1, newlySilentAfterOne: 0, newlySilentAfterFive, lossBefore: 1, lossAfterFive: 0.9 }],
    unitsAtRisk: 100,
    highestSafeRate,
  });
  const trained = { weights: [weight(), bias({ standardDeviation: 0.1 })] };
  const untrained = { weights: [weight(), bias()] };
  const judged = (dead: number, steps: LearningRateLadder, over: Partial<LayerReport> = trained) =>
    learningRateTooHigh.judge(
      measurement([deadLayer('a', { confident: units(dead) }, over)], {
        ...training({}),
        experiments: { ...NO_EXPERIMENTS, learningRates: steps },
      }),
    );

  it('needs units that fall silent at the saved rate, none at a lower one, and dead units in the saved network', () => {
    expect(judged(13, ladder(20, 0.01))[0]).toMatchObject({
      severity: 'warning',
      layer: null,
      evidence: { rate: 0.1, highestSafeRate: 0.01 },
    });
    expect(judged(13, ladder(4, 0.01))).toEqual([]);
    expect(judged(0, ladder(20, 0.01))).toEqual([]);
    // A network that has not been trained shows no harm yet, unless the steps raise its loss.
    expect(judged(0, ladder(20, 0.01), untrained)).toEqual([]);
    const rising = ladder(20, 0.01);
    expect(
      judged(0, { ...rising, labels: 'given', rates: [{ ...rising.rates[0], lossAfterFive: 1.1 }] }, untrained),
    ).toHaveLength(1);
    expect(judged(13, ladder(20, null))).toEqual([]);
  });

  it('believes labels that a quarter of the units is too much to lose, even while the loss falls', () => {
    const given = (lost: number): LearningRateLadder => ({ ...ladder(lost, 0.01), labels: 'given' });
    expect(judged(0, given(25), untrained)).toHaveLength(1);
    expect(judged(0, given(24), untrained)).toEqual([]);
  });

  it('believes random labels only when steps raise the loss that smaller ones lower', () => {
    const steps = (lossAfterFive: number, smaller: number): LearningRateLadder => ({
      ...ladder(20, 0.01),
      rates: [
        { rate: 0.01, newlySilentAfterOne: 0, newlySilentAfterFive: 0, lossBefore: 1, lossAfterFive: smaller },
        { rate: 0.1, newlySilentAfterOne: 9, newlySilentAfterFive: 20, lossBefore: 1, lossAfterFive },
      ],
    });
    expect(judged(0, steps(3.1, 0.9), untrained)).toHaveLength(1);
    expect(judged(0, steps(2.9, 0.9), untrained)).toEqual([]);
    expect(judged(0, steps(3.1, 1.1), untrained)).toEqual([]);
    // A trained network has its own weights to show what the rate did.
    expect(judged(0, steps(3.1, 0.9))).toEqual([]);
  });

  it('leaves a signal that the initial weights lose to vanishing-signal', () => {
    const fading = [
      deadLayer('a', { confident: units(20) }, variance(1)),
      layer('b', { ...trained, ...variance(1e-9) }),
    ];
    const silenced = (freshVariance: number) => {
      const fresh = copies(fading, (index) => (index === 0 ? {} : { variance: freshVariance }));
      const experiments = {
        ...NO_EXPERIMENTS,
        fresh,
        fitting: copies(fading, () => ({})),
        learningRates: ladder(20, 0.01),
      };
      return learningRateTooHigh.judge(measurement(fading, { ...training({}), experiments }));
    };
    expect(silenced(1e-9)).toEqual([]);
    expect(silenced(0.5)).toHaveLength(1);
  });

  it('leaves an untrained network to unnormalized-input where raw inputs make every step too large', () => {
    const rising = { ...ladder(20, 0.01), labels: 'given' } as const;
    const experiments = {
      ...NO_EXPERIMENTS,
      learningRates: { ...rising, rates: [{ ...rising.rates[0], lossAfterFive: 1.1 }] },
    };
    const count = (input: Partial<ProbeInput>): number =>
      learningRateTooHigh.judge(measurement([layer('a', untrained)], { ...training({}), experiments }, input)).length;
    expect(count({})).toBe(1);
    expect(count({ mean: 1000, standardDeviation: 300 })).toBe(0);
  });

  it('suggests the highest rate that is safe, below the saved one, and lowers the loss', () => {
    const rung = (rate: number, lossAfterFive: number) => ({
      rate,
      newlySilentAfterOne: 0,
      newlySilentAfterFive: 0,
      lossBefore: 1,
      lossAfterFive,
    });
    const suggested = (safe: number, rates: LearningRateLadder['rates'], labels: 'given' | 'random' = 'random') => {
      const steps = { ...ladder(20, safe), labels, rates: [...rates, ...ladder(20, safe).rates] };
      return judged(13, steps)[0].suggestions[0].title;
    };
    expect(suggested(0.03, [rung(0.01, 0.9), rung(0.03, 0.5)])).toBe('Lower the learning rate to 0.03');
    expect(suggested(0.01, [rung(0.01, 0.9), rung(0.03, 0.5)])).toBe('Lower the learning rate to 0.01');
    expect(suggested(0.03, [rung(0.01, 0.9), rung(0.03, 1.2)])).toBe('Lower the learning rate to 0.01');
  });

  it('keeps the momentum in the code that it suggests', () => {
    const plain = measurement([deadLayer('a', { confident: units(13) })], {
      ...training({ optimizer: 'Momentum' }),
      experiments: { ...NO_EXPERIMENTS, learningRates: ladder(20, 0.03) },
    });
    const { code } = learningRateTooHigh.judge(plain)[0].suggestions[0];
    expect(code.keras).toContain('keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)');
    expect(code.tfjs).toContain('tf.train.momentum(0.01, 0.9)');
  });

  it('suggests no higher rate where no unit can fall silent', () => {
    const rates = [0.01, 0.03, 0.1, 3].map((rate) => ({
      rate,
      newlySilentAfterOne: 0,
      newlySilentAfterFive: 0,
      lossBefore: 1,
      lossAfterFive: rate < 0.1 ? 0.5 : 9,
    }));
    const steps: LearningRateLadder = { ...ladder(0, 3), labels: 'given', rates, unitsAtRisk: 0 };
    const plain = measurement([layer('a', trained)], {
      ...training({}),
      experiments: { ...NO_EXPERIMENTS, learningRates: steps },
    });
    const probe = {
      ...plain.probe,
      labels: true,
      backward: { ...plain.probe.backward, loss: { name: 'mse', value: 1 } },
    };
    const [found] = learningRateTooHigh.judge({ ...plain, probe });
    expect(found.suggestions[0].title).toBe('Lower the learning rate to 0.03');
    expect(found.message).toContain('a rate at which the loss falls');
  });
});

describe('symmetric-units', () => {
  const constant = (name: string, over: Partial<LayerReport> = {}) =>
    layer(name, { weights: [weight({ standardDeviation: 0, mean: 0.5 })], ...over });

  it('grades a constant kernel by the next one', () => {
    expect(symmetricUnits.judge(measurement([constant('a'), constant('b', { role: 'output' })]))[0]).toMatchObject({
      severity: 'error',
      layer: 'a',
    });
    expect(symmetricUnits.judge(measurement([constant('a'), layer('b')]))[0].severity).toBe('warning');
    const zeros = layer('a', { weights: [weight({ standardDeviation: 0, mean: 0 })] });
    expect(symmetricUnits.judge(measurement([zeros, layer('b')]))).toEqual([]);
  });

  it('finds copied columns by their statistics', () => {
    const per = (values: number[]) => ({
      activeSamples: values.map(() => 9),
      mean: values,
      standardDeviation: values.map(() => 1),
      minimum: values,
      maximum: values,
      zeroShare: values.map(() => 0),
      nonFinite: values.map(() => 0),
    });
    const copied = layer('a', { units: 4, preActivation: statistics({ perUnit: per([1, 1, 1, 2]) }) });
    expect(symmetricUnits.judge(measurement([copied]))[0].evidence).toMatchObject({ equalUnits: 3 });
    const own = layer('a', { units: 4, preActivation: statistics({ perUnit: per([1, 2, 3, 4]) }) });
    expect(symmetricUnits.judge(measurement([own]))).toEqual([]);
  });
});

describe('output-activation-mismatch', () => {
  it.each([
    ['softmax', 1, null, 'error'],
    ['softmax', 10, 'categorical_crossentropy', null],
    ['sigmoid', 10, 'categorical_crossentropy', 'warning'],
    ['linear', 10, 'sparse_categorical_crossentropy', null],
    ['sigmoid', 1, 'binary_crossentropy', null],
    ['relu', 1, 'binary_crossentropy', 'warning'],
    ['relu', 1, 'mean_squared_error', 'warning'],
    ['tanh', 1, 'mean_squared_error', 'warning'],
    ['linear', 1, 'mean_squared_error', null],
    ['relu', 1, null, 'information'],
    ['tanh', 1, null, null],
  ])('judges %s over %i units with %s as %s', (activation, count, loss, severity) => {
    const found = outputActivationMismatch.judge(
      measurement([layer('a'), output({ activation, units: count })], training({ losses: [loss] })),
    );
    expect(found[0]?.severity ?? null).toBe(severity);
  });
});

describe('output-activation-mismatch without labels', () => {
  const judged = (over: Partial<LayerReport>) =>
    outputActivationMismatch.judge(
      measurement([layer('a'), output({ units: 1, ...over })], training({ losses: ['mean_squared_error'] })),
    )[0];

  it('warns of what sits at the end of its range', () => {
    const relu = (zeroShare: number) => judged({ activation: 'relu', output: statistics({ zeroShare }) });
    expect(relu(0.5)).toMatchObject({ severity: 'warning' });
    // Counts, predicted well.
    expect(relu(0.02)).toMatchObject({ severity: 'information' });
    expect(relu(0.02).message).toContain('On the probe 2% of its values are 0.');
    const tanh = (share: number) => judged({ activation: 'tanh', derivative: { mean: share, maximum: 1, share } });
    expect(tanh(0.01)).toMatchObject({ severity: 'warning' });
    // An autoencoder of values between -1 and 1.
    expect(tanh(0.47)).toMatchObject({ severity: 'information' });
  });

  it('warns where that was not measured', () => {
    expect(judged({ activation: 'relu', output: null }).severity).toBe('warning');
    expect(judged({ activation: 'tanh', derivative: null }).severity).toBe('warning');
  });
});

describe('output-activation-mismatch with labels', () => {
  const judged = (activation: string, minimum: number, maximum: number) => {
    const plain = measurement(
      [layer('a'), output({ activation, units: 1 })],
      training({ losses: ['mean_squared_error'] }),
    );
    return outputActivationMismatch.judge({
      ...plain,
      probe: { ...plain.probe, labels: true, labelRanges: [{ minimum, maximum }] },
    });
  };

  it('asks whether the output can reach them', () => {
    expect(judged('sigmoid', -1, 1)[0]).toMatchObject({
      severity: 'warning',
      title: 'sigmoid cannot reach the labels',
    });
    expect(judged('sigmoid', 0, 1)).toEqual([]);
    expect(judged('relu', 0, 40)).toEqual([]);
    expect(judged('relu', -0.5, 40)[0].severity).toBe('warning');
    expect(judged('tanh', -1, 1)).toEqual([]);
    expect(judged('linear', -9, 9)).toEqual([]);
  });
});

describe('batch normalisations that have not been trained', () => {
  it('keep the flow from being judged', () => {
    const statistic = (name: string, mean: number) =>
      weight({ name, mean, standardDeviation: 0, fanIn: null, fanOut: null });
    const normalization = (mean: number) =>
      layer('n', {
        className: 'BatchNormalization',
        activation: null,
        weights: [statistic('moving_mean', mean), statistic('moving_variance', 1)],
      });
    const chain = (mean: number) => [layer('a', variance(1)), normalization(mean), layer('b', variance(1e-9))];
    expect(vanishingSignal.judge(measurement(chain(0)))).toEqual([]);
    expect(vanishingSignal.judge(measurement(chain(0.2)))).toHaveLength(1);
  });
});

describe('branches', () => {
  const residual = (branch: Partial<LayerReport>) => [
    layer('first', { ...variance(1), ...gradient(1) }),
    layer('branch', { ...variance(0), ...gradient(0), inputs: ['first'], ...branch }),
    layer('add', {
      className: 'Add',
      activation: null,
      units: null,
      dead: null,
      weights: [],
      inputs: ['first', 'branch'],
      ...variance(1),
      ...gradient(1),
    }),
    output({ inputs: ['add'], weights: [weight({ standardDeviation: 0 })] }),
  ];

  it('that start at zero lose no signal and are not symmetric', () => {
    const zero = residual({ weights: [weight({ standardDeviation: 0, mean: 0, zeroShare: 1 })] });
    expect(vanishingSignal.judge(measurement(zero))).toEqual([]);
    expect(vanishingGradient.judge(measurement(zero))).toEqual([]);
    expect(symmetricUnits.judge(measurement(zero))).toEqual([]);
  });

  it('may begin at the input of the model', () => {
    const graph = NetworkGraph.of([
      layer('branch', { inputs: ['x'] }),
      layer('add', { inputs: ['x', 'branch'] }),
      layer('tower', { inputs: ['y'] }),
      layer('merge', { inputs: ['add', 'tower'] }),
    ]);
    expect(graph.layers.map((one) => graph.isBypassed(one))).toEqual([true, false, false, false]);
  });
});

describe('unnormalized-input', () => {
  it.each([
    [{ mean: 0, standardDeviation: 1 }, null],
    [{ mean: 0.5, standardDeviation: 0.29 }, null],
    [{ mean: 33, standardDeviation: 78 }, 'warning'],
    [{ mean: 0, standardDeviation: 0.005 }, 'warning'],
    [{ mean: 5, standardDeviation: 0.1 }, 'warning'],
    [{ mean: 5, standardDeviation: 0.6 }, null],
    [{ mean: 33, standardDeviation: 78, source: 'normal' as const }, null],
  ])('judges %j as %s', (input, severity) => {
    expect(unnormalizedInput.judge(measurement([layer('a')], {}, input))[0]?.severity ?? null).toBe(severity);
  });

  it('is a note where the network has learned all the same', () => {
    const severity = (loss: number) => {
      const { inputs } = measurement([], {}, { mean: 33, standardDeviation: 78 }).probe;
      const plain = measurement([layer('a')], learnedTo(loss));
      return unnormalizedInput.judge({ ...plain, probe: { ...plain.probe, inputs } })[0].severity;
    };
    expect(severity(0.4)).toBe('information');
    expect(severity(0.6)).toBe('warning');
  });

  it('lets small values be where a unit sees enough of them', () => {
    const judged = (fanIn: number) =>
      unnormalizedInput.judge(
        measurement(
          [layer('a', { weights: [weight({ fanIn }), bias()] })],
          {},
          { mean: 8e-4, standardDeviation: 9e-3 },
        ),
      );
    // Norms of a sample: 0.029 and 1.
    expect(judged(10)[0]).toMatchObject({ severity: 'warning', title: 'tiny values, spread 9e-3' });
    expect(judged(12_000)).toEqual([]);
  });

  it('is silent in front of an embedding or a normalisation', () => {
    const input = { mean: 33, standardDeviation: 78 };
    for (const className of ['Embedding', 'Rescaling', 'BatchNormalization']) {
      expect(unnormalizedInput.judge(measurement([layer('first', { className }), layer('a')], {}, input))).toEqual([]);
    }
  });
});

describe('low-rank', () => {
  const rank = (value: number): Partial<LayerReport> => ({
    signal: { variance: 1, meanSquare: 1, effectiveRank: value, maximumRank: 50, expectedGain: 1 },
  });

  it('leaves what follows a bottleneck alone', () => {
    const through = (maximumRank: number) => {
      const code = layer('code', {
        signal: { variance: 1, meanSquare: 1, effectiveRank: 1, maximumRank, expectedGain: 1 },
      });
      return lowRank.judge(measurement([layer('a', rank(20)), code, layer('b', rank(1.7)), output()]))[0]?.layer;
    };
    expect(through(1)).toBeUndefined();
    expect(through(50)).toBe('code');
  });

  it('needs a collapse that the outputs do not ask for', () => {
    const chain = [layer('a', rank(20)), layer('b', rank(1.5))];
    expect(lowRank.judge(measurement([...chain, output()]))[0]).toMatchObject({ layer: 'b', severity: 'warning' });
    expect(lowRank.judge(measurement([...chain, output({ units: 2 })]))).toEqual([]);
    expect(lowRank.judge(measurement([layer('a', rank(3)), layer('b', rank(1.5)), output()]))).toEqual([]);
    // Three probabilities sum to 1, three numbers do not.
    const three = (activation: string) =>
      lowRank.judge(measurement([layer('a', rank(20)), layer('b', rank(1.8)), output({ units: 3, activation })]))
        .length;
    // What dead units leave is told by dead-relu.
    const dying = deadLayer('b', { confident: units(49), activeAtMost: 0.005 }, rank(1));
    expect(lowRank.judge(measurement([layer('a', rank(20)), dying, output()]))).toEqual([]);
    expect(three('softmax')).toBe(0);
    expect(three('linear')).toBe(1);
  });

  it('does not compare a tower for a single number with the one beside it', () => {
    const towers = [
      layer('image', { inputs: ['pixels'], ...rank(20) }),
      layer('age', { inputs: ['years'], ...rank(1) }),
      layer('joined', { inputs: ['image', 'age'], ...rank(15) }),
    ];
    expect(lowRank.judge(measurement([...towers, output({ inputs: ['joined'] })]))).toEqual([]);
    const collapsed = [...towers.slice(0, 2), layer('joined', { inputs: ['image', 'age'], ...rank(1.5) })];
    expect(lowRank.judge(measurement([...collapsed, output({ inputs: ['joined'] })]))).toMatchObject([
      { layer: 'joined' },
    ]);
  });
});

describe('not-zero-centered', () => {
  it('suggests what gives outputs of mean 0', () => {
    const suggestions = (activation: string) => {
      const one = layer('s', { activation, output: statistics({ mean: 3, standardDeviation: 0.5, minimum: 0.2 }) });
      return notZeroCentered.judge(measurement([one]))[0].suggestions;
    };
    const [center, replace] = suggestions('sigmoid');
    expect([center.fix, replace.fix]).toEqual(['center-outputs', 'replace-saturating-activation']);
    expect(center.code).toEqual({
      tfjs: "tf.layers.dense({ units: 50, activation: 'sigmoid' }),\ntf.layers.batchNormalization()",
      keras: 'layers.Dense(50, activation="sigmoid"),\nlayers.BatchNormalization()',
    });
    const [normalize, ...others] = suggestions('relu');
    expect([normalize.fix, others]).toEqual(['batch-normalization', []]);
    expect(normalize.code.keras).toBe(
      'layers.Dense(50, use_bias=False),\nlayers.BatchNormalization(),\nlayers.Activation("relu")',
    );
  });

  it('speaks of sigmoid layers and not of ReLU', () => {
    const sigmoid = layer('s', {
      activation: 'sigmoid',
      output: statistics({ mean: 0.5, standardDeviation: 0.1, minimum: 0.2 }),
    });
    expect(notZeroCentered.judge(measurement([sigmoid]))[0].severity).toBe('information');
    expect(
      notZeroCentered.judge(measurement([layer('r', { output: statistics({ mean: 0.4, standardDeviation: 0.58 }) })])),
    ).toEqual([]);
  });
});

describe('judge', () => {
  it('puts the worst first and asks only the questions that are open', () => {
    const layers = [
      layer('a', gradient(1e-3)),
      deadLayer('b', { confident: units(30), activeAtMost: 0.02 }, gradient(1)),
      output(),
    ];
    const found = judge(measurement(layers));
    expect(found.map(({ severity }) => severity)).toEqual(['error', 'warning']);
    expect(openQuestions(measurement(layers))).toEqual({ dead: true, flow: true, zeroGradient: false, rate: false });
    expect(openQuestions(measurement([layer('a'), output()]))).toEqual({
      dead: false,
      flow: false,
      zeroGradient: false,
      rate: false,
    });
  });

  it('gives every finding a short title, a message that names the layer, and a section of the documentation', () => {
    const layers = [
      layer('a', { ...gradient(1e-6), ...variance(1) }),
      deadLayer('b', { confident: units(30), activeAtMost: 0.02 }, { ...gradient(1), ...variance(1e-9) }),
      output(),
    ];
    for (const { rule, layer: name, title, message, documentation, why } of judge(measurement(layers))) {
      expect(title.length).toBeLessThanOrEqual(34);
      expect(message).toContain(name!);
      expect(message).toContain(why);
      expect(documentation).toBe(`docs/rules.md#${rule}`);
    }
  });
});

describe('the documentation', () => {
  it('has a section for every rule', async () => {
    const text = await readFile(new URL('../../../docs/rules.md', import.meta.url), 'utf8');
    for (const { id } of RULES) expect(text).toContain(`\n## ${id}\n`);
  });
});
