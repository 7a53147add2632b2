import { describe, expect, it } from 'vitest';
import { deadCount, isAccused, layerHealths } from '../../../src/report/health';
import { findingCounts, passedChecks, place, verdict } from '../../../src/report/verdict';
import { findingOf, reportOf, type FindingSketch, type LayerSketch } from '../../e2e/panel/reportBuilder';

const LAYERS: readonly LayerSketch[] = [
  { name: 'dense_1', activation: 'relu', units: 8, dead: { proved: 2, confident: 3, suspected: 1 }, gradient: 0.02 },
  { name: 'dense_2', activation: 'relu', units: 8, gradient: 0.04 },
  { name: 'flatten', className: 'Flatten', activation: null, units: null },
  { name: 'odd', className: 'Lambda', role: 'opaque', units: null },
  { name: 'dense_3', activation: 'softmax', units: 4, role: 'output' },
];
const DEAD: FindingSketch = {
  rule: 'dead-relu',
  severity: 'error',
  layer: 'dense_1',
  title: '5 of 8 units dead',
  measured: [],
  why: '',
};
const report = (findings: readonly FindingSketch[] = [], layers = LAYERS, noBackward?: string) =>
  reportOf({
    name: 'net',
    input: [4],
    output: [4],
    parameters: 10,
    layers,
    findings,
    ...(noBackward === undefined ? {} : { noBackward }),
  });

describe('verdict', () => {
  it('names the worst finding with its layer and counts the others', () => {
    const note: FindingSketch = { ...DEAD, rule: 'unnormalized-input', severity: 'information', layer: 'input_1' };
    const warning: FindingSketch = { ...DEAD, rule: 'low-rank', severity: 'warning', layer: 'dense_2' };
    const result = verdict(report([note, warning, DEAD]));
    expect(result).toEqual({ severity: 'error', headline: '2 problems: dense_1 is 63% dead', problems: 2, notes: 1 });
    expect(findingCounts(result)).toBe('2 problems, 1 note');
  });

  it('uses the finding’s own words for every other rule', () => {
    const shrinks: FindingSketch = {
      ...DEAD,
      rule: 'vanishing-gradient',
      severity: 'warning',
      title: 'Gradient shrinks 930×',
    };
    expect(verdict(report([shrinks])).headline).toBe('1 problem: gradient shrinks 930× in dense_1');
    const both = { ...shrinks, alsoIn: ['dense_1', 'dense_2', 'dense_3'] };
    expect(verdict(report([both])).headline).toBe('1 problem: gradient shrinks 930× in dense_1 and 2 more layers');
    const network = { ...shrinks, layer: null, title: 'ReLU6 everywhere' };
    expect(verdict(report([network])).headline).toBe('1 problem: ReLU6 everywhere');
  });

  it('finds no problem in notes alone, and says when only half was looked at', () => {
    const note: FindingSketch = { ...DEAD, severity: 'information' };
    expect(verdict(report([note]))).toMatchObject({ severity: 'healthy', headline: 'No problems found', notes: 1 });
    expect(verdict(report([], LAYERS, 'no gradient is known')).headline).toBe('No problems found in the forward pass');
  });

  it('gives no clean bill where nothing was measured', () => {
    expect(verdict(report([], []))).toMatchObject({ severity: 'information', headline: 'Nothing could be judged' });
  });

  it('names one or two layers and counts more', () => {
    const finding = (layer: string | null, alsoIn: string[]) => place(findingOf({ ...DEAD, layer, alsoIn }));
    expect([finding('a', []), finding('a', ['a', 'b']), finding('a', ['b', 'c']), finding(null, [])]).toEqual([
      'a',
      'a and b',
      'a and 2 more layers',
      'the whole network',
    ]);
  });
});

