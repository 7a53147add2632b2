import { describe, expect, it } from 'vitest';
import { isHealthy, splitOf, type LayerSpec } from '../../benchmark/diagnosis/networkSpec';
import { CAUSES } from '../../benchmark/diagnosis/scores';
import { SPECS } from '../../benchmark/diagnosis/specs/specs';
import { RULES } from '../../benchmark/diagnosis/tables';

const layersOf = (layers: readonly LayerSpec[]): readonly Extract<LayerSpec, { layer: string }>[] =>
  layers.flatMap((layer) => ('residual' in layer ? layersOf(layer.residual) : [layer]));

describe('the specifications', () => {
  it('are at least 80, at least half of them healthy, in the whole and in both halves', () => {
    expect(SPECS.length).toBeGreaterThanOrEqual(80);
    const halves = (['tuning', 'held-out'] as const).map((split) => SPECS.filter((spec) => splitOf(spec) === split));
    for (const specs of [SPECS, ...halves]) {
      expect(specs.filter(isHealthy).length * 2).toBeGreaterThanOrEqual(specs.length);
    }
    for (const half of halves) expect(half.length / SPECS.length).toBeGreaterThan(0.4);
  });

  it('have names of their own', () => {
    expect(new Set(SPECS.map(({ id }) => id)).size).toBe(SPECS.length);
  });

  it('ask for every rule that can be wrong about a network, and for every cause', () => {
    const wanted = new Set(SPECS.flatMap(({ labels }) => labels.rules));
    // Outputs that are not centred slow learning down but are no fault by themselves.
    const unwanted = RULES.filter((rule) => !wanted.has(rule));
    expect(unwanted).toEqual(['exploding-signal', 'not-zero-centered']);
    expect(new Set(SPECS.flatMap(({ labels }) => labels.cause ?? []))).toEqual(new Set(CAUSES));
  });

  it('support every label with evidence', () => {
    expect(SPECS.filter(({ labels }) => labels.evidence.length === 0)).toEqual([]);
  });

  it('range over kinds of layers, widths and depths', () => {
    const all = SPECS.map(({ layers }) => layersOf(layers));
    const kinds = new Set(all.flat().map(({ layer }) => layer));
    for (const kind of [
      'dense',
      'conv1d',
      'conv2d',
      'depthwiseConv2d',
      'batchNormalization',
      'simpleRNN',
      'lstm',
      'gru',
    ] as const) {
      expect(kinds).toContain(kind);
    }
    const widths = all.flat().map(({ config }) => Number(config['units'] ?? config['filters'] ?? 8));
    expect(Math.max(...widths)).toBe(512);
    expect(Math.max(...all.map(({ length }) => length))).toBeGreaterThanOrEqual(50);
    expect(SPECS.filter(({ training }) => training.epochs > 0).length).toBeGreaterThan(SPECS.length / 4);
  });
});
