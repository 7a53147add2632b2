import { initializerNote } from './catalogue/initializers';
import { layerNote } from './catalogue/layers';
import { lossNote } from './catalogue/losses';
import { optimizerNote } from './catalogue/optimizers';
import { activationNote } from './catalogue/activations';
import type { CallSite, Context, Semantics } from './interpreter/context';
import { activationNode, inputNode, operationNode } from './interpreter/graph';
import { UNKNOWN, type Arguments, type ModelDraft, type Node, type Value } from './interpreter/values';
import { initializerNumbers, layerUse, namedInitializer } from './layerCall';
import type { Range } from './syntax';
import { byteImages, draftOf, lossDraft, optimizerDraft, recordCompile } from './training';

/** Keywords of Keras 1 and other spellings. */
const KEYWORDS: Readonly<Record<string, string>> = {
  init: 'kernel_initializer',
  nb_filter: 'filters',
  p: 'rate',
  dim_ordering: 'data_format',
};
const canonical = (keyword: string): string => (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : keyword);

/** Data sets of images that Keras delivers as bytes. */
const BYTE_IMAGES = /^keras\.datasets\.(mnist|fashion_mnist|cifar10|cifar100)\.load_data$/;

/** Keras, tf.keras and what TensorFlow adds to them. */
export const kerasSemantics: Semantics = {
  call(path, site) {
    const { args, call, context } = site;
    const name = path.split('.').at(-1);
    if (path === 'keras.models.Sequential') return sequential(site);
    if (path === 'keras.models.Model') return functional(site);
    if (path === 'keras.models.Input' || path === 'keras.layers.InputLayer') {
      const use = inputLayer(name, site);
      return path.endsWith('InputLayer') ? { type: 'layer', use } : tensorOf({ ...inputNode(call), layer: use });
    }
    if (path.startsWith('keras.layers.')) return layer(name, site);
    if (path.startsWith('keras.initializers.') && initializerNote(name) !== null)
      return { type: 'initializer', use: namedInitializer(name, call, initializerNumbers(args)) };
    if (/^(keras|tensorflow)\.(optimizers|train)\.\w+$/.test(path) && optimizerNote(name) !== null) {
      const use = optimizerDraft(name, 'keras', site, 0);
      context.recorder.optimizers.push(use);
      return { type: 'optimizer', use };
    }
    if (/^(keras|tensorflow)\.losses\.[A-Z]/.test(path) && lossNote(name) !== null) {
      const use = lossDraft(name, 'keras', call, 'call', args);
      context.recorder.losses.push(use);
      return { type: 'loss', use };
    }
    if (/^(keras\.activations|tensorflow\.nn|tensorflow|tensorflow\.math|keras\.ops|keras\.backend)\.\w+$/.test(path)) {
      const applied = activationNote(name);
      const input = args.positional[0]?.value;
      if (applied !== null && input?.type === 'tensor') {
        const activation = { name: applied.name, alpha: null, form: 'function' as const, range: site.callee };
        return tensorOf(activationNode(activation, input.node, call));
      }
    }
    if (BYTE_IMAGES.test(path)) {
      const images: Value = { type: 'images', source: { from: call.from, to: call.to } };
      const pair = (): Value => ({ type: 'list', items: [images, UNKNOWN], complete: true, uncertainty: 0 });
      return { type: 'list', items: [pair(), pair()], complete: true, uncertainty: 0 };
    }
    if (path.startsWith('keras.applications.')) return opaqueModel(site);
    return undefined;
  },

  method(receiver, name, site) {
    if (receiver.type === 'images') return imageMethod(receiver, name);
    if (receiver.type === 'unknown') return undefined;
    const draft = draftOf(receiver);
    if (receiver.type !== 'model' && receiver.type !== 'instance') return undefined;
    return modelMethod(receiver, draft, name, site);
  },

  attribute(receiver, name, context, range) {
    if (receiver.type !== 'model') return undefined;
    if (name === 'output' || name === 'outputs') return tensorOf(operationNode('model', [], range));
    if (name === 'input' || name === 'inputs') return tensorOf(inputNode(range));
    if (name === 'layers') return UNKNOWN;
    void context;
    return undefined;
  },
};

const tensorOf = (node: Node): Value => ({ type: 'tensor', node });

