import { libraryOf, type Library } from '../catalogue/libraries';
import { kerasSemantics } from '../keras';
import { pytorchSemantics } from '../pytorch';
import type { Names } from '../resolve';
import type { Argument, Call, Expression, Module, Parameter, Range, Statement } from '../syntax';
import { tfjsSemantics } from '../tfjs';
import { arithmetic, compare } from './arithmetic';
import { builtin, indices, MAXIMUM_ROUNDS } from './builtins';
import { Recorder, type CallSite, type Context, type Semantics } from './context';
import { operationNode } from './graph';
import type { Scope } from './scope';
import {
  Arguments,
  NONE,
  same,
  symbol,
  tensorsOf,
  truth,
  UNKNOWN,
  type ClassValue,
  type EvaluatedArgument,
  type FunctionValue,
  type InstanceValue,
  type ModelDraft,
  type Node,
  type Value,
} from './values';

/** Values of at most this many statements and expressions are worked out per file; the rest stays unknown. */
const BUDGET = 400_000;

const SEMANTICS: Readonly<Record<Library, Semantics>> = {
  keras: kerasSemantics,
  tensorflow: kerasSemantics,
  torch: pytorchSemantics,
  tfjs: tfjsSemantics,
};

/** Works out expressions: the half of the interpreter that knows names, members, operators and calls. */
export abstract class Evaluator implements Context {
  readonly recorder = new Recorder();
  uncertainty = 0;
  protected steps = 0;
  /** Function bodies that have been run. */
  protected readonly entered = new Set<readonly Statement[]>();
  protected readonly functions: FunctionValue[] = [];

  constructor(
    protected readonly module: Module,
    protected readonly names: Names,
  ) {}

  abstract invoke(callee: Value, args: readonly Value[], range: Range): Value;
  abstract draft(range: Range, library: Library, form: ModelDraft['form']): ModelDraft;
  /** Runs the body of a function. `args` are null when nothing is known of them. */
  protected abstract enter(callee: FunctionValue, args: Arguments | null): Value;
  /** Makes an instance of a class. `args` are null when nothing is known of them. */
  protected abstract instantiate(of: ClassValue, args: Arguments | null): InstanceValue;
  /** Gives what an assignment has on its left a value. */
  protected abstract store(target: Expression, value: Value, scope: Scope, declares: boolean): void;

  protected get exhausted(): boolean {
    return this.steps > BUDGET;
  }

  protected functionValue(parameters: readonly Parameter[], body: readonly Statement[], scope: Scope): FunctionValue {
    return { type: 'function', parameters, body, scope, self: null };
  }

  protected tensor(operation: Node['operation'], inputs: readonly Node[], range: Range): Value {
    return { type: 'tensor', node: operationNode(operation, inputs, range) };
  }

  evaluate(expression: Expression, scope: Scope): Value {
    if (this.steps++ > BUDGET) return UNKNOWN;
    switch (expression.type) {
      case 'number':
        return { type: 'number', value: expression.value };
      case 'string':
        return { type: 'string', value: expression.value };
      case 'constant':
        return expression.value === null ? NONE : { type: 'boolean', value: expression.value };
      case 'name':
        return this.name(expression.name, scope);
      case 'member':
        return this.member(expression, scope);
      case 'call':
        return this.call(expression, scope);
      case 'list': {
        const items = expression.items.map((item) => ({ ...item, known: this.evaluate(item.value, scope) }));
        const flat = items.flatMap(({ spread, known }) =>
          spread ? (known.type === 'list' && known.complete ? known.items : []) : [known],
        );
        const complete = items.every(({ spread, known }) => !spread || (known.type === 'list' && known.complete));
        return { type: 'list', items: flat, complete, uncertainty: this.uncertainty };
      }
      case 'object': {
        const entries = expression.entries.map(
          (entry) => [entry.key, { value: this.evaluate(entry.value, scope), entry }] as const,
        );
        return { type: 'object', entries: new Map(entries), complete: expression.complete };
      }
      case 'binary': {
        const left = this.evaluate(expression.left, scope);
        if (expression.operator === 'and' || expression.operator === '&&')
          return truth(left) === false ? left : this.otherwise(left, this.evaluate(expression.right, scope), true);
        if (expression.operator === 'or' || expression.operator === '||' || expression.operator === '??')
          return truth(left) === true ? left : this.otherwise(left, this.evaluate(expression.right, scope), false);
        return this.combine(expression.operator, left, this.evaluate(expression.right, scope), expression);
      }
      case 'conditional': {
        const test = truth(this.evaluate(expression.test, scope));
        this.uncertainty++;
        const then = test === false ? UNKNOWN : this.evaluate(expression.then, scope);
        const otherwise = test === true ? UNKNOWN : this.evaluate(expression.otherwise, scope);
        this.uncertainty--;
        return test === true ? then : test === false || same(then, otherwise) ? otherwise : UNKNOWN;
      }
      case 'subscript':
        return this.subscript(expression, scope);
      case 'assignment': {
        const value = this.evaluate(expression.value, scope);
        this.store(expression.target, value, scope, false);
        return value;
      }
      case 'function': {
        const value = this.functionValue(expression.parameters, expression.body, scope);
        this.functions.push(value);
        return value;
      }
      case 'unknown':
        for (const part of expression.parts) this.evaluate(part, scope);
        return UNKNOWN;
    }
  }

