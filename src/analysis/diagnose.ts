import type { Progress } from '../report/protocol';
import type { Report } from '../report/report';
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

export interface DiagnoseRequest {
  readonly model: { readonly folder: Folder; readonly file: string };
  readonly data: readonly DataSource[];
  readonly labels: Source | null;
  /** Number of samples; null lets the probe grow until its count of silent units settles. */
  readonly samples: number | null;
  readonly seed: number;
}

export interface DiagnoseEnvironment {
  /** Folder of the .wasm files, ending in a slash. */
  readonly wasmFolder: string;
  onProgress(progress: Progress): void;
}

/** Loads, probes, measures, judges and suggests. Rejects with a `DiagnosisError` for everything a person can act on. */
export declare function diagnose(request: DiagnoseRequest, environment: DiagnoseEnvironment): Promise<Report>;
