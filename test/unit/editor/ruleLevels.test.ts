import { describe, expect, it } from 'vitest';
import { applyRuleLevels, type LevelledReport } from '../../../src/editor/ruleLevels';
import type { Finding, Report, RuleId, Severity } from '../../../src/report/report';

function reportOf(...findings: [RuleId, Severity][]): Report {
  return { findings: findings.map(([rule, severity]) => ({ rule, severity }) as Finding) } as unknown as Report;
}
const shown = ({ report }: LevelledReport): [string, string][] =>
  report.findings.map(({ rule, severity }) => [rule, severity]);

describe('applyRuleLevels', () => {
  const report = reportOf(['dead-relu', 'error'], ['low-rank', 'warning'], ['non-finite', 'information']);

  it('changes nothing without levels', () => {
    expect(applyRuleLevels(report, {})).toEqual({ report, ignored: [] });
  });

  it('gives a rule another severity and puts its findings among their equals, after those that were there', () => {
    expect(shown(applyRuleLevels(report, { 'non-finite': 'error', 'dead-relu': 'warning' }))).toEqual([
      ['non-finite', 'error'],
      ['dead-relu', 'warning'],
      ['low-rank', 'warning'],
    ]);
  });

  it('takes out what is off and says so, but names no rule that had no finding', () => {
    const levelled = applyRuleLevels(report, { 'dead-relu': 'off', 'exploding-gradient': 'off' });
    expect(shown(levelled)).toEqual([
      ['low-rank', 'warning'],
      ['non-finite', 'information'],
    ]);
    expect(levelled.ignored).toEqual(['dead-relu']);
  });

  it('ignores levels that it does not know, and what is inherited', () => {
    const inherited = Object.create({ 'low-rank': 'off' }) as Record<string, unknown>;
    expect(applyRuleLevels(report, { 'dead-relu': 'hint', 'non-finite': 5 })).toEqual({ report, ignored: [] });
    expect(applyRuleLevels(report, inherited)).toEqual({ report, ignored: [] });
  });

  it('leaves the report that it was given as it is', () => {
    const before = structuredClone(report);
    applyRuleLevels(report, { 'dead-relu': 'off', 'low-rank': 'error' });
    expect(report).toEqual(before);
  });
});
