import {
  CodeAction,
  CodeActionKind,
  languages,
  WorkspaceEdit,
  type CodeActionContext,
  type CodeActionProvider,
  type Disposable,
  type Range,
  type TextDocument,
} from 'vscode';
import { fixAll, type Fix } from '../../code/fixes/edits';
import { replacementsAt } from '../../code/fixes/replacements';
import { LANGUAGES } from '../../code/languages';
import { SOURCE } from '../problems';
import { rangeOf, type CodeDocuments, type CodeProblem } from './codeDocuments';

/** Quick fixes of the findings in training code, and other activations for the one at the cursor. */
export class CodeActions implements CodeActionProvider {
  constructor(private readonly documents: CodeDocuments) {}

  register(): Disposable {
    const providedCodeActionKinds = [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite];
    return languages.registerCodeActionsProvider([...LANGUAGES], this, { providedCodeActionKinds });
  }

  async provideCodeActions(
    document: TextDocument,
    range: Range,
    { only, diagnostics }: CodeActionContext,
  ): Promise<CodeAction[]> {
    const open = await this.documents.atRest(document);
    if (open === null) return [];
    const wants = (kind: CodeActionKind): boolean => only === undefined || only.contains(kind);
    const here = open.problems.filter((problem) => rangeOf(document, problem.range).intersection(range) !== undefined);
    const quickFixes = wants(CodeActionKind.QuickFix)
      ? here.flatMap((problem) => {
          const shown = diagnostics.filter(({ source, message }) => source === SOURCE && message === problem.message);
          return this.#fixes(document, problem, open.problems).map((action) =>
            Object.assign(action, { diagnostics: shown }),
          );
        })
      : [];
    const replacements = wants(CodeActionKind.RefactorRewrite)
      ? replacementsAt(open.code, document.offsetAt(range.start)).map((fix) =>
          actionOf(document, fix, CodeActionKind.RefactorRewrite),
        )
      : [];
    return [...quickFixes, ...replacements];
  }

  #fixes(document: TextDocument, { fixes }: CodeProblem, problems: readonly CodeProblem[]): CodeAction[] {
    const inFile = problems.flatMap((problem) => problem.fixes);
    return fixes.flatMap((fix, index) => {
      const action = actionOf(document, fix, CodeActionKind.QuickFix);
      action.isPreferred = index === 0;
      const all = fixAll(inFile, fix.id);
      return all === null ? [action] : [action, actionOf(document, all, CodeActionKind.QuickFix)];
    });
  }
}

function actionOf(document: TextDocument, { title, edits }: Fix, kind: CodeActionKind): CodeAction {
  const action = new CodeAction(title, kind);
  action.edit = new WorkspaceEdit();
  for (const edit of edits) action.edit.replace(document.uri, rangeOf(document, edit), edit.text);
  return action;
}