function layer(name: string, site: CallSite): Value | undefined {
  const note = layerNote(name);
  if (note === null) {
    // A functional merge of Keras 1, `add([a, b])`, or a layer that the catalogue does not know.
    return /^[A-Z]/.test(name) ? { type: 'layer', use: unknownLayer(name, site) } : undefined;
  }
  if (/^[a-z]/.test(name)) {
    const nodes = site.args.positional.flatMap(({ value }) => (value.type === 'list' ? value.items : [value]));
    const inputs = nodes.map((value) => (value.type === 'tensor' ? value.node : inputNode(site.call)));
    return tensorOf(operationNode(note.role === 'merge' ? 'merge' : 'unknown', inputs, site.call));
  }
  const positional = note.kind === 'Activation' ? ['activation'] : note.positional;
  return {
    type: 'layer',
    use: layerUse({ library: 'keras', note, written: name, site, args: site.args, positional, canonical }),
  };
}

function unknownLayer(name: string, site: CallSite): ReturnType<typeof layerUse> {
  const note = { kind: name, role: 'other' as const, meaning: '', positional: [], activation: null };
  return layerUse({ library: 'keras', note, written: name, site, args: site.args, positional: [], canonical });
}

function inputLayer(name: string, site: CallSite): ReturnType<typeof layerUse> {
  const note = layerNote('InputLayer')!;
  const positional = ['shape'];
  return layerUse({ library: 'keras', note, written: name, site, args: site.args, positional, canonical });
}

function sequential({ call, args, context }: CallSite): Value {
  const draft = context.draft(call, 'keras', 'sequential');
  const layers = args.get('layers', 0);
  if (layers !== null) addItems(draft, layers.value, layers.expression);
  if (!args.complete) draft.complete = false;
  return { type: 'model', draft };
}

/** Adds a list of layers to a sequential model. */
export function addItems(draft: ModelDraft, list: Value, range: Range): void {
  if (list.type !== 'list') {
    draft.complete = false;
    return;
  }
  if (!list.complete) draft.complete = false;
  for (const value of list.items) draft.items.push({ value, range: rangeOf(value, range), certain: true });
}

const rangeOf = (value: Value, otherwise: Range): Range =>
  value.type === 'layer' ? value.use.range : value.type === 'model' ? value.draft.range : otherwise;

/** Adds one layer; what is added in a branch or a loop of unknown length is not certain. */
export function addItem(draft: ModelDraft, value: Value, range: Range, context: Context): void {
  draft.items.push({ value, range, certain: context.uncertainty <= draft.uncertainty });
}

function functional({ call, args, context }: CallSite): Value {
  const draft = context.draft(call, 'keras', 'functional');
  setOutputs(draft, args.get(['outputs', 'output'], 1)?.value ?? UNKNOWN);
  return { type: 'model', draft };
}

/** Notes the results of a functional model. */
export function setOutputs(draft: ModelDraft, value: Value): void {
  const list = value.type === 'list' && value.complete ? value.items : [value];
  const nodes = list.map((item) => (item.type === 'tensor' ? item.node : null));
  draft.outputs = nodes.every((node) => node !== null) ? nodes : [];
}

function opaqueModel({ call, context }: CallSite): Value {
  const draft: ModelDraft = {
    library: 'keras',
    form: 'functional',
    name: null,
    range: call,
    items: [],
    complete: false,
    uncertainty: context.uncertainty,
    outputs: [],
    nested: true,
  };
  return { type: 'model', draft };
}

function imageMethod(receiver: Value, name: string): Value {
  return /^(astype|reshape|copy)$/.test(name) ? receiver : UNKNOWN;
}

function modelMethod(receiver: Value, draft: ModelDraft | null, name: string, site: CallSite): Value | undefined {
  const { args, call, context } = site;
  switch (name) {
    case 'add': {
      const added = args.get('layer', 0)?.value;
      if (draft?.form === 'sequential' && added !== undefined) addItem(draft, added, call, context);
      return UNKNOWN;
    }
    case 'pop':
      if (draft !== null) draft.complete = false;
      return UNKNOWN;
    case 'compile':
      recordCompile(draft, args, 'keras', site);
      return UNKNOWN;
    case 'fit':
    case 'train_on_batch':
      recordFit(draft, args, site);
      return UNKNOWN;
    case 'predict':
    case 'evaluate':
      return UNKNOWN;
    case 'build':
      return receiver;
    default:
      return undefined;
  }
}

function recordFit(draft: ModelDraft | null, args: Arguments, { call, context }: CallSite): void {
  const range = { from: call.from, to: call.to };
  context.recorder.fits.push({ draft, range, byteImages: byteImages(args.get(['x', 'X'], 0)) });
}
