import { describe, expect, it } from 'vitest';
import type { NetworkSpec } from '../../benchmark/diagnosis/networkSpec';
import {
  causeScore,
  falseAlarms,
  labelsWith,
  overallScores,
  ruleScores,
  type LabelledVerdict,
} from '../../benchmark/diagnosis/scores';

type Labels = NetworkSpec['labels'];

const labels = (
  rules: Labels['rules'],
  acceptable: Labels['acceptable'] = [],
  cause: Labels['cause'] = null,
): Labels => ({
  rules,
  acceptable,
  cause,
  evidence: [],
});
const said = (of: Labels, ...rules: LabelledVerdict['verdict']['rules']): LabelledVerdict => ({
  labels: of,
  verdict: { rules },
});

const CASES: readonly LabelledVerdict[] = [
  said(labels([])),
  said(labels([]), 'low-rank'),
  said(labels([], ['dead-relu']), 'dead-relu'),
  said(labels([]), null),
  said(labels(['dead-relu'], ['low-rank']), 'dead-relu', 'low-rank'),
  said(labels(['dead-relu']), 'vanishing-signal'),
  said(labels(['dead-relu'])),
];

describe('scores', () => {
  it('counts any warning for recall, the right one apart, and untrue ones against specificity', () => {
    expect(overallScores(CASES)).toEqual({
      recall: { successes: 2, total: 3 },
      rightRule: { successes: 1, total: 3 },
      specificity: { successes: 2, total: 4 },
    });
  });

  it('leaves networks of which a rule is true, but not asked for, out of the rule’s numbers', () => {
    expect(ruleScores(CASES, 'dead-relu')).toEqual({
      recall: { successes: 1, total: 3 },
      specificity: { successes: 3, total: 3 },
    });
    expect(ruleScores(CASES, 'low-rank').specificity).toEqual({ successes: 5, total: 6 });
  });

  it('takes a warning without a rule of ours for a false alarm', () => {
    expect(falseAlarms(labels(['dead-relu'], ['low-rank']), { rules: ['dead-relu', 'low-rank', null] })).toEqual([
      null,
    ]);
  });

  it('makes dead units worth saying where a tenth of a layer was measured silent', () => {
    expect(labelsWith(labels([]), 0.09).acceptable).toEqual([]);
    expect(labelsWith(labels([]), 0.1).acceptable).toEqual(['dead-relu']);
  });

  it('wants the cause from a finding that the cause belongs to', () => {
    const dead = labels(['dead-relu'], [], 'born-dead');
    const score = causeScore(
      [
        { labels: dead, findings: [{ rule: 'dead-relu', cause: 'born-dead' }] },
        { labels: dead, findings: [{ rule: 'low-rank', cause: 'born-dead' }] },
        { labels: dead, findings: [{ rule: 'dead-relu', cause: 'killed-in-training' }] },
        { labels: labels(['non-finite'], [], 'exploding'), findings: [] },
      ],
      'born-dead',
    );
    expect(score).toEqual({ successes: 1, total: 3 });
  });
});
