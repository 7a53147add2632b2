import { DiagnosisError } from '../../../src/report/errors';
import type { Folder } from '../../../src/analysis/model/folder';

/** A folder that lives in memory; the keys are paths with `/`. `reads` lists what was read, as `path@offset+length`. */
export function memoryFolder(files: Readonly<Record<string, Uint8Array | string>>, path = 'data') {
  const contents = new Map(
    Object.entries(files).map(([name, content]) => [
      name,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  );
  const reads: { path: string; offset: number; length: number }[] = [];
  const folder: Folder = {
    path,
    read(file: string, offset = 0, length = Infinity) {
      const content = contents.get(file);
      if (content === undefined)
        return Promise.reject(new DiagnosisError('file-not-found', 'There is no such file.', file));
      const part = content.slice(offset, offset + length);
      reads.push({ path: file, offset, length: part.length });
      return Promise.resolve(part);
    },
    list(inside = '') {
      const prefix = inside === '' ? '' : `${inside}/`;
      const entries = new Map<string, { name: string; kind: 'file' | 'folder'; size: number }>();
      for (const [name, content] of contents) {
        if (!name.startsWith(prefix)) continue;
        const [first, ...rest] = name.slice(prefix.length).split('/');
        const kind = rest.length === 0 ? 'file' : 'folder';
        entries.set(first, { name: first, kind, size: kind === 'file' ? content.length : 0 });
      }
      return Promise.resolve([...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
    },
  };
  return { ...folder, reads };
}
