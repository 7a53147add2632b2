import type { Folder } from './model/folder';

/** A file, or a whole folder when `file` is null, that the diagnosis may read. */
export interface Source {
  readonly folder: Folder;
  readonly file: string | null;
}

export interface DataSource extends Source {
  /** Name of the model input that the data feed; null where the model has only one, or the file names its arrays. */
  readonly input: string | null;
}

export interface LabelSource extends Source {
  /** Name of the array or column that holds the labels; null or absent where the file's conventions tell. */
  readonly array?: string | null;
}
