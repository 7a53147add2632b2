import { FileSystemError, Uri, workspace } from 'vscode';
import { SCHEMA_VERSION, type Report } from '../report/report';
import type { Subject } from './diagnoses';
import type { DataFile } from './modelSettings';

/** A report and what it was made from. */
export interface KeptReport {
  readonly subject: Subject;
  readonly report: Report;
  /** What the settings said of the model. */
  readonly settings: string;
  readonly filesRead: readonly Uri[];
}

/** A report from an earlier session of the window. */
export interface RememberedReport extends KeptReport {
  /** Whether a file that the report was made from is no longer what it was. */
  readonly stale: boolean;
  readonly modelDeleted: boolean;
}

interface StoredFile extends Omit<DataFile, 'uri'> {
  readonly uri: string;
}

interface Stored {
  readonly model: string;
  readonly data: readonly StoredFile[];
  readonly labels: StoredFile | null;
  readonly report: Report;
  readonly settings: string;
  /** URI and state of every file that was read. */
  readonly files: readonly (readonly [string, string])[];
}

/** Keeps the last report of a workspace across reloads of the window, in the extension's own storage. */
export class ReportMemory {
  readonly #file: Uri | null;
  /**
   * Written first, then renamed. `rename` deletes what it replaces before it moves, by way of the window: if that closes
   * between the two, this is the only file left, and it is whole.
   */
  readonly #unfinished: Uri | null;
  /** Ends when everything that was asked before is done: what is kept and what is forgotten must not overtake each other. */
  #queue: Promise<unknown> = Promise.resolve();

  /** @param storage `ExtensionContext.storageUri`; a window without a workspace has none and remembers nothing */
  constructor(storage: Uri | undefined) {
    const file = (name: string): Uri | null => (storage === undefined ? null : Uri.joinPath(storage, name));
    this.#file = file('last-report.json');
    this.#unfinished = file('last-report.json.new');
  }

  async remember({ subject, report, settings, filesRead }: KeptReport): Promise<void> {
    const [target, unfinished] = [this.#file, this.#unfinished];
    if (target === null || unfinished === null) return;
    const store = (file: DataFile): StoredFile => ({ ...file, uri: file.uri.toString() });
    await this.#inTurn(async () => {
      const stored: Stored = {
        model: subject.model.toString(),
        data: subject.data.map(store),
        labels: subject.labels === null ? null : store(subject.labels),
        report,
        settings,
        files: await Promise.all(filesRead.map(async (file) => [file.toString(), await fileState(file)] as const)),
      };
      await workspace.fs.createDirectory(Uri.joinPath(target, '..'));
      await workspace.fs.writeFile(unfinished, new TextEncoder().encode(JSON.stringify(stored)));
      await workspace.fs.rename(unfinished, target, { overwrite: true });
    });
  }

  /** Null when there is nothing, or nothing that this version understands. */
  async recall(): Promise<RememberedReport | null> {
    const stored = (await read(this.#file)) ?? (await read(this.#unfinished));
    if (stored === null || stored.report.schemaVersion !== SCHEMA_VERSION) return null;
    const revive = (file: StoredFile): DataFile => ({ ...file, uri: Uri.parse(file.uri) });
    const files = stored.files.map(([uri, state]) => [Uri.parse(uri), state] as const);
    const states = await Promise.all(files.map(([file]) => fileState(file)));
    const model = Uri.parse(stored.model);
    return {
      subject: {
        model,
        data: stored.data.map(revive),
        labels: stored.labels === null ? null : revive(stored.labels),
      },
      report: stored.report,
      settings: stored.settings,
      filesRead: files.map(([file]) => file),
      stale: files.some(([, state], index) => state !== states[index]),
      modelDeleted: (await fileState(model)) === GONE,
    };
  }

  async forget(): Promise<void> {
    await this.#inTurn(async () => {
      for (const file of [this.#unfinished, this.#file]) if (file !== null) await remove(file);
    });
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(action);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

/** Null when nothing was stored, or the window closed while it was written. */
async function read(file: Uri | null): Promise<Stored | null> {
  if (file === null) return null;
  try {
    return JSON.parse(new TextDecoder().decode(await workspace.fs.readFile(file))) as Stored;
  } catch {
    return null;
  }
}

async function remove(file: Uri): Promise<void> {
  try {
    await workspace.fs.delete(file);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
  }
}

const GONE = 'gone';

/** Changes whenever the file does. */
async function fileState(file: Uri): Promise<string> {
  try {
    const { mtime, size } = await workspace.fs.stat(file);
    return `${mtime} ${size}`;
  } catch {
    return GONE;
  }
}
