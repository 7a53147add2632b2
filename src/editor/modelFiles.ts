import type { Uri } from 'vscode';
import { l10n, window, workspace, type QuickPickItem } from 'vscode';
import { shownPath } from './diagnoses';

/** Model files that need no look inside. */
const KERAS_FILES = '**/*.{h5,hdf5,keras}';
const JSON_FILES = '**/*[mM]odel*.json';
const ELSEWHERE = '**/{node_modules,.git,.venv,venv,dist}/**';
const MOST = 500;
/** A model.json that holds its weights' specification only; anything larger is left to the file dialog. Bytes. */
const LARGEST_JSON = 64 * 2 ** 20;

/** The models in the workspace, sorted by path. */
export async function findModels(): Promise<readonly Uri[]> {
  const [keras, json] = await Promise.all([
    workspace.findFiles(KERAS_FILES, ELSEWHERE, MOST),
    workspace.findFiles(JSON_FILES, ELSEWHERE, MOST),
  ]);
  const isModel = await Promise.all(json.map(isTfjsModel));
  const models = [...keras, ...json.filter((_, index) => isModel[index])];
  return models.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function isTfjsModel(uri: Uri): Promise<boolean> {
  try {
    if ((await workspace.fs.stat(uri)).size > LARGEST_JSON) return false;
    const text = new TextDecoder().decode(await workspace.fs.readFile(uri));
    return text.includes('"modelTopology"');
  } catch {
    // It went away, or may not be read: nothing to offer.
    return false;
  }
}

/** Asks for one of the workspace's models, or for any file; undefined when the user dismisses the question. */
export async function pickModel(): Promise<Uri | undefined> {
  const browse: QuickPickItem = { label: l10n.t('$(folder-opened) Browse…'), alwaysShow: true };
  const items = findModels().then((models) => [...models.map((model) => ({ label: shownPath(model), model })), browse]);
  const picked: (QuickPickItem & { model?: Uri }) | undefined = await window.showQuickPick<
    QuickPickItem & { model?: Uri }
  >(items, { placeHolder: l10n.t('Which model shall be diagnosed?') });
  if (picked === undefined || picked.model !== undefined) return picked?.model;
  const opened = await window.showOpenDialog({
    title: l10n.t('Diagnose Model'),
    openLabel: l10n.t('Diagnose'),
    filters: { [l10n.t('Saved models')]: ['json', 'h5', 'hdf5', 'keras'] },
  });
  return opened?.[0];
}
