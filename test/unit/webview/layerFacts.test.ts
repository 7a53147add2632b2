import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/report/report';
import { distributionNote, layerFacts } from '../../../src/webview/layerFacts';
import { reportOf, type FindingSketch, type LayerSketch } from '../../e2e/panel/reportBuilder';

const LAYERS: readonly LayerSketch[] = [
  { name: 'a', activation: 'relu', units: 4, gradient: 0.2, variance: 1 },
  {
    name: 'b',
    activation: 'relu',
    units: 4,
    gradient: 0.4,
    variance: 1e-4,
    dead: { confident: 3 },
    expectedGain: 1,
    kernel: { spread: 0.1, nominal: 0.5, initializer: 'HeUniform' },
  },
];
const net = (findings: readonly FindingSketch[] = [], layers = LAYERS): Report =>
  reportOf({ name: 'net', input: [4], output: [4], parameters: 1, layers, findings });
const facts = (report: Report, index = 1) =>
  Object.fromEntries(layerFacts(report, report.layers[index]).map((fact) => [fact.term, fact]));
const finding = (rule: FindingSketch['rule'], severity: FindingSketch['severity'] = 'warning'): FindingSketch => ({
  rule,
  severity,
  layer: 'b',
  title: '',
  measured: [],
  why: '',
});

describe('layerFacts', () => {
  it('sets what was measured beside what is expected', () => {
    const { deadUnits, gain, weightSpread, signalVariance } = facts(net());
    expect(deadUnits).toMatchObject({ measured: '3 of 4', expected: '0', off: null });
    expect(gain).toMatchObject({ measured: '0.25', expected: '1' });
    expect(weightSpread).toMatchObject({ measured: '0.1', expected: '0.5', off: null });
    expect(signalVariance).toMatchObject({ measured: '1e-4', off: null });
  });

  it('marks a value only where a finding of its rule speaks of the layer', () => {
    const accused = facts(
      net([
        finding('dead-relu'),
        finding('vanishing-signal'),
        { ...finding('poor-initialization'), evidence: { worstScale: 0.2 } },
      ]),
    );
    expect([accused.deadUnits.off, accused.signalVariance.off, accused.weightSpread.off]).toEqual([
      'high',
      'low',
      'low',
    ]);
    expect(accused.weightSpread.expected).toBe('');
    expect(accused.gain.off).toBeNull();
    expect(facts(net([finding('dead-relu', 'information')])).deadUnits.off).toBeNull();
  });

  it('expects what fresh copies show, where there are some', () => {
    const report = net();
    const layers = [{ name: 'b', silentUnits: 0.5, variance: null, gradientRms: null }];
    const fresh = { ...report, experiments: { ...report.experiments, fresh: { count: 4, layers } } };
    expect(facts(fresh).deadUnits.expected).toBe('0.5 fresh');
  });

  it('knows the gain only where one layer feeds nothing but this one', () => {
    const branched = net([], [...LAYERS, { name: 'c', units: 4, activation: 'relu', inputs: ['a'] }]);
    expect(facts(branched)).not.toHaveProperty('gain');
  });

  it('calls a step a step only when the loss gave its size', () => {
    const report = net();
    expect(facts(report)).toHaveProperty('gradientRatio');
    expect(facts(report)).not.toHaveProperty('updateRatio');
    const layer = report.layers[1];
    const gradient = {
      ...layer.gradient!,
      loss: { outputRms: 1, weights: [{ name: 'kernel', rms: 1, norm: 1, ratio: 0.02 }] },
    };
    const withLoss = { ...report, layers: [report.layers[0], { ...layer, gradient }] };
    expect(facts(withLoss).updateRatio).toMatchObject({ measured: '2e-3', expected: '1e-3' });
  });

  it('has no row for what was not measured', () => {
    const bare = net([], [{ name: 'x', units: null, role: 'opaque', gradient: null, variance: null }]);
    expect(layerFacts(bare, bare.layers[0])).toEqual([]);
  });
});

describe('distributionNote', () => {
  it('says for ReLU how much is off, otherwise mean and spread, and first of all what is not finite', () => {
    const { layers } = net(
      [],
      [LAYERS[1], { name: 't', activation: 'tanh', units: 2 }, { ...LAYERS[1], name: 'n', nonFiniteUnits: 1 }],
    );
    expect(distributionNote(layers[0], 'post')).toMatch(/^\d+% exactly 0$/);
    expect(distributionNote(layers[0], 'pre')).toMatch(/^\d+% not above 0$/);
    expect(distributionNote(layers[1], 'post')).toMatch(/ ± /);
    expect(distributionNote(layers[2], 'post')).toBe('1 not finite');
  });
});
