import type { NetworkInput } from '../model/network';

/** The numbers of a file in their own type; 64-bit integers as doubles, half precision as single. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** One array of a data file, the first axis being the samples. */
export interface ArrayReader {
  readonly rows: number;
  /** Shape of one row. */
  readonly shape: readonly number[];
  /** As the format calls it, for messages. */
  readonly dtype: string;
  /** Whether the numbers are the pixels of image files, 0 to 255. */
  readonly pixels: boolean;
  /** What was assumed in reading the file so far, one sentence each. */
  readonly notes: readonly string[];
  /** Rows `start` to `start + count - 1`, row-major; all of them exist. They hold until the next call. Rejects with `invalid-data`. */
  read(start: number, count: number): Promise<Numbers>;
}

/** What an array is wanted for. Formats whose rows have no shape of their own (columns, images) fit them to it. */
export interface Target {
  readonly role: 'input' | 'labels';
  /** Shape of one sample. */
  readonly shape: readonly number[];
  readonly kind: NetworkInput['kind'];
  /** The name of the array that holds the labels and is not to be fed to the network. */
  readonly reserved: string | null;
}

/** An opened data file. */
export interface DataFile {
  /** The file's own name, for the report. */
  readonly name: string;
  /** With its folder, for messages. */
  readonly place: string;
  /** The names of its arrays; the name of the file, without extension, where the format names none. */
  readonly arrays: readonly string[];
  /** The name of the array that holds labels by the conventions of the format; null without such a convention. */
  readonly labels: string | null;
  /** The array of that name; for null all that the file holds, as one array, or an error if it cannot be one. */
  open(array: string | null, target: Target): Promise<ArrayReader>;
}
