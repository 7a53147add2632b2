import type { FolderEntry } from '../../report/protocol';

/**
 * Read access to one folder and to nothing outside it. Paths are relative, with `/`; an implementation refuses every
 * path that leaves the folder (also through a symbolic link) with the code `path-outside-model`, and reports a missing
 * file as `file-not-found`. Implemented over node:fs (nodeFolder.ts) and over messages to the extension host (worker.ts).
 */
export interface Folder {
  /** As the user knows it, for messages. */
  readonly path: string;
  /**
   * The whole file, or `length` bytes from `offset`; fewer at the end of the file.
   *
   * @param room where what is read may be put, if it fits; else it is new memory.
   */
  read(path: string, offset?: number, length?: number, room?: Uint8Array): Promise<Uint8Array>;
  /** What is directly inside the folder, or inside the folder `path` within it, in the order of the names. */
  list(path?: string): Promise<readonly FolderEntry[]>;
}
