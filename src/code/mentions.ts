import { activationNote } from './catalogue/activations';
import { initializerNote } from './catalogue/initializers';
import { layerNote, torchLayerNote } from './catalogue/layers';
import { libraryOf, type Library } from './catalogue/libraries';
import { lossNote } from './catalogue/losses';
import { optimizerNote } from './catalogue/optimizers';
import type { Mention, MentionKind } from './facts';
import type { Names } from './resolve';
import {
  bodiesOf,
  expressionsOf,
  forEachPart,
  MAXIMUM_DEPTH,
  partsOf,
  type Call,
  type Expression,
  type Module,
  type Name,
  type Parameter,
  type Range,
  type Statement,
} from './syntax';

/** What a keyword, property or parameter of this name holds. */
function kindOfKey(key: string): MentionKind | null {
  if (
    /^(recurrent_?)?(hidden_?)?(output_?|final_?)?act(ivation)?s?(_?(fn|func|function|layer|type|name))?$|nonlinearity$/i.test(
      key,
    )
  )
    return 'activation';
  if (/initiali[sz]er$|^(kernel|bias|weights?)?_?init(ialization)?$/i.test(key)) return 'initializer';
  if (/^optimi[sz]er(_?(name|type))?$|^optim$/i.test(key)) return 'optimizer';
  if (/^loss(es|_?(fn|func|function|type|name))?$|^criterion$/i.test(key)) return 'loss';
  return isRateName(key) ? 'learning-rate' : null;
}

/** `lr`, `base_lr`, `adam_lr`, `lr_d`, `lr_critic`, `initialLearningRate`, `--learning-rate`; not `lr_scheduler`. */
const isRateName = (name: string): boolean => RATE.test(name) || /^[a-z]+(LearningRate|Lr|LR)$/.test(name);
const RATE = new RegExp(
  [
    String.raw`^-{0,2}([a-z0-9]+[_-])*(learning[_-]?rate|lr)`,
    String.raw`([_-]?(\d+|[dg]|gen|disc)`,
    '|[_-](q|pi|actor|critic|generator|discriminator|encoder|decoder|backbone|head',
    '|slow|fast|min|max|init|initial|start|end|base))?$',
  ].join(''),
  'i',
);

/** Names that mean little else, so that a string of them is a mention wherever it stands. */
const DISTINCTIVE =
  /^(relu|relu6|leaky_?relu|prelu|elu|selu|celu|gelu|silu|swish|mish|hard_?swish|sigmoid|hard_?sigmoid|tanh|softmax|log_?softmax|softplus|softsign|truncated_?normal|random_?(normal|uniform)|(he|glorot|lecun|xavier|kaiming)_?(normal|uniform)|sgd|adam|adamw|adamax|nadam|rmsprop|adagrad|adadelta|(sparse_?)?categorical_?crossentropy|binary_?crossentropy|mean_?squared_?error|mean_?absolute_?error|mse|mae)$/i;

/**
 * Activations that are called by these names whatever they belong to: methods of tensors, attributes of modules
 * (`self.relu`), functions of the project itself.
 */
const CALLED_ACTIVATION =
  /^(relu|relu6|sigmoid|tanh|softmax|logSoftmax|log_softmax|elu|selu|celu|gelu|silu|swish|mish|hardswish|hard_?sigmoid|hard_?swish|leakyRelu|leaky_?relu|prelu|softplus|softsign)_?\d?$/i;
/** Initializers that projects copy or import from elsewhere under PyTorch's names. */
const CALLED_INITIALIZER = /^(trunc_normal_|(kaiming|xavier)_(normal|uniform)_|orthogonal_)$/;

/** What makes a trainable variable of its first argument. */
const VARIABLE = /^(tfjs\.variable|tensorflow\.Variable)$/;

