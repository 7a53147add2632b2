import { Diagnostic, DiagnosticSeverity, Disposable, languages, type TextDocument } from 'vscode';
import type { Severity } from '../../report/report';
import { SOURCE } from '../problems';
import type { RuleDocumentation } from '../ruleDocumentation';
import { rangeOf, type CodeDocuments, type CodeProblem } from './codeDocuments';

const SEVERITY: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

/** Shows in Problems what the code alone shows to be wrong, when it has come to rest. */
export class CodeProblems implements Disposable {
  readonly #collection = languages.createDiagnosticCollection('activation-diagnostics-code');
  readonly #subscriptions: Disposable;

  constructor(
    private readonly documents: CodeDocuments,
    private readonly documentation: RuleDocumentation,
  ) {
    this.#subscriptions = Disposable.from(
      documents.onDidRest((document) => void this.#show(document)),
      documents.onDidClose(({ uri }) => this.#collection.delete(uri)),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#collection.dispose();
  }

  async #show(document: TextDocument): Promise<void> {
    const { version } = document;
    const problems = this.documents.get(document)?.problems ?? [];
    const diagnostics = await Promise.all(problems.map((problem) => this.#diagnostic(document, problem)));
    if (document.version === version && !document.isClosed) this.#collection.set(document.uri, diagnostics);
  }

  async #diagnostic(document: TextDocument, { rule, severity, message, range }: CodeProblem): Promise<Diagnostic> {
    const target = this.documentation.location(rule);
    const diagnostic = new Diagnostic(rangeOf(document, range), message, SEVERITY[severity]);
    diagnostic.source = SOURCE;
    diagnostic.code = { value: rule, target: await target };
    return diagnostic;
  }
}
