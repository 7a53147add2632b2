/** What the benchmark's processes do for one network. The main process sends the id, they send the result. */

import type { RuleId } from '../../../src/report/report';
import type { CheckedLabels } from './evidence';
import type { CausedFinding, Verdict } from './scores';

export interface BuildJob {
  readonly kind: 'build';
  readonly id: string;
}

export interface DiagnoseJob {
  readonly kind: 'diagnose';
  readonly id: string;
  readonly seeds: readonly number[];
}

export type Job = BuildJob | DiagnoseJob;

export interface BuildResult {
  readonly labels: CheckedLabels;
  /** By the peer's name. */
  readonly peers: Readonly<Record<string, Verdict>>;
}

/** One entry per seed. */
export interface DiagnoseResult {
  readonly diagnoses: readonly Diagnosis[];
}

export interface Diagnosis {
  readonly seed: number;
  /** Warnings and errors. */
  readonly findings: readonly CausedFinding[];
  /** Hash of the report's JSON without its timings. */
  readonly reportHash: string;
  readonly milliseconds: number;
  /** What the diagnosis failed with; its findings are none then. */
  readonly problem: string | null;
}

export type JobResult =
  | { readonly job: BuildJob; readonly result: BuildResult }
  | { readonly job: DiagnoseJob; readonly result: DiagnoseResult };

export const rulesOf = (findings: readonly CausedFinding[]): readonly RuleId[] => findings.map(({ rule }) => rule);