/** Finds every mention in the statements, in the order of the text. */
export function findMentions(
  statements: readonly Statement[],
  names: Names,
  language: Module['language'],
): readonly Mention[] {
  const finder = new Finder(names, language);
  for (const statement of statements) finder.statement(statement);
  return finder.found.sort((a, b) => a.from - b.from || b.to - a.to);
}

class Finder {
  readonly found: Mention[] = [];
  private depth = 0;
  private readonly fallback: Library;

  constructor(
    private readonly names: Names,
    private readonly language: Module['language'],
  ) {
    const [first = 'keras'] = names.libraries;
    this.fallback = names.libraries.has('keras') ? 'keras' : first;
  }

  statement(statement: Statement): void {
    if (statement.type === 'assign') {
      for (const target of statement.targets) {
        this.keyed(keyOf(target), target, statement.value);
        // self.relu = nn.ReLU()
        if (target.type === 'member' && statement.value.type === 'call') this.called(target);
      }
    }
    if (statement.type === 'function') {
      for (const parameter of statement.parameters) this.parameter(parameter);
    }
    for (const expression of expressionsOf(statement)) this.expression(expression);
    for (const body of bodiesOf(statement)) for (const inner of body) this.statement(inner);
  }

  private add(
    kind: MentionKind,
    name: string,
    range: Range,
    library: Library | null,
    value: number | null = null,
  ): void {
    this.found.push({ kind, name, library: library ?? this.fallback, value, from: range.from, to: range.to });
  }

  private expression(expression: Expression): void {
    if (this.depth >= MAXIMUM_DEPTH) return;
    this.depth++;
    switch (expression.type) {
      case 'name':
      case 'member':
        if (!this.symbol(expression)) forEachPart(expression, (part) => this.expression(part));
        break;
      case 'string':
        this.text(expression.value, expression, null);
        break;
      case 'call':
        this.call(expression);
        break;
      case 'object':
        for (const entry of expression.entries) {
          if (entry.value.type !== 'assignment') this.keyed(entry.key, entry.keyRange, entry.value);
          this.expression(entry.value);
        }
        break;
      case 'assignment':
        this.keyed(keyOf(expression.target), expression.target, expression.value);
        forEachPart(expression, (part) => this.expression(part));
        break;
      case 'function':
        for (const parameter of expression.parameters) {
          this.parameter(parameter);
          for (const part of partsOf(parameter)) this.expression(part);
        }
        for (const statement of expression.body) this.statement(statement);
        break;
      default:
        forEachPart(expression, (part) => this.expression(part));
    }
    this.depth--;
  }

  /** `key=value`, `key: value` or `key = value` where the key says what the value is. */
  private keyed(key: string, keyRange: Range, value: Expression): void {
    const kind = kindOfKey(key);
    if (kind === null) return;
    if (kind === 'learning-rate') {
      const number = this.number(value);
      this.add(kind, '', { from: keyRange.from, to: value.type === 'number' ? value.to : keyRange.to }, null, number);
      return;
    }
    for (const one of value.type === 'list' ? value.items.map((item) => item.value) : [value])
      if (one.type === 'string') {
        if (!DISTINCTIVE.test(one.value)) this.text(one.value, one, kind);
      } else if (one.type === 'name') this.variable(one, kind);
  }

  /** `optimizer=adam`, `activation: ACTIVATION`: a variable that is called so, or that holds a name. */
  private variable(variable: Name, kind: MentionKind): void {
    if (this.names.path(variable.name) !== null) return;
    const constant = this.names.constant(variable.name);
    this.text(constant?.type === 'string' ? constant.value : variable.name, variable, kind);
  }

  private parameter({ name, range, value }: Parameter): void {
    if (value !== null) this.keyed(name, range, value);
    else if (isRateName(name)) this.add('learning-rate', '', range, null);
  }

  private number(value: Expression): number | null {
    if (value.type === 'number') return value.value;
    const constant = value.type === 'name' ? this.names.constant(value.name) : null;
    return constant?.type === 'number' ? constant.value : null;
  }

