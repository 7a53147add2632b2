import { flowSummary, gradientNorm } from '../flow';
import { formatActivation, formatCount, formatNumber, formatShare, NOT_MEASURED } from '../format';
import { deadCount, layerHealths } from '../health';
import type { Finding, Report, Suggestion } from '../report';
import { passedChecks, verdict } from '../verdict';
import { plainData } from './plainText';
import { MARKS } from './style';
import { SEVERITY_WORDS, backwardLine, inputLine, modelLine, reasonFor, samplesLine } from './words';

/** The report as GitHub Flavored Markdown, with every suggestion and its code in both libraries. */
export function renderMarkdown(source: Report): string {
  const report = plainData(source);
  const sections = [
    [
      `# ${escapeMarkdown(verdict(report).headline)}`,
      `${codeSpan(report.model.file.path)} · ${escapeMarkdown(modelLine(report))}`,
    ],
    ...(report.findings.length > 0 ? [['## Findings'], ...report.findings.map(findingSection)] : []),
    checks(report),
    ['## Layers', layers(report)],
    [
      '## Signal flow',
      list([
        `Forward (variance across samples): ${escapeMarkdown(flowSummary(report.layers, 'forward'))}`,
        `Backward (norm of the gradient): ${escapeMarkdown(flowSummary(report.layers, 'backward'))}`,
      ]),
    ],
    ['## Probe', probe(report)],
    [escapeMarkdown(`${report.tool.name} ${report.tool.version}, ${report.run.startedAt}`)],
  ];
  return `${sections.flat().join('\n\n')}\n`;
}

function findingSection(finding: Finding): string[] {
  const where = finding.layer === null ? 'network' : codeSpan(finding.layer);
  const facts = [
    ...(finding.alsoIn.length > 0 ? [`**Also in:** ${finding.alsoIn.map((name) => codeSpan(name)).join(', ')}`] : []),
    `**Measured** (${escapeMarkdown(finding.confidence.text)}): ${escapeMarkdown(finding.measured.join(' '))}`,
    ...(finding.cause === null
      ? []
      : [`**Cause:** ${escapeMarkdown(finding.cause.title)}: ${escapeMarkdown(finding.cause.explanation)}`]),
    `**Why it matters:** ${escapeMarkdown(finding.why)}`,
    `**Rule:** ${codeSpan(finding.rule)}`,
  ];
  return [
    `### ${SEVERITY_WORDS[finding.severity]}: ${where}: ${escapeMarkdown(finding.title)}`,
    list(facts),
    ...finding.suggestions.flatMap(suggestionSection),
  ];
}

function suggestionSection(suggestion: Suggestion, index: number): string[] {
  const { title, code } = suggestion;
  return [
    `**${index + 1}. ${escapeMarkdown(title)}.** ${escapeMarkdown(reasonFor(suggestion))}`,
    ...(code.tfjs === null ? [] : [codeBlock(code.tfjs, 'js')]),
    ...(code.keras === null ? [] : [codeBlock(code.keras, 'python')]),
  ];
}

function checks(report: Report): string[] {
  const passed = passedChecks(report);
  if (passed.length === 0) return [];
  return [
    '## Checks passed',
    list(passed.map(({ title, detail }) => `${escapeMarkdown(title)}: ${escapeMarkdown(detail)}`)),
  ];
}

function layers(report: Report): string {
  const healths = layerHealths(report);
  const rows = report.layers.map((layer, index) => {
    const dead = deadCount(layer);
    const cells = [
      MARKS[healths[index].health].sign,
      codeSpan(layer.name),
      escapeMarkdown(layer.className),
      escapeMarkdown(formatActivation(layer.activation)),
      layer.units === null ? NOT_MEASURED : formatCount(layer.units),
      dead === null ? NOT_MEASURED : formatCount(dead.dead),
      formatShare(layer.derivative?.share ?? null),
      formatNumber(layer.signal?.variance ?? null),
      formatNumber(gradientNorm(layer)),
    ];
    return tableRow(cells);
  });
  return [
    tableRow(['', 'Layer', 'Type', 'Activation', 'Units', 'Dead', 'Slope', 'Variance', 'Gradient']),
    '| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

function probe(report: Report): string {
  return list(
    [
      samplesLine(report),
      ...report.probe.inputs.map(inputLine),
      `Backward: ${backwardLine(report)}`,
      ...report.probe.limits,
      ...report.model.file.notes,
    ].map(escapeMarkdown),
  );
}

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** A pipe ends a cell even within a code span, unless it is escaped (GFM 4.10). */
const tableRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replace(/(?<!\\)\|/g, '\\|')).join(' | ')} |`;

/**
 * `text` so that GitHub Flavored Markdown shows it as it is, at the start of a line or within one: no emphasis, links,
 * images, HTML, headings, lists, table cells, formulas or automatic links.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_{}[\]#|~$@]|:(?=\/\/)|(?<=www)\.|^\s*[-+=]|(?<=^\s*\d+)[.)](?=\s|$)/gi, (match) =>
      match.replace(/\S/, '\\$&'),
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** A code span whose fence is longer than any run of backticks in it. */
export function codeSpan(text: string): string {
  if (text.trim() === '') return '` `';
  const fence = '`'.repeat(longestRun(text) + 1);
  const padding = /^`|`$|^ .* $/.test(text) ? ' ' : '';
  return fence + padding + text + padding + fence;
}

function codeBlock(code: string, language: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(code) + 1));
  return `${fence}${language}\n${code}\n${fence}`;
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
