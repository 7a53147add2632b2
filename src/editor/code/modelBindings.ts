import type { Disposable } from 'vscode';
import { EventEmitter, l10n, Uri, window, type Memento, type QuickPickItem, type TextDocument } from 'vscode';
import { bestBinding, bind, type Binding } from '../../code/binding';
import type { CodeModel, ModelDefinition } from '../../code/facts';
import type { Report } from '../../report/report';
import { shownPath, type Diagnoses } from '../diagnoses';
import { findModels } from '../modelFiles';
import type { CodeDocuments } from './codeDocuments';

/** A network in a file, by its URI and the name of the variable or class. */
export interface DefinitionName {
  readonly file: string;
  readonly name: string | null;
}

/** The last diagnosis, of the model that a network in the code trains. */
export interface BoundDiagnosis {
  readonly report: Report;
  readonly model: Uri;
  readonly binding: Binding;
  /** Whether the network in the code, how it is trained, or the saved model has changed since. */
  readonly stale: boolean;
}

/** What the user said a definition trains: the URI of a model; null for none of them. */
type Choices = Readonly<Record<string, string | null>>;

/** By file: the definition that a report was bound to first, and how its network was then. */
type FirstBindings = Readonly<
  Record<string, { readonly startedAt: string; readonly name: string | null; readonly was: string }>
>;

const MEMORY = 'modelOfDefinition';
/** Kept with the workspace, as the report is: what changed before the window was reloaded has changed. */
const FIRST = 'firstBindings';

