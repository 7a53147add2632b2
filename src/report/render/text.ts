import { flowSummary, flowValues, type FlowDirection } from '../flow';
import { formatDuration } from '../format';
import type { Finding, Report, Suggestion } from '../report';
import { findingCounts, passedChecks, verdict } from '../verdict';
import { layerTable } from './layerTable';
import { displayWidth, padEnd, plainData, shorten, wrap } from './plainText';
import { sparkline } from './sparkline';
import { MARKS, coloured, uncoloured, type Style } from './style';
import { SEVERITY_WORDS, alsoIn, backwardLine, codeFor, inputLine, modelLine, reasonFor, samplesLine } from './words';

export interface TextOptions {
  /** Colours and bars, for a terminal that can show them. */
  readonly terminal: boolean;
}

const WIDTH = 80;
/** Columns of the labels inside a finding: "Measured  ". */
const LABEL = 10;
const INDENT = 2;
/** Columns that a layer's name has at least in the first line of a finding. */
const LEAST_NAME = 12;
/** Fewer bars than this show nothing. */
const MIN_SPARKLINE = 8;

/** The report for reading in a terminal or a log, at most 80 columns wide. */
export function renderText(source: Report, { terminal }: TextOptions): string {
  const report = plainData(source);
  const style = terminal ? coloured : uncoloured;
  const explained = new Set<string>();
  const sections = [
    header(report, style),
    ...report.findings.map((finding) => findingSection(report, finding, explained, style)),
    checks(report, style),
    [title('Layers', style), ...layerTable(report, WIDTH, style)],
    flow(report, terminal, style),
    about(report, style),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const title = (text: string, style: Style): string => style('strong', text);
const indented = (text: string, indent: number): string[] =>
  wrap(text, WIDTH - indent).map((line) => ' '.repeat(indent) + line);

/** Lines of `text` beside a label. */
function labelled(label: string, text: string, style: Style, indent = INDENT): string[] {
  return wrap(text, WIDTH - indent - LABEL).map(
    (line, i) => ' '.repeat(indent) + (i === 0 ? style('quiet', padEnd(label, LABEL)) : ' '.repeat(LABEL)) + line,
  );
}

function header(report: Report, style: Style): string[] {
  const { severity, headline, problems, notes } = verdict(report);
  const { sign, role } = MARKS[severity];
  const [first, ...rest] = wrap(headline, WIDTH - INDENT);
  const counts = notes > 0 ? [findingCounts({ problems, notes })] : [];
  return [
    `${style(role, sign)} ${style('strong', first ?? '')}`,
    ...rest.map((line) => ' '.repeat(INDENT) + style('strong', line)),
    ' '.repeat(INDENT) + shorten(report.model.file.path, WIDTH - INDENT),
    ...indented([modelLine(report), ...counts].join(' · '), INDENT).map((line) => style('quiet', line)),
  ];
}

function findingSection(report: Report, finding: Finding, explained: Set<string>, style: Style): string[] {
  const { sign, role } = MARKS[finding.severity];
  const word = `${sign} ${SEVERITY_WORDS[finding.severity]}`;
  const rule = `[${finding.rule}]`;
  const room = WIDTH - displayWidth(`${word} :   ${rule}`);
  const what = shorten(finding.title, room - LEAST_NAME);
  const name = shorten(finding.layer ?? 'network', room - displayWidth(what));
  const gap = ' '.repeat(room - displayWidth(name) - displayWidth(what) + 2);
  const lines = [`${style(role, word)} ${style('strong', `${name}:`)} ${what}${gap}${style('quiet', rule)}`];
  if (finding.alsoIn.length > 0) lines.push(...labelled('Also in', alsoIn(finding.alsoIn), style));
  lines.push(...labelled('Measured', finding.measured.join(' '), style));
  lines.push(...labelled('How sure', finding.confidence.text, style));
  if (finding.cause !== null) {
    lines.push(...labelled('Cause', `${finding.cause.title}: ${finding.cause.explanation}`, style));
  }
  lines.push(...labelled('Matters', finding.why, style));
  return [...lines, ...suggestions(report, finding.suggestions, explained, style)];
}

/** The best suggestion with its reason and code, the others by name; what has been `explained` before is only named. */
function suggestions(
  report: Report,
  [best, ...others]: readonly Suggestion[],
  explained: Set<string>,
  style: Style,
): string[] {
  if (best === undefined) return [];
  const code = codeFor(report, best);
  const reason = reasonFor(best);
  const key = JSON.stringify([best.title, reason, code]);
  const lines = labelled('Fix', explained.has(key) ? `${best.title}, as above.` : `${best.title}. ${reason}`, style);
  if (code !== null && !explained.has(key)) {
    for (const line of code.split('\n')) {
      lines.push(...indented(line, INDENT + LABEL).map((part) => style('code', part)));
    }
  }
  explained.add(key);
  if (others.length > 0) lines.push(...labelled('Or', others.map((other) => other.title).join('; '), style));
  return lines;
}

function checks(report: Report, style: Style): string[] {
  if (verdict(report).problems > 0) return [];
  const passed = passedChecks(report);
  if (passed.length === 0) return [];
  const width = Math.max(...passed.map((check) => displayWidth(check.title)));
  return [
    title('Checked', style),
    ...passed.flatMap((check) => {
      const [first, ...rest] = wrap(check.detail, WIDTH - INDENT - width - 2);
      const indent = ' '.repeat(INDENT + width + 2);
      return [
        `${style('good', '✓')} ${padEnd(check.title, width)}  ${first ?? ''}`,
        ...rest.map((line) => indent + line),
      ];
    }),
  ];
}

function flow(report: Report, bars: boolean, style: Style): string[] {
  const line = (label: string, direction: FlowDirection): string[] => {
    const summary = `${direction === 'forward' ? 'variance' : 'gradient'}: ${flowSummary(report.layers, direction)}`;
    const values = flowValues(report.layers, direction);
    const width = WIDTH - INDENT - LABEL - displayWidth(summary) - 2;
    if (!bars || width < MIN_SPARKLINE || values.every((value) => value === null))
      return labelled(label, summary, style);
    const start = ' '.repeat(INDENT) + style('quiet', padEnd(label, LABEL));
    return [`${start}${sparkline(values, width)}  ${summary}`];
  };
  return [title('Signal flow', style), ...line('Forward', 'forward'), ...line('Backward', 'backward')];
}

function about(report: Report, style: Style): string[] {
  const { probe, model, run, tool } = report;
  return [
    title('Probe', style),
    ...labelled('Samples', samplesLine(report), style),
    ...probe.inputs.flatMap((input, i) => labelled(i === 0 ? 'Inputs' : '', inputLine(input), style)),
    ...labelled('Backward', backwardLine(report), style),
    ...probe.limits.flatMap((limit, i) => labelled(i === 0 ? 'Limits' : '', limit, style)),
    ...model.file.notes.flatMap((note, i) => labelled(i === 0 ? 'Loading' : '', note, style)),
    ...labelled('Took', `${formatDuration(run.milliseconds)}, ${tool.name} ${tool.version}`, style),
  ];
}
