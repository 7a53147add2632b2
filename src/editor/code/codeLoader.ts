import { commands, Disposable, workspace, type TextDocument } from 'vscode';
import { isLanguage, namesLibrary } from '../../code/languages';
import type { CodeParts, TrainingCode } from './trainingCode';

/** Milliseconds without typing after which a file that named no library is looked at again. */
const IDLE = 300;

/** Loads what understands training code, with its parsers, when the first file that may hold some is open. */
export class CodeLoader implements Disposable {
  readonly #subscriptions: Disposable;
  readonly #command: Disposable;
  #watch: Disposable | null;
  #timer: NodeJS.Timeout;
  #loading: Promise<TrainingCode> | null = null;
  #loaded: TrainingCode | null = null;
  #disposed = false;

  constructor(private readonly parts: CodeParts) {
    // Activation reads no file.
    this.#timer = setTimeout(() => workspace.textDocuments.forEach((document) => this.#look(document)), 0);
    this.#watch = Disposable.from(
      workspace.onDidOpenTextDocument((document) => this.#look(document)),
      workspace.onDidChangeTextDocument(({ document }) => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#look(document), IDLE);
      }),
    );
    this.#command = commands.registerCommand(
      'activationDiagnostics.chooseModel',
      async (file?: unknown, name?: unknown) =>
        (await this.#load()).chooseModel(
          typeof file === 'string' ? { file, name: typeof name === 'string' ? name : null } : null,
        ),
    );
    this.#subscriptions = Disposable.from(this.#command, { dispose: () => this.#stopWatching() });
  }

  dispose(): void {
    this.#disposed = true;
    this.#subscriptions.dispose();
    this.#loaded?.dispose();
  }

  #look(document: TextDocument): void {
    if (this.#loading !== null || !isLanguage(document.languageId) || !namesLibrary(document.getText())) return;
    this.#load().catch((error: unknown) => this.parts.log.error(String(error)));
  }

  #load(): Promise<TrainingCode> {
    return (this.#loading ??= this.#start());
  }

  async #start(): Promise<TrainingCode> {
    this.#stopWatching();
    const { TrainingCode } = await import('./trainingCode');
    const loaded = new TrainingCode(this.parts);
    if (this.#disposed) loaded.dispose();
    return (this.#loaded = loaded);
  }

  #stopWatching(): void {
    clearTimeout(this.#timer);
    this.#watch?.dispose();
    this.#watch = null;
  }
}
