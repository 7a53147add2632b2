import { libraryOf, type Library } from '../catalogue/libraries';
import { kerasSemantics } from '../keras';
import { pytorchSemantics } from '../pytorch';
import type { Names } from '../resolve';
import { tfjsSemantics } from '../tfjs';
import {
  bodiesOf,
  expressionsOf,
  forEachPart,
  type Argument,
  type Call,
  type ClassDefinition,
  type Expression,
  type FunctionDefinition,
  type Module,
  type Parameter,
  type Range,
  type Statement,
} from '../syntax';
import { arithmetic, compare } from './arithmetic';
import { Recorder, type CallSite, type Context, type Semantics } from './context';
import { inputNode, modelNodes, layerNode, operationNode } from './graph';
import { Scope } from './scope';
import {
  Arguments,
  NONE,
  same,
  symbol,
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

/** Loops over more rounds than this are run once, as loops of unknown length. */
const MAXIMUM_ROUNDS = 128;
/** Nesting of calls of functions in the file. */
const MAXIMUM_CALLS = 12;
/** Values of at most this many statements and expressions are worked out per file; the rest stays unknown. */
const BUDGET = 400_000;

const SEMANTICS: Readonly<Record<Library, Semantics>> = {
  keras: kerasSemantics,
  tensorflow: kerasSemantics,
  torch: pytorchSemantics,
  tfjs: tfjsSemantics,
};

/** How a run of statements ended: null where it came to its end. */
type Completion = { readonly returned: true } | null;

/**
 * Runs a file in the abstract: numbers, names, lists, layers and tensors are followed through assignments, loops,
 * functions and classes; everything else is unknown and stays so. Functions that nothing calls are run on their own
 * with unknown arguments and their default values.
 */
export class Interpreter implements Context {
  readonly recorder = new Recorder();
  uncertainty = 0;
  private steps = 0;
  private depth = 0;
  /** Function bodies that have been run. */
  private readonly entered = new Set<readonly Statement[]>();
  private readonly active = new Set<readonly Statement[]>();
  private readonly functions: FunctionValue[] = [];
  private readonly classes: ClassValue[] = [];
  private returned: Value[] | null = null;
  private readonly root: Scope;

  constructor(
    private readonly module: Module,
    private readonly names: Names,
  ) {
    this.root = new Scope(null, 'function', module.language === 'javascript');
  }

  run(): Recorder {
    this.statements(this.module.body, this.root);
    for (let i = 0, j = 0; (i < this.functions.length || j < this.classes.length) && !this.exhausted; ) {
      if (j < this.classes.length) this.standaloneClass(this.classes[j++]);
      else this.standaloneFunction(this.functions[i++]);
    }
    for (const one of this.classes) this.finishNetwork(one);
    return this.recorder;
  }

  private get exhausted(): boolean {
    return this.steps > BUDGET;
  }

  private standaloneClass(one: ClassValue): void {
    const instance = this.instantiate(one, null);
    if (one.network !== null) this.finishNetwork(one, instance);
    for (const method of one.methods.values())
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

  private store(target: Expression, value: Value, scope: Scope, declares: boolean): void {
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
        for (const entry of target.entries) {
          const known = value.type === 'object' ? value.entries.get(entry.key)?.value : undefined;
          const imported = value.type === 'symbol' ? symbol(`${value.path}.${entry.key}`) : UNKNOWN;
          this.store(entry.value, known ?? imported, scope, declares);
        }
        return;
      default:
        return;
    }
  }

  private nameDraft(value: Value, name: string): void {
    if (value.type === 'model') value.draft.name ??= name;
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

  private functionValue(parameters: readonly Parameter[], body: readonly Statement[], scope: Scope): FunctionValue {
    return { type: 'function', parameters, body, scope, self: null };
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
  private instantiate(of: ClassValue, args: Arguments | null): InstanceValue {
    const instance: InstanceValue = { type: 'instance', of, attributes: new Map(of.scope.values) };
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
  private enter(callee: FunctionValue, args: Arguments | null): Value {
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
      scope.define(parameter.name, given ?? (open ? null : standard) ?? UNKNOWN);
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

  private tensor(operation: Node['operation'], inputs: readonly Node[], range: Range): Value {
    return { type: 'tensor', node: operationNode(operation, inputs, range) };
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

  // ---- expressions ------------------------------------------------------------------------------------------------

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

  private combine(operator: string, left: Value, right: Value, range: Range): Value {
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

function positional(values: readonly Value[], range: Range): Arguments {
  const expression: Expression = { type: 'unknown', parts: [], from: range.from, to: range.to };
  return new Arguments(
    values.map((value) => ({ keyword: null, expression, range, value })),
    new Map(),
    true,
  );
}

const tensorsOf = (values: readonly Value[]): Node[] =>
  values.flatMap((value) =>
    value.type === 'tensor' ? [value.node] : value.type === 'list' ? tensorsOf(value.items) : [],
  );

/** The tensors that a network returns; empty if one of them is not known. */
function resultsOf(value: Value): readonly Node[] {
  if (value.type === 'tensor') return [value.node];
  if (value.type === 'list' && value.complete && value.items.every((item) => item.type === 'tensor'))
    return value.items.map((item) => item.node);
  return [];
}

const indices = (length: number): number[] => Array.from({ length: Math.max(0, Math.floor(length)) }, (_, i) => i);

/** The numbers of a counting loop; null where it is longer than what is unrolled. */
function count(from: number, to: number, step: number): readonly Value[] | null {
  const length = Math.ceil((to - from) / step);
  if (!Number.isFinite(length) || length > MAXIMUM_ROUNDS) return null;
  return indices(length).map((i) => ({ type: 'number', value: from + i * step }));
}

function builtin(name: string, args: Arguments): Value | null {
  const values = args.positional.map((arg) => arg.value);
  if (name === 'range') {
    const numbers = values.map((value) => (value.type === 'number' ? value.value : NaN));
    const [from = 0, to = NaN, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
    const items = count(from, to, step);
    return items === null ? UNKNOWN : { type: 'list', items: [...items], complete: true, uncertainty: 0 };
  }
  const [first] = values;
  if (first?.type !== 'list') return name === 'len' ? UNKNOWN : null;
  if (name === 'len') return first.complete ? { type: 'number', value: first.items.length } : UNKNOWN;
  if (name === 'list' || name === 'tuple') return { ...first, items: [...first.items] };
  if (name === 'reversed') return { ...first, items: [...first.items].reverse() };
  if (name !== 'enumerate') return null;
  const items = first.items.map((item, i): Value => {
    return { type: 'list', items: [{ type: 'number', value: i }, item], complete: true, uncertainty: 0 };
  });
  return { ...first, items };
}

function networkBase(path: string): Library | null {
  if (/^torch\.nn\.(Module|Sequential)$|lightning.*\.LightningModule$/.test(path)) return 'torch';
  return path === 'keras.models.Model' || path === 'keras.layers.Layer' ? 'keras' : null;
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

/** Whether running the statements again may add layers: only such loops are worth unrolling. */
function buildsLayers(body: readonly Statement[]): boolean {
  const inExpression = (expression: Expression): boolean => {
    let found = expression.type === 'call' && mayBuild(expression.callee);
    forEachPart(expression, (part) => (found ||= inExpression(part)));
    return found;
  };
  return body.some(
    (statement) => expressionsOf(statement).some(inExpression) || bodiesOf(statement).some(buildsLayers),
  );
}

/** `model.add(…)`, `layers.append(…)`, `Dense(…)(x)`, `layer(x)`, `layer.apply(x)`. */
function mayBuild(callee: Expression): boolean {
  if (callee.type === 'member') return /^(add|append|push|extend|apply|add_module)$/.test(callee.name);
  return callee.type === 'call' || callee.type === 'name' || callee.type === 'subscript';
}
