import path from 'node:path';
import { l10n, Uri, window, type Memento, type QuickPickItem } from 'vscode';
import { shownPath, type Subject } from './diagnoses';
import type { DataFile } from './modelSettings';

type Choice = Pick<Subject, 'data' | 'labels'>;

/** A choice as it is kept in the workspace's state. */
interface StoredChoice {
  readonly data: readonly StoredFile[];
  readonly labels: StoredFile | null;
}
interface StoredFile {
  readonly input: string | null;
  readonly uri: string;
  readonly isFolder: boolean;
}

const EXTENSIONS = ['npy', 'npz', 'csv', 'json'];

/** Asks which data a model shall be probed with, and remembers the answer for each model. */
export class DataChoice {
  constructor(private readonly memory: Memento) {}

  /** Undefined when the user dismisses a question. */
  async ask(model: Uri): Promise<Choice | undefined> {
    const remembered = this.#remembered(model);
    const ways: (QuickPickItem & { choose(): Promise<Choice | undefined> })[] = [
      ...(remembered === null
        ? []
        : [
            {
              label: l10n.t('$(history) The same as last time'),
              description: [...remembered.data, ...(remembered.labels === null ? [] : [remembered.labels])]
                .map(({ uri }) => shownPath(uri))
                .join(', '),
              choose: () => Promise.resolve(remembered),
            },
          ]),
      {
        label: l10n.t('$(file) Data files…'),
        description: l10n.t('.npy, .npz, .csv or .json; for several inputs one file each, named like the input'),
        choose: () => this.#askFiles(),
      },
      {
        label: l10n.t('$(file-media) Folder of images…'),
        description: l10n.t('PNG and JPEG'),
        choose: () => this.#askFolder(),
      },
    ];
    const way = await window.showQuickPick(ways, { placeHolder: l10n.t('Probe {0} with', shownPath(model)) });
    const choice = await way?.choose();
    if (choice !== undefined) await this.#remember(model, choice);
    return choice;
  }

  async #askFiles(): Promise<Choice | undefined> {
    const files = await window.showOpenDialog({
      title: l10n.t('Data to Probe the Model With'),
      canSelectMany: true,
      filters: { [l10n.t('Data')]: EXTENSIONS },
    });
    if (files === undefined) return undefined;
    const several = files.length > 1;
    const data = files.map((uri): DataFile => {
      const input = several ? path.posix.parse(uri.path).name : null;
      return { input, uri, isFolder: false };
    });
    return await this.#askLabels(data);
  }

  async #askFolder(): Promise<Choice | undefined> {
    const folders = await window.showOpenDialog({
      title: l10n.t('Images to Probe the Model With'),
      canSelectFiles: false,
      canSelectFolders: true,
    });
    if (folders === undefined) return undefined;
    return await this.#askLabels(folders.map((uri) => ({ input: null, uri, isFolder: true })));
  }

  async #askLabels(data: readonly DataFile[]): Promise<Choice | undefined> {
    const without: QuickPickItem = { label: l10n.t('$(circle-slash) No labels') };
    const file: QuickPickItem = {
      label: l10n.t('$(file) Labels file…'),
      description: l10n.t("measures the gradient of the model's own loss"),
    };
    const picked = await window.showQuickPick([without, file], { placeHolder: l10n.t('Labels of these data') });
    if (picked === undefined) return undefined;
    if (picked === without) return { data, labels: null };
    const [labels] = (await window.showOpenDialog({
      title: l10n.t('Labels'),
      filters: { [l10n.t('Data')]: EXTENSIONS },
    })) ?? [undefined];
    return labels === undefined ? undefined : { data, labels: { input: null, uri: labels, isFolder: false } };
  }

  #remembered(model: Uri): Choice | null {
    const stored = this.memory.get<StoredChoice>(key(model));
    if (stored === undefined) return null;
    const revive = ({ input, uri, isFolder }: StoredFile): DataFile => ({ input, uri: Uri.parse(uri), isFolder });
    return { data: stored.data.map(revive), labels: stored.labels === null ? null : revive(stored.labels) };
  }

  async #remember(model: Uri, { data, labels }: Choice): Promise<void> {
    const store = ({ input, uri, isFolder }: DataFile): StoredFile => ({ input, uri: uri.toString(), isFolder });
    const stored: StoredChoice = { data: data.map(store), labels: labels === null ? null : store(labels) };
    await this.memory.update(key(model), stored);
  }
}

const key = (model: Uri): string => `data:${model.toString()}`;
