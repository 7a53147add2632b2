import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { FileType, Uri, workspace } from 'vscode';
import { DiagnosisError } from '../report/errors';
import type { DiagnoseArguments } from '../report/protocol';
import { relativeSegments } from '../report/relativePath';
import { SECTION } from './settings';

/** A file or folder of probe data, chosen by the user. */
export interface DataFile {
  /** Name of the model input that it feeds, of labels the array; null where nothing needs to be told apart. */
  readonly input: string | null;
  readonly uri: Uri;
  /** A folder of images. */
  readonly isFolder: boolean;
}

/** What the settings say of one model. */
export interface ModelSettings extends Pick<DiagnoseArguments, 'scale' | 'loss' | 'columns'> {
  readonly data: readonly DataFile[];
  readonly labels: DataFile | null;
}

const NONE: ModelSettings = { data: [], labels: null, scale: null, loss: null, columns: null };

/** A setting that is an object by its place, for messages. */
type Entry = Readonly<Record<string, unknown>>;

/**
 * The entry of `activationDiagnostics.models` for this model; empty where there is none. Paths are relative to the
 * workspace folder that holds the model and stay inside it, through symbolic links too. Rejects with `usage` for an
 * entry of another form, with `path-outside-model` for a path that leaves the folder.
 */
export async function modelSettings(model: Uri): Promise<ModelSettings> {
  const folder = workspace.getWorkspaceFolder(model)?.uri;
  const found = entryOf(model);
  if (folder === undefined || found === null) return NONE;
  const [name, entry] = found;
  if (!isEntry(entry)) throw wrong(name, entry, 'an object with data, labels, columns, scale and loss');

  const { data = null, labels = null, scale = null, loss = null, columns = null } = entry;
  const files: DataFile[] = [];
  if (typeof data === 'string') files.push(await dataFile(folder, null, data));
  else if (isTexts(data)) {
    for (const [input, file] of Object.entries(data)) files.push(await dataFile(folder, input, file));
  } else if (data !== null) throw wrong(`${name}.data`, data, 'a path, or an object of paths by input');
  const labelled =
    typeof labels === 'string' ? [[null, labels] as const] : isTexts(labels) ? Object.entries(labels) : [];
  if (labels !== null && labelled.length !== 1) {
    throw wrong(`${name}.labels`, labels, 'a path, or an object of one path by array or column');
  }
  if (labels !== null && files.length === 0) throw wrong(`${name}.data`, data, 'a path: labels belong to samples');
  if (scale !== null && typeof scale !== 'string' && typeof scale !== 'number') {
    throw wrong(`${name}.scale`, scale, 'a factor such as 1/255, or 0..1, -1..1, 0..255 or imagenet');
  }
  if (loss !== null && typeof loss !== 'string' && !isTexts(loss)) {
    throw wrong(`${name}.loss`, loss, 'the name of a loss, or an object of names by output');
  }
  const named = columns === null || (Array.isArray(columns) && columns.every((column) => typeof column === 'string'));
  if (!named) throw wrong(`${name}.columns`, columns, 'a list of names of columns');
  return {
    data: files,
    labels: labelled.length === 0 ? null : await dataFile(folder, labelled[0][0], labelled[0][1]),
    scale: scale === null ? null : String(scale),
    loss,
    columns,
  };
}

/**
 * What a diagnosis of this model takes from its entry, as a text to compare: equal texts give equal reports.
 * @param ownData whether the user chose the data, and with them the labels, for this diagnosis
 */
export function modelSettingsText(model: Uri, ownData: boolean): string {
  const [, entry] = entryOf(model) ?? [null, {}];
  if (!isEntry(entry)) return JSON.stringify(entry);
  const { data, labels, columns, scale, loss } = entry;
  return JSON.stringify(ownData ? [scale, loss] : [scale, loss, data, labels, columns]);
}

/** The entry of a model with its key, unchecked. */
function entryOf(model: Uri): readonly [string, unknown] | null {
  const folder = workspace.getWorkspaceFolder(model)?.uri;
  if (folder === undefined) return null;
  const all: unknown = workspace.getConfiguration(SECTION, model).get('models', {});
  const named = ([key]: readonly [string, unknown]): boolean =>
    relativeSegments(key) !== null && inside(folder, key).path === model.path;
  return Object.entries(isEntry(all) ? all : {}).find(named) ?? null;
}

async function dataFile(folder: Uri, input: string | null, relative: string): Promise<DataFile> {
  const segments = relativeSegments(relative);
  if (segments === null) throw outside(relative);
  const uri = inside(folder, relative);
  // Where nothing tells, it is taken for a file, whose absence the diagnosis then reports.
  const type = await workspace.fs.stat(uri).then(
    (stat) => stat.type,
    () => FileType.File,
  );
  if (uri.scheme === 'file') {
    const [root, target] = await Promise.all([folder, uri].map(({ fsPath }) => realpath(fsPath).catch(() => null)));
    const way = root === null || target === null ? '' : path.relative(root, target);
    if (way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way)) throw outside(relative);
  }
  return { input, uri, isFolder: (type & FileType.Directory) !== 0 };
}

const inside = (folder: Uri, relative: string): Uri => Uri.joinPath(folder, ...(relativeSegments(relative) ?? []));

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isEntry(value) && Object.values(value).every((text) => typeof text === 'string');

function wrong(place: string, value: unknown, expected: string): DiagnosisError {
  const holds = (JSON.stringify(value) ?? 'nothing').slice(0, 60);
  const remedy = 'Mend it in settings.json.';
  return new DiagnosisError('usage', `The setting holds ${holds} in place of ${expected}.`, placeOf(place), remedy);
}

function outside(relative: string): DiagnosisError {
  return new DiagnosisError(
    'path-outside-model',
    `"${relative}" lies outside the workspace folder and is not read.`,
    `${SECTION}.models`,
    'Name a file inside it, relative to it, with forward slashes.',
  );
}

const placeOf = (key: string): string => `${SECTION}.models, ${key}`;