  private otherwise(left: Value, right: Value, and: boolean): Value {
    return truth(left) === and ? right : UNKNOWN;
  }

  private name(name: string, scope: Scope): Value {
    if (name === '__name__') return { type: 'string', value: '__main__' };
    const value = scope.get(name);
    if (value !== undefined && value.type !== 'unknown') return value;
    const path = this.names.path(name);
    return path === null ? (value ?? UNKNOWN) : symbol(path);
  }

  private member(expression: Extract<Expression, { type: 'member' }>, scope: Scope): Value {
    const object = this.evaluate(expression.object, scope);
    const { name } = expression;
    switch (object.type) {
      case 'symbol': {
        const path = this.names.qualify(expression) ?? `${object.path}.${name}`;
        return symbol(path);
      }
      case 'instance': {
        const found = object.attributes.get(name);
        if (found !== undefined) return found;
        const method = object.of.methods.get(name);
        return method === undefined ? { type: 'method', receiver: object, name } : { ...method, self: object };
      }
      case 'object':
        return object.entries.get(name)?.value ?? UNKNOWN;
      case 'unknown':
      case 'none':
        return UNKNOWN;
      default: {
        for (const semantics of this.semanticsOf(object)) {
          const found = semantics.attribute(object, name, this, expression);
          if (found !== undefined) return found;
        }
        return { type: 'method', receiver: object, name };
      }
    }
  }

  private subscript(expression: Extract<Expression, { type: 'subscript' }>, scope: Scope): Value {
    const object = this.evaluate(expression.object, scope);
    const index = expression.index === null ? UNKNOWN : this.evaluate(expression.index, scope);
    if (object.type === 'tensor' || object.type === 'images') return object;
    if (object.type === 'list' && index.type === 'number') {
      const at = index.value < 0 ? object.items.length + index.value : index.value;
      return object.complete ? (object.items[at] ?? UNKNOWN) : UNKNOWN;
    }
    if (object.type === 'object' && index.type === 'string') return object.entries.get(index.value)?.value ?? UNKNOWN;
    return UNKNOWN;
  }

  protected combine(operator: string, left: Value, right: Value, range: Range): Value {
    const nodes = tensorsOf([left, right]);
    if (nodes.length > 0) {
      // A residual connection; scaling by anything else is not followed.
      return this.tensor(operator === '+' && nodes.length === 2 ? 'merge' : 'unknown', nodes, range);
    }
    if (operator === '+' && left.type === 'list' && right.type === 'list')
      return { ...left, items: [...left.items, ...right.items], complete: left.complete && right.complete };
    if (operator === '*' && left.type === 'list' && right.type === 'number' && right.value <= MAXIMUM_ROUNDS) {
      const items = indices(right.value).flatMap(() => left.items);
      return { ...left, items };
    }
    return arithmetic(operator, left, right) ?? compare(operator, left, right) ?? UNKNOWN;
  }

  private semanticsOf(value: Value): readonly Semantics[] {
    const library = libraryOfValue(value);
    if (library !== null) return [SEMANTICS[library]];
    return [...this.names.libraries].map((one) => SEMANTICS[one]);
  }

