import { describe, expect, it } from 'vitest';
import type { Peer } from '../../benchmark/diagnosis/peers/peer';
import { percentileOf } from '../../benchmark/diagnosis/peers/peer';
import { PEERS } from '../../benchmark/diagnosis/peers/peers';
import { rhoB, variancesDiffer } from '../../benchmark/diagnosis/peers/theDeepChecker';
import type { LayerQuantities, Quantities, TrainingStep, WeightStep } from '../../benchmark/diagnosis/quantities';

const floats = (...values: number[]): Float32Array => Float32Array.from(values);

const weight = (more: Partial<WeightStep> = {}): WeightStep => ({
  name: 'dense_1/kernel',
  kind: 'kernel',
  fanIn: 2,
  fanOut: 2,
  // Variance 1, as He wants it for two inputs.
  values: floats(1, -1, 1, -1),
  gradient: floats(0.1, -0.1, 0.2, -0.2),
  update: floats(0.01, -0.01, 0.01, -0.01),
  ...more,
});

const step = (weights: readonly WeightStep[] = [weight()], more: Partial<TrainingStep> = {}): TrainingStep => ({
  loss: 1,
  accuracy: 0.5,
  weights,
  ...more,
});

/** Two samples of two ReLU units, each active once. */
const layer = (more: Partial<LayerQuantities> = {}): LayerQuantities => ({
  name: 'dense_1',
  className: 'Dense',
  activation: 'relu',
  output: false,
  units: 2,
  activations: floats(0.5, 0, 0, 0.5),
  preActivations: floats(0.5, -0.5, -0.5, 0.5),
  ...more,
});

const softmaxLayer = layer({ name: 'dense_2', activation: 'softmax', output: true });

const quantities = (more: Partial<Quantities> = {}): Quantities => ({
  layers: [layer(), softmaxLayer],
  steps: Array.from({ length: 10 }, (_, i) => step([weight()], { loss: 1 - i / 20, accuracy: 0.5 + i / 30 })),
  input: { minimum: -1, maximum: 1 },
  task: { classes: 2, loss: 'categoricalCrossentropy' },
  learningRate: 0.01,
  ...more,
});

function fires(name: string, seen: Quantities): string[] {
  const peer: Peer = PEERS.find((other) => other.name === name)!;
  return peer.checks.filter((check) => check.fires(seen)).map((check) => check.name);
}

const withLayer = (more: Partial<LayerQuantities>): Quantities => quantities({ layers: [layer(more), softmaxLayer] });
const withGradient = (...gradient: number[]): Quantities =>
  quantities({ steps: Array.from({ length: 10 }, () => step([weight({ gradient: floats(...gradient) })])) });

