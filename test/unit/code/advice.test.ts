import { describe, expect, it } from 'vitest';
import { advise } from '../../../src/code/advice/advise';
import { CodeDocument } from '../../../src/code/parser';
import { FAULTY_PYTHON, FAULTY_TFJS, type Faulty } from './faulty';
import { HEALTHY } from './healthy';

const found = (language: 'python' | 'javascript', { code }: Faulty) =>
  advise(new CodeDocument(language, code)).map((finding) => ({
    rule: finding.rule,
    at: code.slice(finding.range.from, finding.range.to),
  }));

describe('a fault is named once, and nothing else is', () => {
  it.each(FAULTY_TFJS)('tfjs: $name', (faulty) => {
    expect(found('javascript', faulty)).toEqual([{ rule: faulty.rule, at: faulty.at }]);
  });
  it.each(FAULTY_PYTHON)('$name', (faulty) => {
    const all = found('python', faulty);
    expect(all[0]).toEqual({ rule: faulty.rule, at: faulty.at });
    expect(new Set(all.map(({ rule }) => rule))).toEqual(new Set([faulty.rule]));
  });
  it('says the bound and the expected factor of a sigmoid stack', () => {
    const [finding] = advise(new CodeDocument('python', FAULTY_PYTHON[0].code));
    // 1 / 4^8, and sqrt(0.056)^8 = 9.8e-6.
    expect(finding.message).toContain('(1/4)^8 = 1/65536');
    expect(finding.message).toContain('1e-5');
    expect(finding.severity).toBe('warning');
  });
});

describe('what is destructured', () => {
  const rated = (head: string): string => `const tf = require('@tensorflow/tfjs');
${head}
  const model = tf.sequential();
  model.add(tf.layers.dense({ units, activation: 'relu', inputShape: [16] }));
  model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
  model.compile({ optimizer: tf.train.adam(rate), loss: 'categoricalCrossentropy' });
}
`;
  const rules = (code: string) => advise(new CodeDocument('javascript', code)).map(({ rule }) => rule);
  it.each([
    'const build = ({ units = 32, rate = 8 } = {}) => {',
    'function build() {\n  const { units, optimizer: { rate = 8 } = {} } = { units: 32 };',
  ])('holds its default: %s', (head) => expect(rules(rated(head))).toEqual(['learning-rate-too-high']));
  it.each([
    'function build() {\n  const { units = 32, rate = 8 } = { rate: 0.01 };',
    'function build() {\n  const [units = 32, rate = 8] = [16, 0.01];',
    'function build(options) {\n  const { units = 32, rate } = options;',
  ])('holds what is given: %s', (head) => expect(rules(rated(head))).toEqual([]));
});

describe('healthy code is left alone', () => {
  it.each(HEALTHY)('$name', ({ language, code }) => {
    expect(advise(new CodeDocument(language, code)).map(({ rule, message }) => [rule, message])).toEqual([]);
  });
  it('that is, code which is understood', () => {
    for (const { name, language, code } of HEALTHY)
      expect(new CodeDocument(language, code).mentions.length, name).toBeGreaterThan(0);
  });
});
