import type { Library } from '../catalogue/libraries';
import type { Names } from '../resolve';
import type { ClassDefinition, Expression, FunctionDefinition, Module, Range, Statement } from '../syntax';
import { count, MAXIMUM_ROUNDS } from './builtins';
import type { Recorder } from './context';
import { Evaluator } from './evaluator';
import { inputNode, layerNode, modelNodes } from './graph';
import { buildsLayers } from './loops';
import { Scope } from './scope';
import {
  NONE,
  positional,
  same,
  symbol,
  tensorsOf,
  truth,
  UNKNOWN,
  type Arguments,
  type ClassValue,
  type FunctionValue,
  type InstanceValue,
  type ModelDraft,
  type Node,
  type Value,
} from './values';

/** Nesting of calls of functions in the file. */
const MAXIMUM_CALLS = 12;

/** How a run of statements ended: null where it came to its end. */
type Completion = { readonly returned: true } | null;

/**
 * Runs a file in the abstract: numbers, names, lists, layers and tensors are followed through assignments, loops,
 * functions and classes; everything else is unknown and stays so. Functions that nothing calls are run on their own
 * with unknown arguments and their default values.
 */
export class Interpreter extends Evaluator {
  private depth = 0;
  private readonly active = new Set<readonly Statement[]>();
  private readonly classes: ClassValue[] = [];
  private returned: Value[] | null = null;
  private readonly root: Scope;

  constructor(module: Module, names: Names) {
    super(module, names);
    this.root = new Scope(null, 'function', module.language === 'javascript');
  }

  run(): Recorder {
    this.statements(this.module.body, this.root);
    for (let i = 0, j = 0; (i < this.functions.length || j < this.classes.length) && !this.exhausted; ) {
      if (j < this.classes.length) this.standaloneClass(this.classes[j++]);
      else this.standaloneFunction(this.functions[i++]);
    }
    for (const one of this.classes) this.finishNetwork(one);
    if (this.exhausted) this.recorder.distrust();
    return this.recorder;
  }

  private standaloneClass(one: ClassValue): void {
    const instance = this.instantiate(one, null);
    if (one.network !== null) this.finishNetwork(one, instance);
    const own = [...instance.attributes.values()].filter((value) => value.type === 'function');
    for (const method of [...one.methods.values(), ...own])
      if (!this.entered.has(method.body)) this.enter({ ...method, self: instance }, null);
  }

  private standaloneFunction(one: FunctionValue): void {
    if (!this.entered.has(one.body)) this.enter(one, null);
  }

  // ---- statements -------------------------------------------------------------------------------------------------

  private statements(body: readonly Statement[], scope: Scope): Completion {
    for (const statement of body)
      if (statement.type === 'function' && this.module.language === 'javascript') this.defineFunction(statement, scope);
    for (const statement of body) {
      if (this.exhausted) return null;
      const completion = this.statement(statement, scope);
      if (completion !== null) return completion;
    }
    return null;
  }

  private statement(statement: Statement, scope: Scope): Completion {
    this.steps++;
    switch (statement.type) {
      case 'import':
        return null;
      case 'assign':
        this.runAssignment(statement, scope);
        return null;
      case 'evaluate':
        this.evaluate(statement.value, scope);
        return null;
      case 'block':
        for (const part of statement.parts) this.evaluate(part, scope);
        return this.statements(statement.body, scope);
      case 'return': {
        const value = statement.value === null ? NONE : this.evaluate(statement.value, scope);
        this.returned?.push(value);
        return { returned: true };
      }
      case 'function':
        if (this.module.language === 'python') this.defineFunction(statement, scope);
        return null;
      case 'class':
        this.defineClass(statement, scope);
        return null;
      case 'if':
        return this.runIf(statement, scope);
      case 'loop':
        return this.runLoop(statement, scope);
    }
  }

  private runAssignment(statement: Extract<Statement, { type: 'assign' }>, scope: Scope): void {
    let value = this.evaluate(statement.value, scope);
    if (statement.operator !== '=') {
      const target = statement.targets[0];
      const before = target === undefined ? UNKNOWN : this.evaluate(target, scope);
      value = this.combine(statement.operator.replace(/=$/, ''), before, value, statement);
    }
    for (const target of statement.targets) this.store(target, value, scope, statement.declares);
  }

