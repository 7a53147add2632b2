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

describe('healthy code is left alone', () => {
  it.each(HEALTHY)('$name', ({ language, code }) => {
    expect(advise(new CodeDocument(language, code)).map(({ rule, message }) => [rule, message])).toEqual([]);
  });
  it('that is, code which is understood', () => {
    for (const { name, language, code } of HEALTHY)
      expect(new CodeDocument(language, code).mentions.length, name).toBeGreaterThan(0);
  });
});
