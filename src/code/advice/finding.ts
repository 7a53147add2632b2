import type { RuleId } from '../../report/report';
import type { CodeModel } from '../facts';
import type { Source } from '../fixes/source';
import type { Fix } from '../fixes/edits';
import type { Range } from '../syntax';

/** Something that the code alone shows to be wrong, or very likely so. */
export interface CodeFinding {
  readonly rule: RuleId;
  readonly severity: 'warning' | 'information';
  /** What is wrong, why, and what to do, in plain text of one or two sentences. */
  readonly message: string;
  readonly range: Range;
  /** Best first. */
  readonly fixes: readonly Fix[];
}

/** One rule: from facts to findings. `source` is what its fixes edit. */
export type Rule = (model: CodeModel, source: Source) => readonly CodeFinding[];
