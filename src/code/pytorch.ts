import { activationNote } from './catalogue/activations';
import { initializerNote } from './catalogue/initializers';
import { torchLayerNote, torchPositional } from './catalogue/layers';
import { lossNote } from './catalogue/losses';
import { optimizerNote } from './catalogue/optimizers';
import type { CallSite, Semantics } from './interpreter/context';
import { activationNode, inputNode, operationNode } from './interpreter/graph';
import { UNKNOWN, type Node, type Value } from './interpreter/values';
import { addItem } from './keras';
import { initializerNumbers, layerUse, namedInitializer } from './layerCall';
import { draftOf, lossDraft, optimizerDraft } from './training';

const KEYWORDS: Readonly<Record<string, string>> = {
  out_features: 'units',
  out_channels: 'units',
  hidden_size: 'units',
  in_channels: 'in_features',
  input_size: 'in_features',
  bias: 'use_bias',
  stride: 'strides',
  num_embeddings: 'input_dim',
  embedding_dim: 'output_dim',
};
const canonical = (keyword: string): string => (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : keyword);

/** Methods and functions that keep every value of a tensor, at most in another shape or on another device. */
const KEEPS =
  /^(view|reshape|flatten|squeeze|unsqueeze|permute|transpose|contiguous|to|cuda|cpu|float|double|half|type|clone|t|dropout\w*|alpha_dropout|requires_grad_|swapaxes|expand)$/;
const POOLS = /^(adaptive_)?(max|avg)_pool[123]d$/;
/** Methods that return the network itself. */
const RETURNS_SELF = /^(to|cuda|cpu|train|eval|double|float|half|bfloat16|apply|requires_grad_|share_memory|compile)$/;

/** PyTorch. */
export const pytorchSemantics: Semantics = {
  call(path, site) {
    const { args, call, context } = site;
    const name = path.split('.').at(-1);
    if (path === 'torch.nn.Sequential') return sequential(site);
    if (path === 'torch.nn.ModuleList') {
      const list = args.positional[0]?.value;
      return list?.type === 'list'
        ? list
        : { type: 'list', items: [], complete: list === undefined, uncertainty: context.uncertainty };
    }
    if (path === 'torch.nn.DataParallel' || path === 'torch.compile' || path === 'torch.jit.script')
      return args.positional[0]?.value;
    if (path.startsWith('torch.nn.init.')) return initialize(name, site);
    if (path.startsWith('torch.nn.functional.')) return functional(name, site);
    if (path.startsWith('torch.optim.lr_scheduler.')) return undefined;
    if (path.startsWith('torch.optim.') && optimizerNote(name) !== null) return optimizer(name, site);
    if (/^torch\.nn\.[A-Z]/.test(path)) {
      const note = torchLayerNote(name);
      if (note !== null) {
        const positional = torchPositional(note, name);
        return {
          type: 'layer',
          use: layerUse({ library: 'torch', note, written: name, site, args, positional, canonical }),
        };
      }
      if (lossNote(name) === null) return undefined;
      const use = lossDraft(name, 'torch', call, 'call', args);
      context.recorder.losses.push(use);
      return { type: 'loss', use };
    }
    return /^torch\.[a-z_]+$/.test(path) ? functional(name, site) : undefined;
  },

  method(receiver, name, site) {
    const { call, context } = site;
    if (receiver.type === 'tensor') return tensorFunction(name, receiver, site);
    if (receiver.type === 'layer' || receiver.type === 'model' || receiver.type === 'instance') {
      if (name === 'parameters' || name === 'named_parameters') return { type: 'parameters', owner: receiver };
      if (RETURNS_SELF.test(name)) return receiver;
      if (name === 'forward')
        return context.invoke(
          receiver,
          site.args.positional.map((arg) => arg.value),
          call,
        );
      if (name === 'add_module' && receiver.type === 'model') {
        addItem(receiver.draft, site.args.positional[1]?.value ?? UNKNOWN, call, context);
        return UNKNOWN;
      }
    }
    if (receiver.type === 'weight') return weightMethod(receiver, name, site);
    return undefined;
  },

  attribute(receiver, name) {
    if (receiver.type === 'layer' && (name === 'weight' || name === 'bias'))
      return { type: 'weight', layer: receiver.use, name };
    if (receiver.type === 'weight' && name === 'data') return receiver;
    if (receiver.type === 'instance' && name === 'module') return receiver;
    return undefined;
  },
};

function sequential({ call, args, context }: CallSite): Value {
  const draft = context.draft(call, 'torch', 'sequential');
  if (!args.complete) draft.complete = false;
  for (const { value, expression } of args.positional) {
    if (value.type === 'unknown' && args.positional.length === 1) draft.complete = false;
    draft.items.push({ value, range: value.type === 'layer' ? value.use.range : expression, certain: true });
  }
  return { type: 'model', draft };
}

