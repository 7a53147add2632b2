import type { Library } from '../catalogue/libraries';
import type { ActivationUse, ArgumentUse, InitializerUse, LayerUse, Step } from '../facts';
import type { ClassDefinition, Expression, ObjectEntry, Parameter, Range, Statement } from '../syntax';
import type { Scope } from './scope';

/** What an expression of training code stands for, as far as the file shows it. */
export type Value =
  | { readonly type: 'unknown' }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'none' }
  | ListValue
  | ObjectValue
  | { readonly type: 'symbol'; readonly path: string }
  | FunctionValue
  | ClassValue
  | InstanceValue
  | { readonly type: 'layer'; readonly use: MutableLayer }
  | { readonly type: 'model'; readonly draft: ModelDraft }
  | { readonly type: 'tensor'; readonly node: Node }
  | { readonly type: 'initializer'; readonly use: InitializerUse }
  | { readonly type: 'optimizer'; readonly use: OptimizerDraft }
  | { readonly type: 'loss'; readonly use: LossDraft }
  | { readonly type: 'parameters'; readonly owner: Value }
  | { readonly type: 'weight'; readonly layer: MutableLayer; readonly name: string }
  | { readonly type: 'images'; readonly source: Range }
  | { readonly type: 'method'; readonly receiver: Value; readonly name: string };

export interface ListValue {
  readonly type: 'list';
  readonly items: Value[];
  /** Whether `items` is all there is. */
  complete: boolean;
  /** Depth of uncertainty at which the list was made. */
  readonly uncertainty: number;
}

export interface ObjectValue {
  readonly type: 'object';
  readonly entries: Map<string, { readonly value: Value; readonly entry: ObjectEntry }>;
  readonly complete: boolean;
}

export interface FunctionValue {
  readonly type: 'function';
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly scope: Scope;
  readonly self: InstanceValue | null;
}

export interface ClassValue {
  readonly type: 'class';
  readonly definition: ClassDefinition;
  readonly scope: Scope;
  readonly methods: ReadonlyMap<string, FunctionValue>;
  /** The library of the network class it derives from; null for any other class. */
  readonly network: Library | null;
  /** The network that it builds; null for any other class. */
  readonly draft: ModelDraft | null;
}

export interface InstanceValue {
  readonly type: 'instance';
  readonly of: ClassValue;
  readonly attributes: Map<string, Value>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** Initialisers and names are also set after the layer is made. */
export type MutableLayer = Mutable<LayerUse>;

/** A tensor in the graph that the code builds. */
export interface Node {
  readonly operation: Step['operation'];
  readonly layer: LayerUse | null;
  readonly activation: ActivationUse | null;
  readonly inputs: readonly Node[];
  readonly range: Range;
  readonly certain: boolean;
}

export interface ModelDraft {
  readonly library: Library;
  readonly form: 'sequential' | 'functional' | 'subclass';
  name: string | null;
  readonly range: Range;
  /** For `sequential`: what was added, in order. */
  readonly items: { readonly value: Value; readonly range: Range; readonly certain: boolean }[];
  /** False when something unseen may have been added. */
  complete: boolean;
  readonly uncertainty: number;
  /** Results of the network; null until they are known. */
  outputs: readonly Node[] | null;
  nested: boolean;
}

export interface OptimizerDraft {
  readonly name: string | null;
  readonly library: Library;
  readonly range: Range;
  readonly learningRate: { readonly value: number; readonly range: Range } | null;
  readonly clips: boolean;
  draft: ModelDraft | null;
}

export interface LossDraft {
  readonly name: string | null;
  readonly library: Library;
  readonly range: Range;
  readonly form: 'string' | 'call' | 'function';
  readonly takes: 'probabilities' | 'logits' | 'log-probabilities' | 'values' | null;
  readonly fromLogits: ArgumentUse | null;
}

/** A loss that was given something: the output of a model, or a tensor of the training loop. */
export interface LossApplication {
  readonly loss: LossDraft;
  readonly draft: ModelDraft | null;
  readonly node: Node | null;
}

export const UNKNOWN: Value = { type: 'unknown' };
export const NONE: Value = { type: 'none' };
export const symbol = (path: string): Value => ({ type: 'symbol', path });

/** Whether two values are the same thing, so that a choice between them does not matter. */
export function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.type === 'number' && b.type === 'number') return a.value === b.value;
  if (a.type === 'string' && b.type === 'string') return a.value === b.value;
  if (a.type === 'boolean' && b.type === 'boolean') return a.value === b.value;
  if (a.type === 'symbol' && b.type === 'symbol') return a.path === b.path;
  if (a.type === 'layer' && b.type === 'layer') return a.use === b.use;
  if (a.type === 'model' && b.type === 'model') return a.draft === b.draft;
  return a.type === 'none' && b.type === 'none';
}

/** True, false, or null when it cannot be known. */
export function truth(value: Value): boolean | null {
  switch (value.type) {
    case 'boolean':
      return value.value;
    case 'none':
      return false;
    case 'number':
      return value.value !== 0;
    case 'string':
      return value.value !== '';
    case 'layer':
    case 'model':
    case 'instance':
    case 'function':
      return true;
    default:
      return null;
  }
}

/** Arguments of a call with their values, by keyword or position. */
export class Arguments {
  constructor(
    readonly positional: readonly EvaluatedArgument[],
    readonly named: ReadonlyMap<string, EvaluatedArgument>,
    /** Whether nothing was spread in. */
    readonly complete: boolean,
  ) {}

  /** The argument with one of these keywords, or at this position. */
  get(names: string | readonly string[], position: number | null = null): EvaluatedArgument | null {
    for (const name of typeof names === 'string' ? [names] : names) {
      const found = this.named.get(name);
      if (found !== undefined) return found;
    }
    return position === null ? null : (this.positional[position] ?? null);
  }
}

export interface EvaluatedArgument {
  readonly keyword: string | null;
  readonly expression: Expression;
  readonly range: Range;
  readonly value: Value;
}

/** Positional arguments of these values. */
export function positional(values: readonly Value[], range: Range): Arguments {
  const expression: Expression = { type: 'unknown', parts: [], from: range.from, to: range.to };
  return new Arguments(
    values.map((value) => ({ keyword: null, expression, range, value })),
    new Map(),
    true,
  );
}

/** The tensors among values and in lists of them. */
export const tensorsOf = (values: readonly Value[]): Node[] =>
  values.flatMap((value) =>
    value.type === 'tensor' ? [value.node] : value.type === 'list' ? tensorsOf(value.items) : [],
  );
