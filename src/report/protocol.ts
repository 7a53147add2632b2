/** Typed messages: extension host <-> analysis worker, extension host <-> report panel. One union per direction. */

import type { DiagnosisProblem } from './errors';
import type { Report, RuleId, Stage } from './report';

// ---- extension host -> worker -------------------------------------------------------------------------------------

/** What a probe that grows by itself may cost at most; null leaves it to the analysis. */
export interface ProbeBudget {
  readonly samples: number | null;
  /** Of measuring; looked at between batches. With it the same request may give another report on a slower machine. */
  readonly seconds: number | null;
}

/** A file or folder that the worker may read, by asking the host: `root` names it, paths are relative to it. */
export interface SharedFolder {
  readonly root: number;
  /** As the user knows it, for messages. */
  readonly path: string;
}

export interface DataArgument {
  /** Name of the model input that the file feeds; null where the model has only one, or the file names its arrays. */
  readonly input: string | null;
  readonly folder: SharedFolder;
  /** Name within `folder`; null when the folder itself is the data (images). */
  readonly file: string | null;
}

export interface DiagnoseArguments {
  readonly model: { readonly folder: SharedFolder; readonly file: string };
  readonly data: readonly DataArgument[];
  /** Its `input` is the name of the array or column that holds the labels; null where the file's conventions tell. */
  readonly labels: DataArgument | null;
  /** Number of samples; null lets the probe grow until its count of silent units settles. */
  readonly samples: number | null;
  readonly budget: ProbeBudget;
  readonly seed: number;
  /** What to do to the values of the data, in the words of `--scale`; null leaves arrays as they are and images at 0..1. */
  readonly scale: string | null;
  /** In place of the loss saved with the model, for every output or by output; null keeps that. */
  readonly loss: string | Readonly<Record<string, string>> | null;
  /** Columns of CSV data that feed the model, by name or number from 1; null leaves the choice to the file. */
  readonly columns: readonly string[] | null;
  /** MB that the passes through the network may take; null or absent leaves it to the machine. */
  readonly memory?: number | null;
  /** Threads at most, 1 to 4; null or absent leaves it to the machine. */
  readonly workers?: number | null;
}

export type ToWorker =
  | { readonly kind: 'diagnose'; readonly arguments: DiagnoseArguments }
  | { readonly kind: 'file'; readonly request: number; readonly result: FileResult };

export type FileRequest =
  | {
      readonly kind: 'read';
      readonly root: number;
      readonly path: string;
      readonly offset: number;
      readonly length: number | null;
    }
  | { readonly kind: 'list'; readonly root: number; readonly path: string };

export type FileResult =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'entries'; readonly entries: readonly FolderEntry[] }
  | { readonly kind: 'problem'; readonly problem: DiagnosisProblem };

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Bytes; 0 for folders. */
  readonly size: number;
}

// ---- worker -> extension host -------------------------------------------------------------------------------------

export interface Progress {
  readonly stage: Stage;
  /** Share of the stage that is done, 0 to 1; null when it is not known. */
  readonly done: number | null;
  /** What is being done, a few words: "512 of 1,024 samples". */
  readonly detail: string | null;
}

export type FromWorker =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'file'; readonly request: number; readonly file: FileRequest }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'problem'; readonly problem: DiagnosisProblem };

// ---- extension host -> report panel -------------------------------------------------------------------------------

export type PanelState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'running'; readonly model: string; readonly progress: Progress; readonly startedAt: number }
  | {
      readonly kind: 'report';
      readonly report: Report;
      /** The model's file has changed since. */
      readonly stale: boolean;
      /** Rules that are turned off in the settings, whose findings the report therefore lacks. */
      readonly ignored?: readonly RuleId[];
    }
  | { readonly kind: 'problem'; readonly model: string | null; readonly problem: DiagnosisProblem };

export type ToPanel =
  | { readonly kind: 'state'; readonly state: PanelState }
  /** Shows one layer or finding, for instance after a click in Problems. */
  | { readonly kind: 'reveal'; readonly layer: string | null; readonly rule: RuleId | null };

// ---- report panel -> extension host -------------------------------------------------------------------------------

export type FromPanel =
  | { readonly kind: 'ready' }
  | { readonly kind: 'diagnose' }
  | { readonly kind: 'diagnoseWithData' }
  | { readonly kind: 'runAgain' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'goToLayer'; readonly layer: string }
  | { readonly kind: 'openFile' }
  | { readonly kind: 'explainRule'; readonly rule: RuleId }
  | { readonly kind: 'ignoreRule'; readonly rule: RuleId }
  | { readonly kind: 'copyCode'; readonly code: string }
  | { readonly kind: 'export' };

/** What the panel keeps across a reload: user-interface state only; the report is asked for again. */
export interface PanelMemory {
  readonly selectedLayer: string | null;
  readonly openFindings: readonly number[];
  readonly sort: { readonly column: string; readonly descending: boolean } | null;
  readonly showAllLayers: boolean;
}
