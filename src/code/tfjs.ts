import { initializerNote } from './catalogue/initializers';
import { layerNote } from './catalogue/layers';
import { optimizerNote } from './catalogue/optimizers';
import { activationNote } from './catalogue/activations';
import type { CallSite, Semantics } from './interpreter/context';
import { activationNode, inputNode, operationNode } from './interpreter/graph';
import { Arguments, UNKNOWN, type EvaluatedArgument, type Node, type Value } from './interpreter/values';
import { addItem, addItems, setOutputs } from './keras';
import { initializerNumbers, layerUse, namedInitializer } from './layerCall';
import { byteImages, draftOf, lossDraft, optimizerDraft, recordCompile } from './training';

/** tfjs writes Keras's names in camelCase. */
const canonical = (keyword: string): string => keyword.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The entries of the one object that tfjs functions take, as keyword arguments. */
function optionsOf(args: Arguments, position = 0): Arguments {
  const first = args.positional[position]?.value;
  if (first === undefined) return new Arguments([], new Map(), args.complete);
  if (first.type !== 'object') return new Arguments([], new Map(), false);
  const named = new Map<string, EvaluatedArgument>();
  for (const [keyword, { value, entry }] of first.entries)
    named.set(keyword, { keyword, expression: entry.value, range: entry, value });
  return new Arguments([], named, first.complete);
}

/** TensorFlow.js. */
export const tfjsSemantics: Semantics = {
  call(path, site) {
    const { args, call, context } = site;
    const name = path.split('.').at(-1);
    const options = (): Arguments => optionsOf(args);
    if (/^tfjs\.([sS]equential)$/.test(path)) {
      const draft = context.draft(call, 'tfjs', 'sequential');
      const layers = options().get('layers');
      if (layers !== null) addItems(draft, layers.value, layers.expression);
      else if (args.positional.length > 0 && !options().complete) draft.complete = false;
      return { type: 'model', draft };
    }
    if (/^tfjs\.(model|LayersModel)$/.test(path)) {
      const draft = context.draft(call, 'tfjs', 'functional');
      setOutputs(draft, options().get('outputs')?.value ?? UNKNOWN);
      return { type: 'model', draft };
    }
    if (path === 'tfjs.input' || path === 'tfjs.layers.inputLayer') {
      const note = layerNote('InputLayer')!;
      const use = layerUse({ library: 'tfjs', note, written: name, site, args: options(), positional: [], canonical });
      return path === 'tfjs.input' ? tensorOf({ ...inputNode(call), layer: use }) : { type: 'layer', use };
    }
    if (path.startsWith('tfjs.layers.')) {
      const note = layerNote(name);
      if (note === null) return undefined;
      const use = layerUse({ library: 'tfjs', note, written: name, site, args: options(), positional: [], canonical });
      return { type: 'layer', use };
    }
    if (path.startsWith('tfjs.initializers.') && initializerNote(name) !== null)
      return { type: 'initializer', use: namedInitializer(name, call, initializerNumbers(options())) };
    if (/^tfjs\.(train\.\w+|[A-Z]\w+Optimizer)$/.test(path) && optimizerNote(name) !== null) {
      const use = optimizerDraft(name, 'tfjs', site, 0);
      context.recorder.optimizers.push(use);
      return { type: 'optimizer', use };
    }
    if (/^tfjs\.losses\.\w+$/.test(path)) {
      const use = lossDraft(name, 'tfjs', site.callee, 'function', null);
      if (use.name === null) return undefined;
      context.recorder.losses.push(use);
      context.recorder.apply(use, args.positional[1]?.value ?? null);
      return UNKNOWN;
    }
    const applied = /^tfjs\.\w+$/.test(path) ? activationNote(name) : null;
    const input = args.positional[0]?.value;
    if (applied !== null && input?.type === 'tensor') {
      const activation = { name: applied.name, alpha: null, form: 'function' as const, range: site.callee };
      return tensorOf(activationNode(activation, input.node, call));
    }
    return path === 'tfjs.tidy' ? tidy(site) : undefined;
  },

  method(receiver, name, site) {
    const { args, call, context } = site;
    if (name === 'apply' && (receiver.type === 'layer' || receiver.type === 'model'))
      return context.invoke(receiver, [args.positional[0]?.value ?? UNKNOWN], call);
    if (receiver.type === 'tensor') {
      const applied = activationNote(name);
      if (applied === null) return undefined;
      const activation = { name: applied.name, alpha: null, form: 'function' as const, range: call };
      return tensorOf(activationNode(activation, receiver.node, call));
    }
    if (receiver.type !== 'model') return undefined;
    const draft = draftOf(receiver);
    switch (name) {
      case 'add': {
        const added = args.positional[0]?.value;
        if (draft?.form === 'sequential' && added !== undefined) addItem(draft, added, call, context);
        return UNKNOWN;
      }
      case 'pop':
        if (draft !== null) draft.complete = false;
        return UNKNOWN;
      case 'compile':
        recordCompile(draft, optionsOf(args), 'tfjs', site);
        return UNKNOWN;
      case 'fit':
        context.recorder.fits.push({
          draft,
          range: { from: call.from, to: call.to },
          byteImages: byteImages(args.positional[0] ?? null),
        });
        return UNKNOWN;
      case 'predict':
        return tensorOf(operationNode('model', [], call));
      default:
        return undefined;
    }
  },

  attribute(receiver, name, _context, range) {
    if (receiver.type !== 'model') return undefined;
    if (/^outputs?$/.test(name)) return tensorOf(operationNode('model', [], range));
    if (/^inputs?$/.test(name)) return tensorOf(inputNode(range));
    return name === 'layers' ? UNKNOWN : undefined;
  },
};

const tensorOf = (node: Node): Value => ({ type: 'tensor', node });

/** `tf.tidy(() => …)` runs its function once and returns its result. */
function tidy({ args, call, context }: CallSite): Value {
  const body = args.positional.find(({ value }) => value.type === 'function')?.value;
  return body === undefined ? UNKNOWN : context.invoke(body, [], call);
}