  protected store(target: Expression, value: Value, scope: Scope, declares: boolean): void {
    switch (target.type) {
      case 'name':
        this.nameDraft(value, target.name);
        if (declares) scope.define(target.name, value);
        else scope.assign(target.name, value);
        return;
      case 'member': {
        const object = this.evaluate(target.object, scope);
        if (object.type !== 'instance') return;
        this.nameDraft(value, target.name);
        if (value.type === 'layer' && value.use.library === 'torch') value.use.name ??= target.name;
        const before = object.attributes.get(target.name);
        const undecided =
          this.uncertainty > 0 && before !== undefined && before.type !== 'none' && !same(before, value);
        object.attributes.set(target.name, undecided ? UNKNOWN : value);
        return;
      }
      case 'list':
        target.items.forEach((item, i) => this.store(item.value, this.element(value, i), scope, declares));
        return;
      case 'object':
        for (const entry of target.entries) this.store(entry.value, this.property(value, entry.key), scope, declares);
        return;
      case 'assignment':
        // `{ units = 32 }`: the default holds where there is nothing.
        this.store(target.target, value.type === 'none' ? this.evaluate(target.value, scope) : value, scope, declares);
        return;
      default:
        return;
    }
  }

  private nameDraft(value: Value, name: string): void {
    if (value.type === 'model') value.draft.name ??= name;
  }

  /** What destructuring takes of an object. */
  private property(value: Value, key: string): Value {
    if (value.type === 'symbol') return symbol(`${value.path}.${key}`);
    if (value.type !== 'object') return UNKNOWN;
    return value.entries.get(key)?.value ?? (value.complete ? NONE : UNKNOWN);
  }

  /** What destructuring takes at position `i`. */
  private element(value: Value, i: number): Value {
    if (value.type === 'list') return value.items[i] ?? UNKNOWN;
    // `output, state = self.lstm(x)`
    if (value.type === 'tensor') return i === 0 ? value : this.tensor('unknown', [value.node], value.node.range);
    return UNKNOWN;
  }

  private runIf(statement: Extract<Statement, { type: 'if' }>, scope: Scope): Completion {
    for (const part of statement.parts) this.evaluate(part, scope);
    const decided = statement.test === null ? null : truth(this.evaluate(statement.test, scope));
    const [first = [], second] = statement.branches;
    if (decided === true) return this.statements(first, scope);
    if (decided === false && statement.branches.length <= 1) return null;
    if (decided === false && statement.branches.length === 2 && statement.exhaustive)
      return this.statements(second, scope);
    const branches: Scope[] = [];
    let returns = 0;
    for (const body of statement.branches) {
      const branch = new Scope(scope, 'branch');
      this.uncertainty++;
      const completion = this.statements(body, branch);
      this.uncertainty--;
      // What a branch that returns has assigned is not seen afterwards.
      if (completion === null) branches.push(branch);
      else returns++;
    }
    scope.merge(branches, statement.exhaustive);
    return statement.exhaustive && returns === statement.branches.length && returns > 0 ? { returned: true } : null;
  }

  private runLoop(statement: Extract<Statement, { type: 'loop' }>, scope: Scope): Completion {
    for (const part of statement.parts) this.evaluate(part, scope);
    const rounds = this.rounds(statement, scope);
    if (rounds !== null && buildsLayers(statement.body)) {
      for (const value of rounds) {
        if (this.exhausted) return null;
        if (statement.target !== null) this.store(statement.target, value, scope, true);
        const completion = this.statements(statement.body, scope);
        if (completion !== null) return completion;
      }
      return null;
    }
    const branch = new Scope(scope, 'branch');
    if (statement.target !== null) this.store(statement.target, UNKNOWN, branch, true);
    this.uncertainty++;
    this.statements(statement.body, branch);
    this.uncertainty--;
    scope.merge([branch], false);
    return null;
  }

