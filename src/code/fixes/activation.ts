import { activationNote } from '../catalogue/activations';
import type { Block } from '../advice/blocks';
import type { ActivationUse, LayerUse, Step } from '../facts';
import { removeArgument, removeItem, setArgument } from './arguments';
import { fixOf, type Fix, type TextEdit } from './edits';
import { insertAfter } from './insertLayer';
import { pathTo, quoteOf, sibling, slice, type Source } from './source';

/** How each library writes an activation where a function, a class or a string is asked for. */
const NAMES: Readonly<
  Record<string, { torchFunction: string; torchClass: string; tfjsLayer: string | null; kerasClass: string | null }>
> = {
  relu: { torchFunction: 'relu', torchClass: 'ReLU', tfjsLayer: 'reLU', kerasClass: 'ReLU' },
  leaky_relu: { torchFunction: 'leaky_relu', torchClass: 'LeakyReLU', tfjsLayer: 'leakyReLU', kerasClass: 'LeakyReLU' },
  elu: { torchFunction: 'elu', torchClass: 'ELU', tfjsLayer: 'elu', kerasClass: 'ELU' },
  selu: { torchFunction: 'selu', torchClass: 'SELU', tfjsLayer: null, kerasClass: null },
  gelu: { torchFunction: 'gelu', torchClass: 'GELU', tfjsLayer: null, kerasClass: null },
  silu: { torchFunction: 'silu', torchClass: 'SiLU', tfjsLayer: null, kerasClass: null },
  tanh: { torchFunction: 'tanh', torchClass: 'Tanh', tfjsLayer: null, kerasClass: null },
  sigmoid: { torchFunction: 'sigmoid', torchClass: 'Sigmoid', tfjsLayer: null, kerasClass: null },
  softplus: { torchFunction: 'softplus', torchClass: 'Softplus', tfjsLayer: null, kerasClass: null },
  softmax: { torchFunction: 'softmax', torchClass: 'Softmax', tfjsLayer: 'softmax', kerasClass: 'Softmax' },
  log_softmax: { torchFunction: 'log_softmax', torchClass: 'LogSoftmax', tfjsLayer: null, kerasClass: null },
};

/** Strings that `activation=` takes; tfjs 4.22.0 and Keras 2 and 3 have all of these. */
const STRINGS = new Set(['relu', 'elu', 'selu', 'tanh', 'sigmoid', 'softmax', 'softplus', 'linear']);
const stringsOf = (layer: LayerUse, { kerasVersion }: Source): ReadonlySet<string> =>
  layer.library === 'tfjs'
    ? new Set([...STRINGS, 'gelu', 'swish'])
    : kerasVersion === 3
      ? new Set([...STRINGS, 'gelu', 'silu', 'leaky_relu'])
      : new Set([...STRINGS, 'gelu', 'swish']);

/** The slope of a Leaky ReLU that fixes write: between PyTorch's 0.01 and Keras's 0.3. */
const SLOPE = '0.1';

const titleOf = (name: string): string => activationNote(name)?.title ?? name;

/** Replaces the activation of every block of a run. */
export function replaceActivations(id: string, run: readonly Block[], to: string, source: Source): readonly Fix[] {
  const edits = run.map((block) =>
    replaceActivation(block.activations[0], block.activationSteps[0] ?? null, block.layer, to, source),
  );
  return fixOf(id, `Use ${titleOf(to)} in ${run.length === 1 ? 'this layer' : `these ${run.length} layers`}`, edits);
}

/** The activations that may take the place of one, as fixes for a mention of it. */
export function alternatives(use: ActivationUse, step: Step | null, layer: LayerUse, source: Source): readonly Fix[] {
  return ['leaky_relu', 'elu', 'gelu', 'relu', 'tanh']
    .filter((to) => to !== use.name)
    .flatMap((to) =>
      fixOf(`activation-${to}`, `Replace by ${titleOf(to)}`, [replaceActivation(use, step, layer, to, source)]),
    );
}

/** The edits that turn one activation into another; null where the form of the code does not allow it. */
export function replaceActivation(
  use: ActivationUse,
  step: Step | null,
  layer: LayerUse,
  to: string,
  source: Source,
): readonly TextEdit[] | null {
  if (to === 'linear') return removalOf(use, step, layer, source);
  if (step !== null) return replaceStep(use, step, to, source);
  if (use.form === 'function') return rename(source, use.range, functionName(use, to, source));
  if (layer.library === 'torch' || use.form === 'default' || use.form === 'layer') return null;
  return setActivation(layer, to, source);
}

