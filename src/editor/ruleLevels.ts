import type { Report, Severity } from '../report/report';

/**
 * The report with the severities that `levels` gives by rule id: `error`, `warning`, `information`, or `off`, which
 * takes the findings of the rule out. Anything else in `levels` changes nothing.
 */
export function applyRuleLevels(report: Report, levels: Readonly<Record<string, unknown>>): Report {
  const findings = report.findings.flatMap((finding) => {
    const level = Object.hasOwn(levels, finding.rule) ? levels[finding.rule] : undefined;
    if (level === 'off') return [];
    return [isSeverity(level) ? { ...finding, severity: level } : finding];
  });
  // A stable sort: within one severity the order of the diagnosis stays.
  findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { ...report, findings };
}

/** Worst first. */
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'information'];

function isSeverity(level: unknown): level is Severity {
  return SEVERITIES.some((severity) => severity === level);
}