  /** A string that names something; `kind` is what its key says, null for strings without a key. */
  private text(text: string, range: Range, kind: MentionKind | null): void {
    if (kind === null && isRateName(text)) return this.add('learning-rate', '', range, null);
    if (text.length > 40 || (kind === null && !DISTINCTIVE.test(text))) return;
    const order: readonly MentionKind[] = kind === null ? ['activation', 'initializer', 'optimizer', 'loss'] : [kind];
    for (const one of order) {
      const name = nameOf(one, text);
      if (name !== null) return this.add(one, name, range, null);
    }
  }

  private call(call: Call): void {
    const path = this.names.qualify(call.callee);
    if (path === null || !this.symbol(call.callee)) this.callee(call.callee);
    this.positional(call, path);
    if (path !== null && VARIABLE.test(path)) this.initialValue(call.arguments[0]?.value ?? null);
    for (const argument of call.arguments) {
      if (argument.name !== null)
        this.keyed(argument.name, { from: argument.from, to: argument.value.from - 1 }, argument.value);
      this.expression(argument.value);
    }
  }

  private callee(callee: Expression): void {
    if (callee.type === 'member' || callee.type === 'name') this.called(callee);
    this.expression(callee);
  }

  /** `x.relu()`, `self.relu(x)`, `softmax(x)`, `trunc_normal_(w)`: known by the name alone. */
  private called(symbol: Extract<Expression, { type: 'name' | 'member' }>): void {
    const range = symbol.type === 'name' ? symbol : symbol.nameRange;
    const library: Library =
      this.language === 'javascript' ? 'tfjs' : this.names.libraries.has('torch') ? 'torch' : 'keras';
    if (CALLED_ACTIVATION.test(symbol.name)) {
      const note = activationNote(symbol.name.replace(/\d$/, (digit) => (digit === '6' ? digit : '')));
      if (note !== null) this.add('activation', note.name, range, library);
    } else if (CALLED_INITIALIZER.test(symbol.name)) {
      const note = initializerNote(symbol.name);
      if (note !== null) this.add('initializer', note.name, range, library);
    }
  }

  /** `Activation('linear')`, `Adam(0.001)`, `optim.SGD(parameters, 0.1)`. */
  private positional(call: Call, path: string | null): void {
    const first = call.arguments[0];
    if (path === null || first === undefined) return;
    const name = path.split('.').at(-1);
    if (name === 'Activation' && first.value.type === 'string' && !DISTINCTIVE.test(first.value.value))
      this.text(first.value.value, first.value, 'activation');
    const symbol = mentionOf(path);
    if (symbol?.kind !== 'optimizer') return;
    const rate = call.arguments[symbol.library === 'torch' ? 1 : 0];
    if (rate === undefined || rate.name !== null || rate.spread) return;
    if (rate.value.type !== 'number' && rate.value.type !== 'name') return;
    // A name that says so itself is found as a name.
    if (rate.value.type === 'name' && isRateName(rate.value.name)) return;
    this.add('learning-rate', symbol.name, rate.value, symbol.library, this.number(rate.value));
  }

  /** `tf.variable(tf.randomNormal([3, 4]).mul(0.1))`: what the variable starts as, through methods called on it. */
  private initialValue(value: Expression | null): void {
    let at = value;
    while (at?.type === 'call' && this.names.qualify(at.callee) === null)
      at = at.callee.type === 'member' ? at.callee.object : null;
    const path = at?.type === 'call' ? this.names.qualify(at.callee) : null;
    const note = path === null ? null : initializerNote(path.split('.').at(-1));
    if (at?.type === 'call' && note !== null) this.add('initializer', note.name, at.callee, libraryOf(path!));
  }