/** Sets `activation=` of a Keras or tfjs layer, or puts a layer behind it where no string says it. */
function setActivation(layer: LayerUse, to: string, source: Source): readonly TextEdit[] | null {
  const strings = stringsOf(layer, source);
  const written = strings.has(to) ? to : to === 'silu' && strings.has('swish') ? 'swish' : null;
  if (written !== null) return setArgument(layer, 'activation', quotedLike(layer, written, source), source);
  const constructor = constructorOf(layer, to, source);
  const removal = removeArgument(layer, 'activation', source);
  const insertion = constructor === null ? null : insertAfter(layer, constructor.written, source);
  if (constructor === null || insertion === null || removal === null) return null;
  return [...constructor.edits, ...removal, ...insertion];
}

function quotedLike(layer: LayerUse, value: string, source: Source): string {
  const present = layer.arguments.get('activation')?.expression;
  const quote = present?.type === 'string' ? present.quote : quoteOf(source);
  return `${quote}${value}${quote}`;
}

/** The constructor of an activation layer, written as the layer beside it is. */
function constructorOf(
  layer: LayerUse,
  to: string,
  source: Source,
): { readonly written: string; readonly edits: readonly TextEdit[] } | null {
  const names = NAMES[to];
  const name =
    layer.library === 'tfjs' ? names?.tfjsLayer : layer.library === 'torch' ? names?.torchClass : names?.kerasClass;
  const found = name === null || name === undefined ? null : sibling(source, layer.callee, name);
  if (found === null) return null;
  return { ...found, written: `${found.written}(${to === 'leaky_relu' ? slopeArgument(layer, source) : ''})` };
}

function slopeArgument(layer: LayerUse, { kerasVersion }: Source): string {
  if (layer.library === 'tfjs') return `{ alpha: ${SLOPE} }`;
  // Keras 2 calls it alpha, Keras 3 negative_slope; by position it is right in both.
  if (layer.library === 'torch' || kerasVersion === null) return SLOPE;
  return kerasVersion === 3 ? `negative_slope=${SLOPE}` : `alpha=${SLOPE}`;
}

/** An activation written apart: `F.relu(x)`, `nn.ReLU()`, `Activation('relu')`, `tf.layers.reLU()`. */
function replaceStep(use: ActivationUse, step: Step, to: string, source: Source): readonly TextEdit[] | null {
  const { layer } = step;
  if (layer === null) return use.form === 'function' ? rename(source, use.range, functionName(use, to, source)) : null;
  if (layer.kind === 'Activation') {
    if (stringsOf(layer, source).has(to))
      return setArgument(layer, 'activation', quotedLike(layer, to, source), source);
    const constructor = constructorOf(layer, to, source);
    return constructor === null
      ? null
      : [...constructor.edits, { from: layer.range.from, to: layer.range.to, text: constructor.written }];
  }
  const constructor = constructorOf(layer, to, source);
  if (constructor === null) return null;
  const list = slice(source, layer.list);
  // `dim=1` and `inplace=True` mean the same in the other class.
  const keeps = /^\(\s*(dim\s*=\s*-?\d+)\s*\)$/.test(list) && to.endsWith('softmax');
  const text = keeps ? constructor.written.replace(/\(.*\)$/, list) : constructor.written;
  return [...constructor.edits, { from: layer.range.from, to: layer.range.to, text }];
}

/** The name of an activation as a function in the place where `use` is written. */
function functionName(use: ActivationUse, to: string, source: Source): string | null {
  const written = slice(source, use.range);
  const path = source.names.path(written.split('.')[0]);
  // Methods of tensors, `x.relu()`.
  if (path === null) return null;
  const name = NAMES[to]?.torchFunction ?? null;
  // torch.relu, torch.tanh and torch.sigmoid are all there is beside torch.nn.functional.
  if (
    path === 'torch' &&
    written.split('.').length === 2 &&
    !['relu', 'tanh', 'sigmoid', 'softmax', 'log_softmax', 'selu'].includes(to)
  )
    return null;
  return name;
}

function rename(source: Source, range: { from: number; to: number }, name: string | null): readonly TextEdit[] | null {
  const found = name === null ? null : sibling(source, range, name);
  return found === null ? null : [...found.edits, { from: range.from, to: range.to, text: found.written }];
}

