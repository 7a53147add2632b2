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
  const off = report.findings.filter((finding) => levelOf(finding, levels) === 'off');
  const findings = report.findings
    .flatMap((finding) => {
      const level = levelOf(finding, levels);
      return level === 'off' ? [] : [level === finding.severity ? finding : { ...finding, severity: level }];
    })
    // A stable sort: within one severity the order of the diagnosis stays.
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { report: { ...report, findings }, ignored: [...new Set(off.map(({ rule }) => rule))] };
}

/** The severity that a finding shall be shown with. */
export function levelOf(
  { rule, severity }: { readonly rule: RuleId; readonly severity: Severity },
  levels: Readonly<Record<string, unknown>>,
): Severity | 'off' {
  const level = Object.hasOwn(levels, rule) ? levels[rule] : undefined;
  return level === 'off' || isSeverity(level) ? level : severity;
}

/** Worst first. */
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'information'];

function isSeverity(level: unknown): level is Severity {
  return SEVERITIES.some((severity) => severity === level);
}