  /** A name of a library, or a name that says that it is a learning rate. */
  private symbol(expression: Extract<Expression, { type: 'name' | 'member' }> | Expression): boolean {
    if (expression.type !== 'name' && expression.type !== 'member') return false;
    const path = this.names.qualify(expression);
    const known = path === null ? null : mentionOf(path);
    if (known !== null) {
      this.add(known.kind, known.name, expression, known.library);
      return true;
    }
    if (isRateName(expression.name)) {
      const range = expression.type === 'name' ? expression : expression.nameRange;
      this.add('learning-rate', '', range, null, expression.type === 'name' ? this.number(expression) : null);
    }
    return false;
  }
}

function keyOf(target: Expression): string {
  if (target.type === 'name' || target.type === 'member') return target.name;
  return target.type === 'subscript' && target.index?.type === 'string' ? target.index.value : '';
}

function nameOf(kind: MentionKind, text: string): string | null {
  switch (kind) {
    case 'activation':
      return activationNote(text)?.name ?? null;
    case 'initializer':
      return initializerNote(text)?.name ?? null;
    case 'optimizer':
      return optimizerNote(text)?.name ?? null;
    case 'loss':
      return lossNote(text)?.name ?? null;
    default:
      return null;
  }
}

/** What a library's symbol with this canonical path is. */
export function mentionOf(path: string): { kind: MentionKind; name: string; library: Library } | null {
  const library = libraryOf(path);
  if (library === null) return null;
  const parts = path.split('.');
  const name = parts.at(-1);
  const home = parts.slice(1, -1).join('.');
  const as = (kind: MentionKind, found: string | null): ReturnType<typeof mentionOf> =>
    found === null ? null : { kind, name: found, library };
  if (library === 'torch') {
    if (home === 'nn.init') return as('initializer', initializerNote(name)?.name ?? null);
    if (home === 'optim') return as('optimizer', optimizerNote(name)?.name ?? null);
    if (home === 'nn.functional')
      return (
        as('activation', activationNote(name)?.name ?? null) ??
        (/loss|cross_entropy/.test(name) ? as('loss', lossNote(name)?.name ?? null) : null)
      );
    if (home === '')
      return /^[a-z]/.test(name) && name !== 'exp' && name !== 'threshold'
        ? as('activation', activationNote(name)?.name ?? null)
        : null;
    if (home !== 'nn' || !/^[A-Z]/.test(name)) return null;
    const layer = torchLayerNote(name);
    if (layer?.role === 'activation') return as('activation', activationNote(name)?.name ?? null);
    return as('layer', layer?.kind ?? null) ?? as('loss', lossNote(name)?.name ?? null);
  }
  if (/(^|\.)(layers|slim)$/.test(home)) {
    const layer = layerNote(name);
    if (layer === null)
      return /initializer$/.test(name) ? as('initializer', initializerNote(name)?.name ?? null) : null;
    return layer.role === 'activation' && layer.kind !== 'Activation'
      ? as('activation', activationNote(name)?.name ?? null)
      : as('layer', layer.kind);
  }
  if (/(^|\.)(initializers|nn\.init)$/.test(home) || /_initializer$/.test(name))
    return as('initializer', initializerNote(name)?.name ?? null);
  if (/(^|\.)(optimizers|train)$/.test(home) || (library === 'tfjs' && /^[A-Z]\w+Optimizer$/.test(name)))
    return as('optimizer', optimizerNote(name)?.name ?? null);
  if (/(^|\.)(losses|metrics|objectives)$/.test(home)) return as('loss', lossNote(name)?.name ?? null);
  if (/(^|\.)nn$/.test(home) && /cross_entropy/.test(name)) return as('loss', lossNote(name)?.name ?? null);
  if (/^(activations|nn|math|keras\.activations|ops|backend)$/.test(home) || home === '')
    return name === 'exp' || (/^(identity|threshold)$/.test(name) && home === '')
      ? null
      : as('activation', activationNote(name)?.name ?? null);
  return null;
}