describe('the peers', () => {
  it('find nothing in a calm network', () => {
    for (const { name } of PEERS) expect([name, fires(name, quantities())]).toEqual([name, []]);
  });

  it('SageMaker DeadRelu: more than half of the units, active on less than 1%', () => {
    const half = withLayer({ activations: floats(0.5, 0, 0.5, 0) });
    const all = withLayer({ activations: floats(0, 0, 0, 0) });
    expect(fires('SageMaker DeadRelu', half)).toEqual([]);
    expect(fires('SageMaker DeadRelu', all)).toEqual(['DeadRelu']);
  });

  it('SageMaker SaturatedActivation: beyond 9.4999 for tanh', () => {
    const tanh = (z: number): Quantities => withLayer({ activation: 'tanh', preActivations: floats(z, z, -z, -z) });
    expect(fires('SageMaker SaturatedActivation', tanh(9.4))).toEqual([]);
    expect(fires('SageMaker SaturatedActivation', tanh(9.6))).toEqual(['SaturatedActivation']);
  });

  it('SageMaker VanishingGradient: mean below 1e-7', () => {
    expect(fires('SageMaker VanishingGradient', withGradient(2e-7, -1e-7, 0, 0))).toEqual(['VanishingGradient']);
    expect(fires('SageMaker VanishingGradient', withGradient(4e-7, -1e-7, 0, 0))).toEqual([]);
  });

  it('SageMaker PoorWeightInitialization: variances, narrow gradients, a loss that stays', () => {
    const name = 'SageMaker PoorWeightInitialization';
    const spread = (factor: number): Quantities =>
      quantities({ layers: [layer(), layer({ preActivations: layer().preActivations!.map((z) => z * factor) })] });
    expect(fires(name, spread(3))).toEqual([]);
    expect(fires(name, spread(3.3))).toEqual(['PoorWeightInitialization']);
    expect(fires(name, withGradient(0.0004, -0.0004, 0, 0))).toEqual(['PoorWeightInitialization']);
    const flat = (steps: number): Quantities =>
      quantities({
        steps: Array.from({ length: 10 }, (_, i) => step([weight()], { loss: i < steps ? 1 : 0.9 - i / 20 })),
      });
    expect(fires(name, flat(5))).toEqual([]);
    expect(fires(name, flat(6))).toEqual(['PoorWeightInitialization']);
  });

  it('AUTOTRAINER: ratios and zeros, only while training goes badly', () => {
    const name = 'AUTOTRAINER';
    const log = (first: readonly number[], last: readonly number[], best = 0.5): Quantities =>
      quantities({
        steps: Array.from({ length: 10 }, (_, i) =>
          step([weight({ gradient: floats(...first) }), weight({ gradient: floats(...last) })], {
            accuracy: i === 9 ? best : 0.4,
          }),
        ),
      });
    expect(fires(name, log([1e-5, 0.5e-5], [0.1, 0.1]))).toEqual(['vanish']);
    expect(fires(name, log([1e-5, 0.5e-5], [0.1, 0.1], 0.95))).toEqual([]);
    expect(fires(name, log([100, 1], [1, 0.1]))).toEqual(['explode']);
    expect(fires(name, log([0, 0, 0, 1], [0, 0, 0, 1]))).toEqual(['dying ReLU']);
    expect(fires(name, log([NaN, 1], [1, 1], 0.95))).toEqual(['explode']);
  });

  it('DeepDiagnosis: shares of entries, kernel variance, input range', () => {
    const name = 'DeepDiagnosis';
    expect(fires(name, withLayer({ activations: floats(0, 0, 0, 1) }))).toEqual(['dead node']);
    expect(fires(name, withLayer({ activation: 'tanh', preActivations: floats(5, -5, 6, 0) }))).toEqual([
      'saturated activation',
    ]);
    expect(fires(name, withGradient(0, 0, 0, 0))).toEqual(['vanishing gradient']);
    expect(fires(name, quantities({ steps: [step([weight({ values: floats(1e-3, -1e-3, 1e-3, -1e-3) })])] }))).toEqual([
      'improper weights',
    ]);
    expect(fires(name, quantities({ input: { minimum: -1.1, maximum: 1 } }))).toEqual(['improper data']);
  });

  it('keras-contrib: a tenth of the units never firing', () => {
    expect(fires('keras-contrib DeadReluDetector', withLayer({ activations: floats(0.5, 0, 0.5, 0) }))).toEqual([
      'DeadReluDetector',
    ]);
    expect(fires('keras-contrib DeadReluDetector', withLayer({ activations: floats(0.5, 0, 0, 1e-9) }))).toEqual([]);
  });

  it('torchmortem: shares of entries and ratios of norms', () => {
    const name = 'torchmortem';
    expect(fires(name, withLayer({ activations: floats(0, 0, 0, 0.5) }))).toEqual(['dead units']);
    expect(fires(name, withLayer({ activations: floats(2, 2, 2, 0.5) }))).toEqual(['saturation']);
    const ratio = (first: number): Quantities =>
      quantities({
        steps: Array.from({ length: 10 }, () =>
          step([weight({ gradient: floats(first) }), weight({ gradient: floats(1) })]),
        ),
      });
    expect(fires(name, ratio(0.0099))).toEqual(['vanishing gradients']);
    expect(fires(name, ratio(0.0101))).toEqual([]);
    expect(fires(name, withGradient(1001, 0, 0, 0))).toEqual(['exploding gradients']);
    expect(fires(name, withGradient(1e-9, 0, 0, 0))).toEqual(['gradient stalling']);
  });

  it('TheDeepChecker: dead, saturated, initial variance, updates', () => {
    const name = 'TheDeepChecker';
    expect(fires(name, withLayer({ activations: floats(0, 0, 0, 0) }))).toEqual(['dead neurons']);
    const tanh = withLayer({ activation: 'tanh', activations: floats(0.95, -0.95, -0.95, 0.95) });
    expect(fires(name, tanh)).toEqual(['saturated neurons']);
    expect(fires(name, withGradient(1e-7, 1e-7, 0, 0))).toEqual(['vanishing gradient']);
    expect(fires(name, withGradient(1e7, 1e7, 0, 0))).toEqual(['exploding gradient']);
    expect(fires(name, quantities({ steps: [step([weight({ update: floats(1, 1, 1, 1) })])] }))).toEqual([
      'update ratio',
    ]);
  });

  it('UMLAUT: rate, input, activations, softmax', () => {
    const name = 'UMLAUT';
    expect(fires(name, quantities({ learningRate: 0.011 }))).toEqual(['learning rate']);
    expect(fires(name, quantities({ input: { minimum: 0, maximum: 1.5 } }))).toEqual(['input not normalized']);
    expect(fires(name, withLayer({ activation: 'linear' }))).toEqual(['missing activation']);
    expect(fires(name, quantities({ layers: [layer(), layer({ output: true, activation: 'sigmoid' })] }))).toEqual([
      'missing softmax',
    ]);
    expect(fires(name, quantities({ steps: [step([weight()], { loss: NaN })] }))).toEqual(['NaN loss']);
  });
});

describe('rhoB', () => {
  it('is 0 in the middle, 1 at both ends and 1/2 for a uniform spread', () => {
    expect(rhoB(floats(0, 0, 0), [-1, 1])).toBeCloseTo(0, 6);
    expect(rhoB(floats(1, -1, 1, -1), [-1, 1])).toBeCloseTo(1, 6);
    const uniform = Float32Array.from({ length: 10_000 }, (_, i) => (i + 0.5) / 10_000);
    expect(rhoB(uniform, [0, 1])).toBeCloseTo(0.5, 3);
  });
});

describe('variancesDiffer', () => {
  it('keeps a sample with the expected variance and tells one with twice of it', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    expect(variancesDiffer(values, 1)).toBe(false);
    expect(variancesDiffer(values, 2)).toBe(true);
  });
});

describe('percentileOf', () => {
  it('interpolates as NumPy does', () => {
    expect(percentileOf([4, 1, 3, 2], 50)).toBe(2.5);
    expect(percentileOf([0, 10], 95)).toBe(9.5);
  });
});