  private call(expression: Call, scope: Scope): Value {
    const callee = this.evaluate(expression.callee, scope);
    const args = this.arguments(expression.arguments, scope);
    const site: CallSite = { call: expression, callee: expression.callee, args, context: this };
    switch (callee.type) {
      case 'symbol':
        return this.callSymbol(callee.path, site);
      case 'class':
        return this.instantiate(callee, args);
      case 'function':
        return this.enter(callee, args);
      case 'method':
        return this.callMethod(callee.receiver, callee.name, site);
      case 'loss': {
        const first = args.get(['input', 'y_pred'], callee.use.library === 'keras' ? 1 : 0);
        this.recorder.apply(callee.use, first?.value ?? null);
        return UNKNOWN;
      }
      case 'layer':
      case 'model':
      case 'instance':
        return this.invoke(
          callee,
          [...args.positional, ...args.named.values()].map((arg) => arg.value),
          expression,
        );
      default:
        return this.callUnknown(expression, args);
    }
  }

  private callSymbol(path: string, site: CallSite): Value {
    const library = libraryOf(path);
    const known = library === null ? undefined : SEMANTICS[library].call(path, site);
    return known ?? this.callUnknown(site.call, site.args);
  }

  private callMethod(receiver: Value, name: string, site: CallSite): Value {
    if (receiver.type === 'list') return this.listMethod(receiver, name, site.args);
    for (const semantics of this.semanticsOf(receiver)) {
      const known = semantics.method(receiver, name, site);
      if (known !== undefined) return known;
    }
    const tensors = tensorsOf([receiver, ...site.args.positional.map((arg) => arg.value)]);
    this.runCallbacks(site.args);
    return tensors.length > 0 ? this.tensor('unknown', tensors, site.call) : UNKNOWN;
  }

  private listMethod(list: Extract<Value, { type: 'list' }>, name: string, args: Arguments): Value {
    const first = args.positional[0]?.value;
    if ((name === 'append' || name === 'push') && first !== undefined) {
      if (this.uncertainty > list.uncertainty) list.complete = false;
      list.items.push(first);
    } else if (name === 'extend' && first?.type === 'list' && first.complete) {
      if (this.uncertainty > list.uncertainty) list.complete = false;
      list.items.push(...first.items);
    } else if (!/^(copy|slice|index|indexOf|length|count|join|includes)$/.test(name)) {
      list.complete = false;
      this.runCallbacks(args);
    }
    return UNKNOWN;
  }

  private callUnknown(expression: Call, args: Arguments): Value {
    const { callee } = expression;
    if (callee.type === 'name' && this.module.language === 'python') {
      const known = builtin(callee.name, args);
      if (known !== null) return known;
    }
    // What is handed to an unknown function may be added to there.
    for (const { value } of [...args.positional, ...args.named.values()])
      if (value.type === 'list') value.complete = false;
    this.runCallbacks(args);
    const tensors = tensorsOf(args.positional.map((arg) => arg.value));
    return tensors.length > 0 ? this.tensor('unknown', tensors, expression) : UNKNOWN;
  }

  /** Runs functions that are handed to something unknown, in case it calls them. */
  private runCallbacks(args: Arguments): void {
    for (const { value } of args.positional) {
      if (value.type !== 'function' || this.entered.has(value.body)) continue;
      this.uncertainty++;
      this.enter(value, null);
      this.uncertainty--;
    }
  }

  private arguments(written: readonly Argument[], scope: Scope): Arguments {
    const positionals: EvaluatedArgument[] = [];
    const named = new Map<string, EvaluatedArgument>();
    let complete = true;
    for (const argument of written) {
      const value = this.evaluate(argument.value, scope);
      const evaluated = { keyword: argument.name, expression: argument.value, range: argument, value };
      if (argument.spread) {
        if (value.type === 'list' && value.complete)
          positionals.push(...value.items.map((item) => ({ ...evaluated, value: item })));
        else if (value.type === 'object' && value.complete) {
          for (const [key, { value: inner, entry }] of value.entries)
            named.set(key, { keyword: key, expression: entry.value, range: entry, value: inner });
        } else complete = false;
      } else if (argument.name === null) positionals.push(evaluated);
      else named.set(argument.name, evaluated);
    }
    return new Arguments(positionals, named, complete);
  }
}

function libraryOfValue(value: Value): Library | null {
  switch (value.type) {
    case 'layer':
    case 'optimizer':
    case 'loss':
      return value.use.library;
    case 'model':
      return value.draft.library;
    case 'instance':
      return value.of.network;
    case 'weight':
      return value.layer.library;
    default:
      return null;
  }
}
