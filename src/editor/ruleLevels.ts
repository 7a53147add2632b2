import type { Report, RuleId, Severity } from '../report/report';

export interface LevelledReport {
  readonly report: Report;
  /** The rules that are off and had findings, which the report now lacks. */
  readonly ignored: readonly RuleId[];
}

/**
 * The report with the severities that `levels` gives by rule id: `error`, `warning`, `information`, or `off`, which
 * takes the findings of the rule out. Anything else in `levels` changes nothing.
 */
export function applyRuleLevels(report: Report, levels: Readonly<Record<string, unknown>>): LevelledReport {
  const levelOf = (rule: RuleId): unknown => (Object.hasOwn(levels, rule) ? levels[rule] : undefined);
  const off = report.findings.filter(({ rule }) => levelOf(rule) === 'off');
  const findings = report.findings
    .filter((finding) => !off.includes(finding))
    .map((finding) => {
      const level = levelOf(finding.rule);
      return isSeverity(level) ? { ...finding, severity: level } : finding;
    })
    // A stable sort: within one severity the order of the diagnosis stays.
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { report: { ...report, findings }, ignored: [...new Set(off.map(({ rule }) => rule))] };
}

/** Worst first. */
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'information'];

function isSeverity(level: unknown): level is Severity {
  return SEVERITIES.some((severity) => severity === level);
}