/** Knows which saved model a network in the code trains: the one that the user chose, else the one with the same layers. */
export class ModelBindings implements Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #subscription: Disposable;
  #last: { readonly report: Report; readonly model: Uri; readonly stale: boolean } | null = null;
  #cache = new WeakMap<CodeModel, { readonly diagnosis: BoundDiagnosis | null }>();

  constructor(
    private readonly diagnoses: Diagnoses,
    private readonly memory: Memento,
  ) {
    this.#subscription = diagnoses.onDidChange(({ kind }) => {
      if (kind !== 'running') this.#take();
    });
    this.#take();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  /** Null when the last diagnosis, if any, was not of a model that this code trains. */
  diagnosisOf({ uri }: TextDocument, model: CodeModel): BoundDiagnosis | null {
    let known = this.#cache.get(model);
    if (known === undefined) {
      known = { diagnosis: this.#bind(uri, model) };
      this.#cache.set(model, known);
    }
    return known.diagnosis;
  }

  /** The saved model that a definition trains; null if that is not known. */
  modelOf(document: TextDocument, definition: ModelDefinition, model: CodeModel): Uri | null {
    const chosen = this.#choice(document.uri, definition);
    if (chosen !== undefined) return chosen === null ? null : Uri.parse(chosen);
    const diagnosis = this.diagnosisOf(document, model);
    return diagnosis?.binding.definition === definition ? diagnosis.model : null;
  }

  /** Asks which model a definition trains, the one at the cursor if none is given, and remembers it in the workspace. */
  async choose(wanted: DefinitionName | null, documents: CodeDocuments): Promise<void> {
    const chosen = wanted ?? definitionAtCursor(documents);
    if (chosen === null) {
      void window.showInformationMessage(l10n.t('No network is defined in this file.'));
      return;
    }
    const models = await findModels();
    const items: (QuickPickItem & { model: string | null | undefined })[] = [
      ...models.map((model) => ({ label: shownPath(model), model: model.toString() })),
      { label: l10n.t('$(sparkle) The one with the same layers'), model: undefined, alwaysShow: true },
      { label: l10n.t('$(circle-slash) None of these'), model: null, alwaysShow: true },
    ];
    const placeHolder = l10n.t('Which model does {0} train?', chosen.name ?? l10n.t('this code'));
    const picked = await window.showQuickPick(items, { placeHolder });
    if (picked === undefined) return;
    const others = Object.fromEntries(Object.entries(this.#choices()).filter(([key]) => key !== keyOf(chosen)));
    await this.memory.update(
      MEMORY,
      picked.model === undefined ? others : { ...others, [keyOf(chosen)]: picked.model },
    );
    const first = Object.entries(this.#first()).filter(([file]) => file !== chosen.file);
    await this.memory.update(FIRST, Object.fromEntries(first));
    this.#forgetBindings();
  }

  #take(): void {
    const { state, subject } = this.diagnoses;
    this.#last =
      state.kind === 'report' && subject !== null
        ? { report: state.report, model: subject.model, stale: state.stale }
        : null;
    this.#forgetBindings();
  }

  #forgetBindings(): void {
    this.#cache = new WeakMap();
    this.#changed.fire();
  }

  #bind(uri: Uri, code: CodeModel): BoundDiagnosis | null {
    if (this.#last === null) return null;
    const { report, model, stale } = this.#last;
    const { startedAt } = report.run;
    const first = this.#first();
    const file = uri.toString();
    const before = Object.hasOwn(first, file) ? first[file] : undefined;
    const known = before?.startedAt === startedAt ? before : undefined;
    const binding = this.#binding(uri, code.definitions, known?.name);
    if (binding === null) return null;
    const is = fingerprint(binding.definition, code);
    if (known === undefined) {
      const ofThisReport = Object.entries(first).filter(([, each]) => each.startedAt === startedAt);
      const bound = { startedAt, name: binding.definition.name, was: is };
      void this.memory.update(FIRST, { ...Object.fromEntries(ofThisReport), [file]: bound });
    }
    return { report, model, binding, stale: stale || (known !== undefined && known.was !== is) };
  }

  /** @param known name of the definition that the report was bound to before the code was edited */
  #binding(uri: Uri, definitions: readonly ModelDefinition[], known: string | null | undefined): Binding | null {
    const { report, model } = this.#last!;
    const chosen = definitions.find((definition) => this.#choice(uri, definition) === model.toString());
    const free = definitions.filter((definition) => this.#choice(uri, definition) === undefined);
    const same = known === undefined ? undefined : free.find(({ name }) => name === known);
    const given = chosen ?? same;
    return given === undefined ? bestBinding(free, report) : bind(given, report);
  }

  #choice(uri: Uri, { name }: ModelDefinition): string | null | undefined {
    const choices = this.#choices();
    const key = keyOf({ file: uri.toString(), name });
    return Object.hasOwn(choices, key) ? choices[key] : undefined;
  }

  #first(): FirstBindings {
    return this.memory.get<FirstBindings>(FIRST, {});
  }

  #choices(): Choices {
    return this.memory.get<Choices>(MEMORY, {});
  }
}

const keyOf = ({ file, name }: DefinitionName): string => `${file}#${name ?? ''}`;

/** What a diagnosis depends on: the layers and how they are trained, but not how the code is laid out. */
function fingerprint({ steps }: ModelDefinition, { optimizers, losses }: CodeModel): string {
  return JSON.stringify([
    steps.map(({ operation, layer, activation, inputs }) => [
      operation,
      activation?.name,
      layer && [layer.kind, layer.units, layer.activation?.name, layer.kernelInitializer?.name],
      inputs,
    ]),
    optimizers.map(({ name, learningRate }) => [name, learningRate?.value]),
    losses.map(({ name }) => name),
  ]);
}

function definitionAtCursor(documents: CodeDocuments): DefinitionName | null {
  const editor = window.activeTextEditor;
  const code = editor === undefined ? undefined : documents.get(editor.document)?.code;
  if (editor === undefined || code === undefined) return null;
  const offset = editor.document.offsetAt(editor.selection.active);
  const definitions = code.model.definitions.filter(({ nested }) => !nested);
  const found = definitions.findLast(({ range }) => range.from <= offset) ?? definitions[0];
  return found === undefined ? null : { file: editor.document.uri.toString(), name: found.name };
}
