import type { Library } from '../catalogue/libraries';
import type { FitUse, LayerUse } from '../facts';
import type { Call, Range } from '../syntax';
import type { Arguments, LossApplication, LossDraft, ModelDraft, Node, OptimizerDraft, Value } from './values';

/** What the libraries' semantics may ask of the interpreter while it runs a call. */
export interface Context {
  /** How many undecided branches and loops surround the code that runs now. */
  readonly uncertainty: number;
  readonly recorder: Recorder;
  /** Calls a value that the file defines, or applies a layer or model. */
  invoke(callee: Value, args: readonly Value[], range: Range): Value;
  /** A new network of this file; the same source range gives the same draft. */
  draft(range: Range, library: Library, form: ModelDraft['form']): ModelDraft;
}

/** One call as the interpreter meets it. */
export interface CallSite {
  readonly call: Call;
  readonly callee: Range;
  readonly args: Arguments;
  readonly context: Context;
}

/** What one library's functions and objects do. Undefined means that the semantics know nothing of it. */
export interface Semantics {
  /** Calls the library's symbol with this canonical path. */
  call(path: string, site: CallSite): Value | undefined;
  /** Calls a method of something that the library made. */
  method(receiver: Value, name: string, site: CallSite): Value | undefined;
  /** Reads an attribute of something that the library made. */
  attribute(receiver: Value, name: string, context: Context, range: Range): Value | undefined;
}

/** What the run of the interpreter found. */
export class Recorder {
  readonly drafts = new Map<string, ModelDraft>();
  readonly layers: LayerUse[] = [];
  readonly optimizers: OptimizerDraft[] = [];
  readonly losses: LossDraft[] = [];
  readonly applications: LossApplication[] = [];
  readonly fits: (Omit<FitUse, 'model'> & { readonly draft: ModelDraft | null })[] = [];

  /** Notes that `loss` is given `value`: a tensor, or what a model returns. */
  apply(loss: LossDraft, value: Value | null): void {
    const draft = value?.type === 'model' ? value.draft : null;
    const node: Node | null = value?.type === 'tensor' ? value.node : null;
    this.applications.push({ loss, draft, node });
  }

  /** After a run that was cut short: parts of the networks may be missing, so that nothing can be said of their ends. */
  distrust(): void {
    for (const draft of this.drafts.values()) draft.complete = false;
    this.applications.length = 0;
    this.fits.length = 0;
  }
}
