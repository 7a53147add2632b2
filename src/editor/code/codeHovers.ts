import {
  ColorThemeKind,
  Hover,
  l10n,
  languages,
  MarkdownString,
  window,
  type Disposable,
  type HoverProvider,
  type Position,
  type TextDocument,
} from 'vscode';
import { COSTS } from '../../code/catalogue/activationCosts';
import { curveImage, type Theme } from '../../code/curve';
import { hover, type HoverContent } from '../../code/hover';
import { LANGUAGES } from '../../code/languages';
import { shownPath } from '../diagnoses';
import { rangeOf, type CodeDocuments } from './codeDocuments';
import type { BoundDiagnosis, ModelBindings } from './modelBindings';

/** Explains what is under the pointer in training code, the measured state first. */
export class CodeHovers implements HoverProvider {
  constructor(
    private readonly documents: CodeDocuments,
    private readonly bindings: ModelBindings,
  ) {}

  register(): Disposable {
    return languages.registerHoverProvider([...LANGUAGES], this);
  }

  provideHover(document: TextDocument, position: Position): Hover | null {
    const code = this.documents.get(document)?.code;
    const mention = code?.mentionAt(document.offsetAt(position)) ?? null;
    if (code === undefined || mention === null) return null;
    const facts = code.lastFacts;
    const diagnosis = facts === null ? null : this.bindings.diagnosisOf(document, facts.model);
    const content = hover(mention, facts, { diagnosis, costs: COSTS });
    return new Hover(render(content, diagnosis, theme()), rangeOf(document, mention));
  }
}

const COMMANDS = ['explainRule', 'showReport', 'runAgain', 'diagnose'].map((name) => `activationDiagnostics.${name}`);

/** Names in it may come from a model file or from the code: all of it is escaped. */
function render(content: HoverContent, diagnosis: BoundDiagnosis | null, kind: Theme): MarkdownString {
  const markdown = new MarkdownString('', true);
  markdown.supportHtml = false;
  markdown.isTrusted = { enabledCommands: COMMANDS };
  if (content.measured !== null && diagnosis !== null) appendMeasured(markdown, content.measured, diagnosis);
  markdown.appendMarkdown(`**${escaped(content.title)}**\n\n`);
  for (const line of content.lines) markdown.appendMarkdown(`${escaped(line)}\n\n`);
  const { curve } = content;
  const image = curve === null ? null : curveImage(curve.activation, kind, curve.alpha);
  // Parentheses would end the Markdown link.
  if (image !== null)
    markdown.appendMarkdown(
      `![${escaped(l10n.t('The function and its derivative'))}](${image.replace(/[()]/g, (it) => (it === '(' ? '%28' : '%29'))})\n\n`,
    );
  const rows = content.table.map(({ label, value }) => `${escaped(label)}: ${escaped(value)}`);
  if (rows.length > 0) markdown.appendMarkdown(`${rows.join('  \n')}\n\n`);
  const rules = content.rules.map((rule) => link(l10n.t('Explain {0}', rule), 'explainRule', rule));
  if (rules.length > 0) markdown.appendMarkdown(rules.join(' · '));
  return markdown;
}

function appendMeasured(
  markdown: MarkdownString,
  { layer, lines }: NonNullable<HoverContent['measured']>,
  { report, model, stale }: BoundDiagnosis,
): void {
  const where = layer === null ? shownPath(model) : `${shownPath(model)}, ${layer}`;
  markdown.appendMarkdown(`$(pulse) **${escaped(l10n.t('Last probe of {0}', where))}**\n\n`);
  // One paragraph: a hover is low, and what the activation is should be seen without scrolling.
  if (lines.length > 0) markdown.appendMarkdown(`${lines.map(escaped).join('  \n')}\n\n`);
  if (stale)
    markdown.appendMarkdown(
      `$(history) ${escaped(l10n.t('The code, the model or its settings have changed since this probe.'))}\n\n`,
    );
  const finding = report.findings.find((each) => each.layer === layer || each.alsoIn.includes(layer ?? ''));
  const shown = finding === undefined ? [] : [{ layer: finding.layer, rule: finding.rule }];
  const links = [link(l10n.t('Open the report'), 'showReport', ...shown), link(l10n.t('Diagnose again'), 'runAgain')];
  markdown.appendMarkdown(`${links.join(' · ')}\n\n---\n\n`);
}

function link(title: string, command: string, ...parameters: readonly unknown[]): string {
  const query = parameters.length === 0 ? '' : `?${encodeURIComponent(JSON.stringify(parameters))}`;
  return `[${escaped(title)}](command:activationDiagnostics.${command}${query.replace(/[()]/g, (it) => (it === '(' ? '%28' : '%29'))})`;
}

/** Plain text as Markdown; `$(…)` must not become an icon. */
function escaped(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]()#+\-!~<>|&$]/g, '\\$&');
}

function theme(): Theme {
  switch (window.activeColorTheme.kind) {
    case ColorThemeKind.Light:
      return 'light';
    case ColorThemeKind.HighContrast:
      return 'high-contrast-dark';
    case ColorThemeKind.HighContrastLight:
      return 'high-contrast-light';
    default:
      return 'dark';
  }
}