  /** The values of the loop variable, round by round; null if they are not known. */
  private rounds(statement: Extract<Statement, { type: 'loop' }>, scope: Scope): readonly Value[] | null {
    if (statement.count !== null) {
      const from = this.evaluate(statement.count.from, scope);
      const to = this.evaluate(statement.count.to, scope);
      if (from.type !== 'number' || to.type !== 'number') return null;
      return count(from.value, to.value + (statement.count.inclusive ? 1 : 0), 1);
    }
    if (statement.over === null) return null;
    const over = this.evaluate(statement.over, scope);
    if (over.type !== 'list' || !over.complete || over.items.length > MAXIMUM_ROUNDS) return null;
    return over.items;
  }

  // ---- definitions ------------------------------------------------------------------------------------------------

  private defineFunction(statement: FunctionDefinition, scope: Scope): void {
    const value: FunctionValue = { ...this.functionValue(statement.parameters, statement.body, scope) };
    // A decorator may replace the function; calls of it are still run, which is what `@tf.function` does.
    if (scope.values.get(statement.name)?.type !== 'function') this.functions.push(value);
    scope.define(statement.name, value);
  }

  private defineClass(statement: ClassDefinition, scope: Scope): void {
    const inner = new Scope(scope);
    const methods = new Map<string, FunctionValue>();
    const bases = statement.bases.map((base) => this.evaluate(base, scope));
    for (const member of statement.body) {
      // Methods see the names around the class, not those in it.
      if (member.type === 'function')
        methods.set(member.name, this.functionValue(member.parameters, member.body, scope));
      else this.statement(member, inner);
    }
    let network: Library | null = null;
    for (const base of bases) {
      if (base.type === 'symbol') network ??= networkBase(base.path);
      if (base.type !== 'class') continue;
      network ??= base.network;
      for (const [name, method] of base.methods) if (!methods.has(name)) methods.set(name, method);
    }
    const draft = network === null ? null : this.draft(statement, network, 'subclass');
    if (draft !== null) {
      draft.name = statement.name;
      draft.nested = bases.some((base) => base.type === 'symbol' && base.path === 'keras.layers.Layer');
    }
    const value: ClassValue = { type: 'class', definition: statement, scope: inner, methods, network, draft };
    this.classes.push(value);
    scope.define(statement.name, value);
  }

  /** `args` are null for a class that nothing in the file instantiates. */
  protected instantiate(of: ClassValue, args: Arguments | null): InstanceValue {
    const instance: InstanceValue = { type: 'instance', of, attributes: new Map(of.scope.values) };
    // Functions in fields of JavaScript's classes: `train = () => this.model`.
    if (this.module.language === 'javascript')
      for (const [name, value] of of.scope.values)
        if (value.type === 'function') instance.attributes.set(name, { ...value, self: instance });
    const constructor = of.methods.get('__init__') ?? of.methods.get('constructor');
    if (constructor !== undefined) this.enter({ ...constructor, self: instance }, args);
    return instance;
  }

  /** Runs `forward` or `call` of a network class once, to learn what it builds. */
  private finishNetwork(one: ClassValue, instance?: InstanceValue): void {
    if (one.network === null || one.draft?.outputs !== null || this.exhausted) return;
    const self = instance ?? this.instantiate(one, null);
    this.applyInstance(self, null, one.definition);
  }

  // ---- calls ------------------------------------------------------------------------------------------------------

  /** Runs the body of a function. `args` are null when nothing is known of them. */
  protected enter(callee: FunctionValue, args: Arguments | null): Value {
    if (this.depth >= MAXIMUM_CALLS || this.active.has(callee.body) || this.exhausted) return UNKNOWN;
    this.entered.add(callee.body);
    this.active.add(callee.body);
    this.depth++;
    const outer = this.returned;
    this.returned = [];
    const scope = new Scope(callee.scope);
    this.bindParameters(callee, args, scope);
    const completion = this.statements(callee.body, scope);
    const results = this.returned;
    this.returned = outer;
    this.depth--;
    this.active.delete(callee.body);
    const first = results[0];
    if (first === undefined) return NONE;
    return completion !== null && results.every((result) => same(result, first)) ? first : UNKNOWN;
  }

