import { Disposable, EventEmitter, Range, workspace, type LogOutputChannel, type TextDocument } from 'vscode';
import { advise } from '../../code/advice/advise';
import type { CodeFinding } from '../../code/advice/finding';
import { isLanguage, namesLibrary } from '../../code/languages';
import { CodeDocument } from '../../code/parser';
import type { Range as Offsets } from '../../code/syntax';
import type { Severity } from '../../report/report';
import { levelOf } from '../ruleLevels';
import { SECTION, codeSettings, type CodeSettings } from '../settings';

/**
 * Milliseconds after the opening or the last change of a file after which it is judged: that takes time in proportion to
 * the file, in which no hover is answered.
 */
const IDLE = 300;

/** A finding with the severity that the user's settings give it. */
export interface CodeProblem extends Omit<CodeFinding, 'severity'> {
  readonly severity: Severity;
}

/** A file of training code that is open. */
export class OpenCode {
  #problems: readonly CodeProblem[] | null = null;

  constructor(
    readonly code: CodeDocument,
    readonly settings: CodeSettings,
    /** Of the document that `code` holds. */
    readonly version: number,
  ) {}

  /** What the code shows to be wrong, without the rules that are off. */
  get problems(): readonly CodeProblem[] {
    return (this.#problems ??= advise(this.code).flatMap((finding) => {
      const severity = levelOf(finding, this.settings.rules);
      return severity === 'off' ? [] : [{ ...finding, severity }];
    }));
  }
}

/** Keeps every open file of training code parsed, and tells when one has come to rest. Notebooks are not looked at. */
export class CodeDocuments implements Disposable {
  readonly #open = new Map<TextDocument, OpenCode>();
  readonly #timers = new Map<TextDocument, NodeJS.Timeout>();
  readonly #waiting = new Map<TextDocument, (() => void)[]>();
  readonly #rested = new EventEmitter<TextDocument>();
  readonly #closed = new EventEmitter<TextDocument>();
  #subscriptions: Disposable = Disposable.from();

  /** Fires when a file was opened, or changed and then left alone, and after its settings changed. */
  readonly onDidRest = this.#rested.event;
  readonly onDidClose = this.#closed.event;

  constructor(private readonly log: LogOutputChannel) {}

  /** Begins with the files that are open already. */
  start(): void {
    this.#subscriptions = Disposable.from(
      workspace.onDidOpenTextDocument((document) => this.#restSoon(document)),
      workspace.onDidCloseTextDocument((document) => this.#close(document)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const open = this.#open.get(document);
        if (open !== undefined && contentChanges.length > 0) {
          open.code.update(
            contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
              from: rangeOffset,
              to: rangeOffset + rangeLength,
              insert: text,
            })),
          );
          this.#open.set(document, new OpenCode(open.code, open.settings, document.version));
        }
        this.#restSoon(document);
      }),
      workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration(`${SECTION}.code`) && !change.affectsConfiguration(`${SECTION}.rules`)) return;
        this.#open.clear();
        workspace.textDocuments.forEach((document) => this.#restSoon(document));
      }),
    );
    workspace.textDocuments.forEach((document) => this.#restSoon(document));
  }

  /** Null for what is not training code, or where the user wants to see nothing. */
  get(document: TextDocument): OpenCode | null {
    const open = this.#open.get(document);
    // A version that was missed, as by a change while the settings were cleared, is read anew.
    if (open !== undefined && open.version === document.version) return open.settings.enabled ? open : null;
    if (!isCandidate(document) || !namesLibrary(document.getText())) return null;
    const settings = codeSettings(document);
    if (!settings.enabled || !isLanguage(document.languageId)) return null;
    const read = new OpenCode(new CodeDocument(document.languageId, document.getText()), settings, document.version);
    this.#open.set(document, read);
    return read;
  }

  /** As `get`, once the file has come to rest: for what needs to know the whole file. */
  async atRest(document: TextDocument): Promise<OpenCode | null> {
    while (this.#timers.has(document)) {
      await new Promise<void>((resolve) => {
        const waiting = this.#waiting.get(document) ?? [];
        this.#waiting.set(document, [...waiting, resolve]);
      });
    }
    return document.isClosed ? null : this.get(document);
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers.clear();
    for (const document of [...this.#waiting.keys()]) this.#endWaiting(document);
    this.#rested.dispose();
    this.#closed.dispose();
  }

  #restSoon(document: TextDocument): void {
    if (!isCandidate(document)) return;
    clearTimeout(this.#timers.get(document));
    // In two turns of the event loop, so that a hover has to wait for one of them at most.
    const rest = (): void => {
      this.#try(() => this.get(document)?.code.model);
      this.#timers.set(document, setTimeout(judge, 0));
    };
    const judge = (): void => {
      this.#timers.delete(document);
      this.#try(() => this.#rested.fire(document));
      this.#endWaiting(document);
    };
    this.#timers.set(document, setTimeout(rest, IDLE));
  }

  /** Code in any state may be open: what cannot be understood is passed over. */
  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
    }
  }

  #endWaiting(document: TextDocument): void {
    const waiting = this.#waiting.get(document) ?? [];
    this.#waiting.delete(document);
    for (const resolve of waiting) resolve();
  }

  #close(document: TextDocument): void {
    clearTimeout(this.#timers.get(document));
    this.#timers.delete(document);
    this.#open.delete(document);
    this.#endWaiting(document);
    this.#closed.fire(document);
  }
}

/** Files that can be edited: not the cells of notebooks, nor what version control or the output show. */
function isCandidate({ languageId, uri, isClosed }: TextDocument): boolean {
  if (isClosed || !isLanguage(languageId)) return false;
  return uri.scheme === 'untitled' || workspace.fs.isWritableFileSystem(uri.scheme) === true;
}

/** Offsets as the editor wants them. */
export function rangeOf(document: TextDocument, { from, to }: Offsets): Range {
  return new Range(document.positionAt(from), document.positionAt(to));
}
