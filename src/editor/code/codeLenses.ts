import {
  CodeLens,
  Disposable,
  EventEmitter,
  l10n,
  languages,
  type CodeLensProvider,
  type Command,
  type TextDocument,
} from 'vscode';
import type { ModelDefinition } from '../../code/facts';
import { LANGUAGES } from '../../code/languages';
import { verdict, type Verdict } from '../../report/verdict';
import { shownPath } from '../diagnoses';
import { rangeOf, type CodeDocuments } from './codeDocuments';
import type { BoundDiagnosis, ModelBindings } from './modelBindings';

const ICON: Readonly<Record<Verdict['severity'], string>> = {
  error: '$(error)',
  warning: '$(warning)',
  information: '$(info)',
  healthy: '$(pass)',
};

/** Above each network in the code: the last verdict on its saved model, a way to diagnose it, and which model that is. */
export class CodeLenses implements CodeLensProvider, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscriptions: Disposable;

  constructor(
    private readonly documents: CodeDocuments,
    private readonly bindings: ModelBindings,
  ) {
    this.#subscriptions = Disposable.from(
      this.#changed,
      bindings.onDidChange(() => this.#changed.fire()),
      documents.onDidRest(() => this.#changed.fire()),
      languages.registerCodeLensProvider([...LANGUAGES], this),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const open = await this.documents.atRest(document);
    if (open === null || !open.settings.codeLens) return [];
    const { model } = open.code;
    const diagnosis = this.bindings.diagnosisOf(document, model);
    return model.definitions
      .filter(({ nested }) => !nested)
      .flatMap((definition) => {
        const range = rangeOf(document, { from: definition.range.from, to: definition.range.from });
        const own = diagnosis?.binding.definition === definition ? diagnosis : null;
        const saved = this.bindings.modelOf(document, definition, model);
        const commands = [
          ...(own === null ? [] : [verdictCommand(own)]),
          {
            title: l10n.t('Diagnose saved model'),
            command: 'activationDiagnostics.diagnose',
            arguments: saved === null ? [] : [saved],
          },
          {
            title:
              saved === null
                ? l10n.t('Choose the model that this trains…')
                : l10n.t('This code trains: {0}', shownPath(saved)),
            command: 'activationDiagnostics.chooseModel',
            arguments: chooseArguments(document, definition),
          },
        ];
        return commands.map((command) => new CodeLens(range, command));
      });
  }
}

function verdictCommand({ report, stale }: BoundDiagnosis): Command {
  const { severity, headline } = verdict(report);
  const title = stale ? l10n.t('{0} (before the last change)', headline) : headline;
  return { title: `${ICON[severity]} ${title}`, command: 'activationDiagnostics.showReport' };
}

const chooseArguments = (document: TextDocument, { name }: ModelDefinition): unknown[] => [
  document.uri.toString(),
  name,
];