describe('layerHealths', () => {
  it('is what the findings say, and otherwise what could be seen', () => {
    const note: FindingSketch = { ...DEAD, severity: 'information', layer: 'dense_2' };
    const healths = layerHealths(report([note, { ...DEAD, severity: 'warning', alsoIn: ['dense_3'] }, DEAD]));
    expect(healths).toEqual([
      { health: 'error', reason: '5 of 8 units dead', findings: [2, 1] },
      { health: 'healthy', reason: 'healthy', findings: [0] },
      { health: 'unjudged', reason: 'nothing to judge', findings: [] },
      { health: 'unjudged', reason: 'cannot be seen into', findings: [] },
      { health: 'warning', reason: 'dead units', findings: [1] },
    ]);
  });

  it('counts the dead units of the layer itself, not of the one in the title', () => {
    const [first, second] = layerHealths(
      report([{ ...DEAD, layer: 'dense_2', alsoIn: ['dense_1'], title: '9 units' }]),
    );
    expect([first.reason, second.reason]).toEqual(['5 of 8 units dead', '9 units']);
    expect(layerHealths(report())[0].reason).toBe('healthy, 63% dead');
  });

  it('survives names like those of Object’s members', () => {
    const layers: LayerSketch[] = ['__proto__', 'constructor'].map((name) => ({ name, activation: 'relu', units: 2 }));
    const healths = layerHealths(report([{ ...DEAD, layer: '__proto__' }], layers));
    expect(healths.map(({ health }) => health)).toEqual(['error', 'healthy']);
  });
});

describe('deadCount and isAccused', () => {
  it('counts proved and confident units together, suspected ones not', () => {
    const { layers } = report();
    expect(deadCount(layers[0])).toEqual({ dead: 5, units: 8 });
    expect(deadCount(layers[2])).toBeNull();
  });

  it('heeds errors and warnings of the given rules only', () => {
    const accused = report([{ ...DEAD, severity: 'warning', alsoIn: ['dense_2'] }]);
    const [first, second] = accused.layers;
    expect([isAccused(accused, first, ['dead-relu']), isAccused(accused, second, ['dead-relu'])]).toEqual([true, true]);
    expect(isAccused(accused, first, ['low-rank'])).toBe(false);
    const noted = report([{ ...DEAD, severity: 'information' }]);
    expect(isAccused(noted, noted.layers[0], ['dead-relu'])).toBe(false);
  });
});

describe('passedChecks', () => {
  const details = (...input: Parameters<typeof passedChecks>) =>
    Object.fromEntries(passedChecks(...input).map(({ rule, detail }) => [rule, detail]));

  it('lists what was measured, with the numbers', () => {
    expect(details(report())).toEqual({
      'dead-relu': '5 of 16 units in 2 layers',
      'vanishing-gradient': 'shrinks at most 2× between hidden layers',
      'exploding-gradient': 'never grows between hidden layers',
      'vanishing-signal': 'variance 0.3 in the hidden layers',
      'non-finite': '512,000 output values, all finite',
    });
  });

  it('lists no rule that has a finding, is turned off, or had nothing to measure', () => {
    expect(details(report([DEAD]), ['vanishing-gradient'])).not.toHaveProperty('dead-relu');
    expect(details(report(), ['vanishing-gradient'])).not.toHaveProperty('vanishing-gradient');
    expect(details(report())).not.toHaveProperty('saturated-activation');
    const blind = LAYERS.map((layer) => ({ ...layer, gradient: null }));
    expect(details(report([], blind))).not.toHaveProperty('exploding-gradient');
  });

  it('compares gradients only among layers that serve the same outputs', () => {
    const dense = (name: string, input: string, gradient: number): LayerSketch => ({
      name,
      inputs: [input],
      activation: 'relu',
      units: 8,
      gradient,
    });
    const output = (name: string, input: string): LayerSketch => ({ name, inputs: [input], role: 'output', units: 1 });
    const heads = [
      dense('body_1', 'input', 0.02),
      dense('body_2', 'body_1', 0.04),
      dense('a_1', 'body_2', 40),
      dense('a_2', 'a_1', 10),
      dense('b', 'body_2', 1e-4),
      output('out_a', 'a_2'),
      output('out_b', 'b'),
    ];
    expect(details(report([], heads))).toMatchObject({
      'vanishing-gradient': 'shrinks at most 2× between hidden layers that serve the same outputs',
      'exploding-gradient': 'grows at most 4× between hidden layers that serve the same outputs',
    });
  });

  it('does not call values finite that are not', () => {
    const broken = LAYERS.map((layer, index) => (index === 0 ? { ...layer, nonFiniteUnits: 1 } : layer));
    expect(details(report([], broken))).not.toHaveProperty('non-finite');
  });
});