/** Changes what the output of a network applies. */
export function replaceOutputActivation(
  use: ActivationUse,
  step: Step | null,
  layer: LayerUse,
  to: string,
  source: Source,
): readonly Fix[] {
  if (to === 'linear') return removeActivation(use, step, layer, source);
  const edits =
    use.form === 'default' ? addActivationEdits(layer, to, source) : replaceActivation(use, step, layer, to, source);
  return fixOf(`output-${to.replace('_', '-')}`, `Use ${titleOf(to)} on the output`, [edits]);
}

/** Takes an activation away. */
export function removeActivation(
  use: ActivationUse,
  step: Step | null,
  layer: LayerUse,
  source: Source,
): readonly Fix[] {
  const title = `Remove the ${titleOf(use.name ?? 'linear')} from the output`;
  return fixOf('linear-output', title, [removalOf(use, step, layer, source)]);
}

function removalOf(use: ActivationUse, step: Step | null, layer: LayerUse, source: Source): readonly TextEdit[] | null {
  if (step === null) {
    if (layer.library === 'torch' || !layer.arguments.has('activation')) return null;
    return (
      removeArgument(layer, 'activation', source) ??
      setArgument(layer, 'activation', quotedLike(layer, 'linear', source), source)
    );
  }
  if (step.layer !== null) return removeLayer(step.layer, source);
  // `F.softmax(x, dim=1)` becomes `x`.
  const path = pathTo(source.module, step.range);
  const call = path?.expressions.at(-1);
  if (call?.type !== 'call' || use.form !== 'function') return null;
  const first = call.arguments[0];
  if (source.names.qualify(call.callee) === null) {
    if (call.callee.type !== 'member') return null;
    return [{ from: call.callee.object.to, to: call.to, text: '' }];
  }
  if (first === undefined || first.name !== null || first.spread) return null;
  return [
    { from: call.from, to: first.from, text: '' },
    { from: first.to, to: call.to, text: '' },
  ];
}

/** `self.softmax = nn.Softmax(dim=1)`, which is called elsewhere, becomes `self.softmax = nn.Identity()`. */
function becomeIdentity(layer: LayerUse, source: Source): readonly TextEdit[] | null {
  const found = layer.library === 'torch' ? sibling(source, layer.callee, 'Identity') : null;
  const call = pathTo(source.module, layer.range)?.expressions.at(-1);
  return found === null || call?.type !== 'call'
    ? null
    : [...found.edits, { from: call.from, to: call.to, text: `${found.written}()` }];
}

/** Takes a layer out of a list or a `model.add`. */
function removeLayer(layer: LayerUse, source: Source): readonly TextEdit[] | null {
  const path = pathTo(source.module, layer.range);
  const parent = path?.expressions.at(-2);
  if (path === null) return null;
  if (parent === undefined) return path.statement.type === 'assign' ? becomeIdentity(layer, source) : null;
  if (parent.type === 'list') return [removeItem(layer.range, source)];
  if (parent.type !== 'call') return null;
  if (/Sequential$/.test(source.names.qualify(parent.callee) ?? '')) return [removeItem(layer.range, source)];
  if (parent.callee.type === 'member' && parent.callee.name === 'add' && path.statement.type === 'evaluate') {
    const before = /\n?[ \t]*$/.exec(source.text.slice(0, path.statement.from))![0];
    return [{ from: path.statement.from - before.length, to: path.statement.to, text: '' }];
  }
  // `Activation('softmax')(x)`
  const [first] = parent.arguments;
  if (parent.callee.from !== layer.range.from || first === undefined || parent.arguments.length !== 1) return null;
  return [
    { from: parent.from, to: first.from, text: '' },
    { from: first.to, to: parent.to, text: '' },
  ];
}

/** Gives a layer without an activation one. */
export function addActivation(layer: LayerUse, to: string, source: Source): readonly Fix[] {
  return fixOf(`${to}-activation`, `Give this layer ${titleOf(to)}`, [addActivationEdits(layer, to, source)]);
}

function addActivationEdits(layer: LayerUse, to: string, source: Source): readonly TextEdit[] | null {
  if (layer.library !== 'torch') return setActivation(layer, to, source);
  const constructor = constructorOf(layer, to, source);
  const insertion =
    constructor === null
      ? null
      : insertAfter(
          layer,
          to === 'softmax' ? constructor.written.replace('()', '(dim=1)') : constructor.written,
          source,
        );
  return insertion === null ? null : [...constructor!.edits, ...insertion];
}
