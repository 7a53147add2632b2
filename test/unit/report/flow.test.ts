import { describe, expect, it } from 'vitest';
import { flowSummary, flowValues, gradientNorm, standsApart, usualRange } from '../../../src/report/flow';
import { layerOf, type LayerSketch } from '../../e2e/panel/reportBuilder';

const layers = (...sketches: Partial<LayerSketch>[]) =>
  sketches.map((sketch, index) =>
    layerOf(
      { name: `l${index}`, units: 1, activation: 'relu', ...sketch },
      index,
      index === 0 ? 'in' : `l${index - 1}`,
    ),
  );
const forward = (...variances: (number | null)[]) => layers(...variances.map((variance) => ({ variance })));
const backward = (...norms: (number | null)[]) => layers(...norms.map((gradient) => ({ gradient })));

describe('gradientNorm', () => {
  it('is the RMS per entry times the root of the number of entries', () => {
    const [layer] = layers({ gradient: 0.5, units: 4, outputShape: [3, 3, 4] });
    expect(gradientNorm(layer)).toBe(0.5 * 6);
    expect(flowValues(layers({ gradient: null }), 'backward')).toEqual([null]);
  });
});

describe('usualRange', () => {
  it('lies around the layer where the signal enters', () => {
    expect(usualRange(forward(2, 1e-9), 'forward')![0]).toBeCloseTo(2 / 10 ** 1.5, 12);
    expect(usualRange(backward(1e-9, 2), 'backward')![1]).toBeCloseTo(2 * 10 ** 1.5, 12);
  });

  it('is judged over hidden layers with units', () => {
    const network = layers(
      { units: null, variance: 100 },
      { variance: 1 },
      { variance: 1 },
      { role: 'output', variance: 50 },
    );
    expect(usualRange(network, 'forward')![1]).toBeCloseTo(10 ** 1.5, 12);
  });

  it('is unknown where there are no two positive values to compare', () => {
    expect(usualRange(forward(2), 'forward')).toBeNull();
    expect([usualRange(forward(null, 0), 'forward'), usualRange([], 'backward')]).toEqual([null, null]);
  });
});

describe('flowSummary', () => {
  const powers = (factor: number, count = 12) => Array.from({ length: count }, (_, index) => factor ** index);

  it.each([
    ['steady', [1, 2, 0.5, 1]],
    ['drops 31× at l3', [1, 1.2, 1.1, 1.1 / 31, 0.04]],
    ['jumps 1e3× at l1', [1, 1000, 1100]],
    ['falls 40% per layer', powers(0.6)],
    ['falls 4× per layer', powers(0.25)],
    ['grows 50% per layer', powers(1.5)],
    ['grows 3× per layer', powers(3)],
    ['shrinks 64×', [1, 0.25, 1 / 16, 1 / 64]],
    ['grows 64×', [1, 4, 16, 64]],
    ['varies 25×', [1, 5, 1, 0.2, 1]],
    ['stops at l1', [1, 0, 0]],
    ['zero everywhere', [0, 0]],
    ['not measured', [null, null]],
    ['one value', [1, null]],
  ])('says "%s" of %j', (text, values) => {
    expect(flowSummary(forward(...values), 'forward')).toBe(text);
  });

  it('reads gradients from the output to the input', () => {
    expect(flowSummary(backward(1 / 64, 1 / 16, 0.25, 1), 'backward')).toBe('shrinks 64×');
    expect(flowSummary(backward(1, 1, 1e-3, 1e-3), 'backward')).toBe('jumps 1e3× at l1');
    expect(flowSummary(backward(0, 1), 'backward')).toBe('does not reach every layer');
  });

  it('follows the signal of the longest way where towers or heads lie side by side', () => {
    const network = layers(
      { name: 'first', inputs: ['in'], variance: 1 },
      { name: 'short', inputs: ['first'], variance: 1e6 },
      { name: 'long_a', inputs: ['first'], variance: 0.1 },
      { name: 'long_b', inputs: ['long_a'], variance: 0.01 },
    );
    expect(flowSummary(network, 'forward')).toBe('shrinks 100×');
  });

  it('compares gradients only of layers that serve the same outputs', () => {
    const head = (name: string, from: string, gradient: number): Partial<LayerSketch>[] => [
      { name: `${name}_hidden`, inputs: [from], gradient },
      { name, role: 'output', inputs: [`${name}_hidden`], gradient: null },
    ];
    const network = layers(
      { name: 'first', inputs: ['in'], gradient: 2000 },
      { name: 'second', inputs: ['first'], gradient: 1000 },
      ...head('large', 'second', 1000),
      ...head('small', 'second', 1),
    );
    expect(flowSummary(network, 'backward')).toBe('steady');
    expect(usualRange(network, 'backward')![1]).toBeCloseTo(1000 * 10 ** 1.5, 6);
  });
});

describe('standsApart', () => {
  it('holds for outputs that are bounded by their activation', () => {
    const [softmax, linear, hidden] = layers(
      { role: 'output', activation: 'softmax' },
      { role: 'output', activation: 'linear' },
      { role: 'hidden', activation: 'sigmoid' },
    );
    expect([softmax, linear, hidden].map(standsApart)).toEqual([true, false, false]);
  });
});
