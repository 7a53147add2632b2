import {
  CodeAction,
  CodeActionKind,
  l10n,
  languages,
  type CodeActionContext,
  type CodeActionProvider,
  type Diagnostic,
  type Disposable,
  type Range,
  type TextDocument,
} from 'vscode';
import { LANGUAGES } from '../code/languages';
import type { Diagnoses } from './diagnoses';
import { SOURCE } from './problems';

/** What can be done with a finding where it stands in Problems: see it in the report, read about it, turn its rule off. */
export class FindingActions implements CodeActionProvider {
  constructor(private readonly diagnoses: Diagnoses) {}

  register(): Disposable {
    const kinds = { providedCodeActionKinds: [CodeActionKind.QuickFix] };
    return languages.registerCodeActionsProvider(['json', ...LANGUAGES], this, kinds);
  }

  provideCodeActions(_document: TextDocument, _range: Range, context: CodeActionContext): CodeAction[] {
    return context.diagnostics
      .filter(({ source }) => source === SOURCE)
      .flatMap((diagnostic) => this.#actions(diagnostic));
  }

  #actions(diagnostic: Diagnostic): CodeAction[] {
    const { state } = this.diagnoses;
    const rule = ruleOf(diagnostic);
    const finding =
      state.kind === 'report'
        ? state.report.findings.find((each) => each.rule === rule && diagnostic.message.endsWith(each.message))
        : undefined;
    const action = (title: string, command: string, argument: unknown): CodeAction => {
      const created = new CodeAction(title, CodeActionKind.QuickFix);
      created.command = { title, command: `activationDiagnostics.${command}`, arguments: [argument] };
      created.diagnostics = [diagnostic];
      return created;
    };
    return [
      ...(finding === undefined
        ? []
        : [action(l10n.t('Show in the report'), 'showReport', { layer: finding.layer, rule: finding.rule })]),
      action(l10n.t('Explain {0}', rule), 'explainRule', rule),
      action(l10n.t('Turn off {0} in this workspace', rule), 'turnRuleOff', rule),
    ];
  }
}

function ruleOf({ code }: Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}
