import { Disposable, RelativePattern, Uri, workspace } from 'vscode';

/** Calls `onChange` whenever one of the files changes, appears or goes. */
export function watchFiles(
  files: readonly Uri[],
  onChange: (file: Uri, kind: 'changed' | 'deleted') => void,
): Disposable {
  const watched = new Set(files.map((file) => file.toString()));
  const folders = new Map(files.map((file) => Uri.joinPath(file, '..')).map((folder) => [folder.toString(), folder]));
  const report = (file: Uri, kind: 'changed' | 'deleted'): void => {
    if (watched.has(file.toString())) onChange(file, kind);
  };
  return Disposable.from(
    ...[...folders.values()].flatMap((folder) => {
      const watcher = workspace.createFileSystemWatcher(new RelativePattern(folder, '*'));
      return [
        watcher,
        watcher.onDidChange((file) => report(file, 'changed')),
        watcher.onDidCreate((file) => report(file, 'changed')),
        watcher.onDidDelete((file) => report(file, 'deleted')),
      ];
    }),
  );
}
