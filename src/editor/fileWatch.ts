import { Disposable, RelativePattern, Uri, workspace } from 'vscode';

type Change = 'changed' | 'deleted';

/** Calls `onChange` whenever one of the files changes, appears or goes, also with a folder that it lies in. */
export function watchFiles(files: readonly Uri[], onChange: (file: Uri, change: Change) => void): Disposable {
  const watched = new Map(files.map((file) => [file.toString(), file]));
  const report = (uri: Uri, change: Change): void => {
    const file = watched.get(uri.toString());
    if (file !== undefined) onChange(file, change);
  };
  const reportFolder = (folder: Uri): void => {
    for (const [key, file] of watched) if (key.startsWith(`${folder.toString()}/`)) onChange(file, 'deleted');
  };

  const folders = distinct(files.map(parent));
  const enclosing = distinct(folders.flatMap(workspaceFoldersAbove));
  return Disposable.from(
    ...folders.flatMap((folder) => {
      const watcher = workspace.createFileSystemWatcher(new RelativePattern(folder, '*'));
      return [
        watcher,
        watcher.onDidChange((uri) => report(uri, 'changed')),
        watcher.onDidCreate((uri) => report(uri, 'changed')),
        watcher.onDidDelete((uri) => report(uri, 'deleted')),
      ];
    }),
    // A folder that goes is one event of its own, without any for what was in it.
    ...enclosing.flatMap((folder) => {
      const name = folder.path.slice(folder.path.lastIndexOf('/') + 1);
      const watcher = workspace.createFileSystemWatcher(new RelativePattern(parent(folder), name), true, true, false);
      return [watcher, watcher.onDidDelete(reportFolder)];
    }),
  );
}

const parent = (uri: Uri): Uri => Uri.joinPath(uri, '..');

/** `folder` and the folders above it, below the root of the workspace; none outside a workspace. */
function workspaceFoldersAbove(folder: Uri): readonly Uri[] {
  const root = workspace.getWorkspaceFolder(folder)?.uri;
  if (root === undefined || root.path === folder.path) return [];
  return [folder, ...workspaceFoldersAbove(parent(folder))];
}

function distinct(uris: readonly Uri[]): readonly Uri[] {
  return [...new Map(uris.map((uri) => [uri.toString(), uri])).values()];
}