  private bindParameters(callee: FunctionValue, args: Arguments | null, scope: Scope): void {
    let position = 0;
    let parameters = callee.parameters;
    if (callee.self !== null) {
      if (this.module.language === 'javascript') scope.define('this', callee.self);
      else {
        const self = parameters[0];
        if (self !== undefined) scope.define(self.name, callee.self);
        parameters = parameters.slice(1);
      }
    }
    for (const parameter of parameters) {
      const given = parameter.rest ? null : (args?.get(parameter.name, position++)?.value ?? null);
      const standard = parameter.value === null || parameter.rest ? null : this.evaluate(parameter.value, callee.scope);
      const open = args !== null && !args.complete;
      const value = given ?? (open ? null : standard) ?? UNKNOWN;
      if (parameter.pattern === null) scope.define(parameter.name, value);
      else this.store(parameter.pattern, value, scope, true);
    }
  }

  invoke(callee: Value, args: readonly Value[], range: Range): Value {
    const tensors = args.filter((arg) => arg.type === 'tensor').map((arg) => arg.node);
    switch (callee.type) {
      case 'function':
        return this.enter(callee, positional(args, range));
      case 'layer':
        return this.applyLayer(callee.use, args, range);
      case 'model':
        if (tensors.length > 0) callee.draft.nested = true;
        return { type: 'tensor', node: modelNodes(callee.draft, tensors, range)[0] };
      case 'instance':
        return this.applyInstance(callee, args, range);
      default:
        return tensors.length > 0 ? this.tensor('unknown', tensors, range) : UNKNOWN;
    }
  }

  private applyLayer(use: Extract<Value, { type: 'layer' }>['use'], args: readonly Value[], range: Range): Value {
    const nodes = args.flatMap((arg) =>
      arg.type === 'list' ? arg.items.map((item) => this.nodeOf(item, range)) : [this.nodeOf(arg, range)],
    );
    return { type: 'tensor', node: layerNode(use, nodes.slice(0, use.role === 'merge' ? undefined : 1), range) };
  }

  private nodeOf(value: Value, range: Range): Node {
    return value.type === 'tensor' ? value.node : inputNode(range);
  }

  private applyInstance(instance: InstanceValue, args: readonly Value[] | null, range: Range): Value {
    const { of } = instance;
    if (of.network === null) {
      const method = of.methods.get('__call__') ?? of.methods.get('call');
      return method === undefined ? UNKNOWN : this.enter({ ...method, self: instance }, positional(args ?? [], range));
    }
    const method = of.methods.get('forward') ?? of.methods.get('call');
    if (method === undefined) return this.tensor('unknown', tensorsOf(args ?? []), range);
    const inner = args !== null && args.some((arg) => arg.type === 'tensor');
    // Applied to data, the network stands alone; applied to a tensor it is a part of another one.
    const inputs = inner ? args : method.parameters.slice(1).map((_, i) => this.inputFor(i, args, range));
    const result = this.enter({ ...method, self: instance }, positional(inputs, range));
    if (inner && of.draft !== null) of.draft.nested = true;
    if (of.draft?.outputs === null && !inner) of.draft.outputs = resultsOf(result);
    return result.type === 'tensor' || result.type === 'list'
      ? result
      : this.tensor('unknown', tensorsOf(inputs), range);
  }

  private inputFor(i: number, args: readonly Value[] | null, range: Range): Value {
    if (i === 0) return { type: 'tensor', node: inputNode(range) };
    return args?.[i] ?? UNKNOWN;
  }

  draft(range: Range, library: Library, form: ModelDraft['form']): ModelDraft {
    const made: ModelDraft = {
      library,
      form,
      name: null,
      range: { from: range.from, to: range.to },
      items: [],
      complete: true,
      uncertainty: this.uncertainty,
      outputs: null,
      nested: false,
    };
    // A function that is called twice builds the same network; its first run is kept.
    const key = `${range.from}:${range.to}`;
    if (!this.recorder.drafts.has(key)) this.recorder.drafts.set(key, made);
    return made;
  }
}

/** The tensors that a network returns; empty if one of them is not known. */
function resultsOf(value: Value): readonly Node[] {
  if (value.type === 'tensor') return [value.node];
  if (value.type === 'list' && value.complete && value.items.every((item) => item.type === 'tensor'))
    return value.items.map((item) => item.node);
  return [];
}

function networkBase(path: string): Library | null {
  if (/^torch\.nn\.(Module|Sequential)$|lightning.*\.LightningModule$/.test(path)) return 'torch';
  return path === 'keras.models.Model' || path === 'keras.layers.Layer' ? 'keras' : null;
}