/** `F.relu(x)`, `torch.sigmoid(x)`, `F.cross_entropy(x, y)`, `torch.cat([a, b])`. */
function functional(name: string, site: CallSite): Value | undefined {
  const { args, call, context } = site;
  const input = args.get('input', 0)?.value;
  if (lossNote(name) !== null && args.positional.length > 0 && /cross_entropy|loss/.test(name)) {
    const use = lossDraft(name, 'torch', site.callee, 'function', args);
    context.recorder.losses.push(use);
    context.recorder.apply(use, input ?? null);
    return UNKNOWN;
  }
  if (/^(cat|concat|stack|hstack)$/.test(name)) {
    const nodes = input?.type === 'list' ? input.items.map((one) => nodeOf(one, site)) : [nodeOf(input, site)];
    return { type: 'tensor', node: operationNode('merge', nodes, call) };
  }
  return input?.type === 'tensor' ? tensorFunction(name, input, site) : undefined;
}

function nodeOf(value: Value | undefined, site: CallSite): Node {
  return value?.type === 'tensor' ? value.node : inputNode(site.call);
}

function tensorFunction(name: string, input: Extract<Value, { type: 'tensor' }>, site: CallSite): Value | undefined {
  const { call, args } = site;
  const plain = name.replace(/_$/, '');
  if (KEEPS.test(plain)) return input;
  if (POOLS.test(plain)) return { type: 'tensor', node: operationNode('pooling', [input.node], call) };
  const applied = plain === 'exp' ? null : activationNote(plain);
  if (applied === null) return undefined;
  const slope = args.get('negative_slope', 1)?.value;
  const alpha = applied.name === 'leaky_relu' && slope?.type === 'number' ? slope.value : null;
  const activation = { name: applied.name, alpha, form: 'function' as const, range: site.callee };
  return { type: 'tensor', node: activationNode(activation, input.node, call) };
}

/** `nn.init.xavier_uniform_(self.fc.weight)`. */
function initialize(name: string, { args, call }: CallSite): Value {
  const target = args.get('tensor', 0)?.value;
  if (target?.type !== 'weight') return UNKNOWN;
  const numbers = initializerNumbers(args);
  // The tensor comes first; the defaults of torch.nn.init are N(0, 1) and U(0, 1).
  const read = (names: readonly string[], position: number): number | null => {
    const found = numbers(names, position + 1);
    if (found !== undefined) return found;
    return names.includes('std') || names.includes('b') ? 1 : names.includes('a') ? 0 : null;
  };
  const known = initializerNote(name);
  const use =
    known === null
      ? { name: null, range: call, standardDeviation: null, constant: null }
      : namedInitializer(name, { from: call.from, to: call.to }, read);
  if (target.name === 'bias') target.layer.biasInitializer = use;
  else target.layer.kernelInitializer = use;
  return UNKNOWN;
}

/** `self.fc.weight.data.normal_(0, 0.01)`, `self.fc.bias.data.fill_(0)`. */
function weightMethod(receiver: Extract<Value, { type: 'weight' }>, name: string, site: CallSite): Value | undefined {
  const { args, call } = site;
  const number = (position: number, standard: number): number | null => {
    const value = args.positional[position]?.value;
    if (value === undefined) return args.complete && args.named.size === 0 ? standard : null;
    return value.type === 'number' ? value.value : null;
  };
  const range = { from: call.from, to: call.to };
  const base = { range, standardDeviation: null, constant: null };
  const uniform = (): number | null => {
    const [low, high] = [number(0, 0), number(1, 1)];
    return low === null || high === null ? null : (high - low) / Math.sqrt(12);
  };
  const use =
    name === 'normal_'
      ? { ...base, name: 'random_normal', standardDeviation: number(1, 1) }
      : name === 'uniform_'
        ? { ...base, name: 'random_uniform', standardDeviation: uniform() }
        : name === 'fill_'
          ? { ...base, name: 'constant', constant: number(0, NaN) }
          : name === 'zero_'
            ? { ...base, name: 'zeros', constant: 0 }
            : /_$/.test(name)
              ? { ...base, name: null }
              : null;
  if (use === null) return undefined;
  if (receiver.name === 'bias') receiver.layer.biasInitializer = use;
  else receiver.layer.kernelInitializer = use;
  return receiver;
}

function optimizer(name: string, site: CallSite): Value {
  const use = optimizerDraft(name, 'torch', site, 1);
  const parameters = site.args.get('params', 0)?.value;
  if (parameters?.type === 'parameters') use.draft = draftOf(parameters.owner);
  site.context.recorder.optimizers.push(use);
  return { type: 'optimizer', use };
}
