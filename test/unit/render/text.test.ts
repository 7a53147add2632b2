import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/report/render/plainText';
import { renderText } from '../../../src/report/render/text';
import type { Report } from '../../../src/report/report';
import { finding, healthyReport, layer, report } from './reports';

const text = (value: Report): string => renderText(value, { terminal: false });

const HOSTILE = '\u001b[31m\u001b]0;title\u0007层'.repeat(30) + '\nnext\u202e';

/** Every string that can come from a model file is hostile and long. */
function hostile(): Report {
  const base = report();
  return report({
    model: {
      ...base.model,
      name: HOSTILE,
      className: HOSTILE,
      file: { ...base.model.file, path: HOSTILE, notes: [HOSTILE] },
      training: { optimizer: HOSTILE, learningRate: 1, losses: [HOSTILE] },
    },
    probe: { ...base.probe, inputs: [{ ...base.probe.inputs[0], name: HOSTILE, file: HOSTILE }], limits: [HOSTILE] },
    layers: [layer(HOSTILE, { className: HOSTILE, activation: HOSTILE }), layer('x'.repeat(200))],
    findings: [
      finding({
        layer: HOSTILE,
        alsoIn: ['x'.repeat(200)],
        title: HOSTILE,
        measured: [HOSTILE],
        suggestions: [{ ...finding().suggestions[0], title: HOSTILE, code: { tfjs: `${HOSTILE}\ncode`, keras: null } }],
      }),
      finding({ layer: null, cause: null, suggestions: [] }),
    ],
  });
}

describe('renderText', () => {
  it('says what is wrong, where, how sure, why and what to do, in this order', () => {
    const lines = text(report());
    const parts = [
      '✗ 1 problem: hidden_2 is 75% dead',
      'models/classifier/model.json',
      '✗ Error hidden_2: 24 of 32 units dead',
      '[dead-relu]',
      '24 of 32 units never fired',
      'at least 95% confidence',
      'Killed in training',
      'A dead unit outputs 0',
      'Lower the learning rate to 0.2',
      'tf.train.sgd(0.2)',
      'Use Leaky ReLU',
      'Layers',
      'Signal flow',
      '512 samples',
      'The inputs are synthetic',
    ];
    let place = 0;
    for (const part of parts) {
      place = lines.indexOf(part, place);
      expect(place, part).not.toBe(-1);
    }
  });

  it('has a table with one row per layer', () => {
    const rows = text(report()).split('\n');
    const header = rows.findIndex((row) => /layer +type +activation +units +dead +slope +variance +gradient/.test(row));
    expect(rows.slice(header + 1, header + 4)).toEqual([
      expect.stringMatching(/^✓ hidden_1 +Dense +ReLU +64 +0 +50% +0\.8 +0\.16$/),
      expect.stringMatching(/^✗ hidden_2 +Dense +ReLU +32 +24 75% +50% +0\.8 +0\.11$/),
      expect.stringMatching(/^✓ output +Dense +softmax +4 +– +– +0\.8 +0\.11$/),
    ]);
  });

  it('of a healthy network lists the checks that passed', () => {
    const healthy = text(healthyReport());
    expect(healthy).toContain('✓ No problems found');
    expect(healthy).toMatch(/✓ Dead units +0 of 64 units in 2 layers/);
    expect(text(report())).not.toContain('Checked');
  });

  it('explains a fix once', () => {
    const twice = text(report({ findings: [finding(), finding({ layer: 'hidden_1' })] }));
    expect(twice.match(/The model was trained with 1\.5\./g)).toHaveLength(1);
    expect(twice).toContain('Lower the learning rate to 0.2, as above.');
  });

  it('says what a fix did where it has been tried', () => {
    const [, tried] = finding().suggestions;
    const lines = text(report({ findings: [finding({ suggestions: [tried] })] }));
    expect(lines.replace(/\s+/g, ' ')).toContain('on both sides. Dead units: 24 → 0. Measured on a copy.');
  });

  it('gives the code of the library that the model was made with', () => {
    const base = report();
    const keras = { ...base.model, file: { ...base.model.file, generatedBy: 'keras v2.15.0' } };
    expect(text(base)).not.toContain('keras.optimizers');
    expect(text(report({ model: keras })).replace(/\s+/g, ' ')).toContain('keras.optimizers.SGD(learning_rate=0.2)');
  });

  it('cuts long tables to the layers with problems and says so', () => {
    const layers = Array.from({ length: 60 }, (_, i) => layer(`layer_${i}`));
    const sick = text(report({ layers, findings: [finding({ layer: 'layer_50' })] }));
    expect(sick).toMatch(/✗ layer_50/);
    expect(sick).not.toMatch(/✓ layer_/);
    expect(sick).toContain('59 more layers are in the JSON report.');
    const healthy = text(report({ layers, findings: [] }));
    expect(healthy.match(/✓ layer_/g)).toHaveLength(40);
    expect(healthy).toContain('20 more layers are in the JSON report.');
  });

  it.each([
    ['sick', report()],
    ['healthy', healthyReport()],
    ['hostile', hostile()],
    ['empty', report({ layers: [], findings: [] })],
  ])('of the %s report keeps within 80 columns, with and without a terminal', (_name, value) => {
    for (const terminal of [false, true]) {
      const lines = stripVTControlCharacters(renderText(value, { terminal })).split('\n');
      for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
      expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    }
  });

  it('has colours and bars only on a terminal, and the same words', () => {
    const plain = text(report());
    const terminal = renderText(report(), { terminal: true });
    expect(plain.replaceAll('\n', '')).not.toMatch(/\p{Cc}|[▁-█]/u);
    expect(terminal).toContain('\u001b[31m✗ Error\u001b[39m');
    expect(terminal).toContain('█');
    expect(stripVTControlCharacters(terminal).replace(/[▁-█]+ {2}/g, '')).toBe(plain);
  });

  it('says why there is no backward pass', () => {
    const base = report();
    const backward = { source: 'none', samples: 0, loss: null, unknown: 'The op Foo has no gradient.' } as const;
    expect(text(report({ probe: { ...base.probe, backward } }))).toContain('not run: The op Foo has no gradient.');
  });
});
