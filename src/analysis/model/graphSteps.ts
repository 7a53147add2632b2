/**
 * From nodes to layers: a convolution or matrix product with the addition of its bias and its activation is one call, as
 * are the scale and offset that a batch normalisation comes down to; every other node that computes is a call by itself.
 */

import { mean, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { activation, type Activation } from '../../report/activations';
import { fansOf } from './fans';
import { type GraphNode, nodeOf } from './graphNode';
import { get } from './json';
import type { LayerCall, Weight } from './network';

export type MutableCall = { -readonly [K in keyof LayerCall]: LayerCall[K] };

/** A call, or a node that is no layer, with what computes it. */
export interface GraphStep {
  /** Of its last node. */
  readonly id: string;
  /** Whether the observer can be shown what the call computes. */
  readonly observed: boolean;
  /** What the call consumes of other calls and inputs. */
  readonly sources: readonly string[];
  /** Null for what only serves others: arithmetic on shapes, indices, numbers that are not one row per sample. */
  readonly call: MutableCall | null;
  /** What computes the argument of the activation, or the output of a call that has none. */
  readonly linear: readonly GraphNode[];
  /** Refers to the argument of the activation; null where the call has none. */
  readonly argument: string | null;
  readonly activation: readonly GraphNode[];
}

/** What a run has shown of the graph. */
export interface GraphFacts {
  /** The nodes that were run, in execution order, without the constant ones. */
  readonly nodes: readonly GraphNode[];
  /** The value of a constant, by reference; null for what depends on the inputs. */
  constant(source: string): Tensor | null;
  /** Shape, the batch first, and dtype of a node's first output. */
  output(node: GraphNode): { readonly shape: readonly number[]; readonly dtype: string };
  /** What the graph returns, by the id of the node. */
  readonly outputs: ReadonlySet<string>;
  /** Size of the batch that was run. */
  readonly samples: number;
}

const ACTIVATIONS: Readonly<Record<string, (node: GraphNode, facts: GraphFacts) => Activation | null>> = {
  Relu: () => activation('relu'),
  Relu6: () => activation('relu6'),
  Elu: () => activation('elu'),
  Selu: () => activation('selu'),
  Sigmoid: () => activation('sigmoid'),
  Tanh: () => activation('tanh'),
  Softplus: () => activation('softplus'),
  Softmax: () => activation('softmax'),
  LogSoftmax: () => activation('log_softmax'),
  // TensorFlow leaves the attribute out where it has its default.
  LeakyRelu: ({ attr }) => activation('leaky_relu', { alpha: Number(get(get(attr, 'alpha'), 'f') ?? 0.2) }),
  Prelu: ({ inputs }, facts) => {
    const alpha = facts.constant(inputs[1]);
    return alpha === null ? null : activation('prelu', { alpha: tidy(() => mean(alpha).dataSync()[0]) });
  },
};

/** Weights of a node: name and the input that holds it. */
type WeightInputs = readonly (readonly [name: string, input: number])[];

/** What Keras calls the kernel, which is the second input. */
const KERNELS: Readonly<Record<string, string>> = {
  Conv1D: 'kernel',
  Conv2D: 'kernel',
  Conv3D: 'kernel',
  Conv2DBackpropInput: 'kernel',
  DepthwiseConv2d: 'depthwise_kernel',
  DepthwiseConv2dNative: 'depthwise_kernel',
  MatMul: 'kernel',
  BatchMatMul: 'kernel',
  BatchMatMulV2: 'kernel',
};
const NORMALIZATION: WeightInputs = [
  ['gamma', 1],
  ['beta', 2],
  ['moving_mean', 3],
  ['moving_variance', 4],
];

type Kind = 'kernel' | 'scale' | 'offset' | 'lookup' | 'activation' | 'other';

/** Ops that change the type or the nesting of numbers: no layers. */
const CONVERSIONS = /^(?:Cast|ExpandDims|Squeeze|EnsureShape)$/;

/** What may follow on what within one call. */
const FOLLOWS: Readonly<Record<Kind, readonly Kind[]>> = {
  kernel: ['offset', 'activation'],
  scale: ['offset', 'activation'],
  offset: ['activation'],
  lookup: [],
  activation: [],
  other: [],
};

interface Part {
  readonly kind: Kind;
  readonly weights: WeightInputs;
  readonly activation: Activation | null;
}

const OTHER: Part = { kind: 'other', weights: [], activation: null };

/** All that was run, in execution order. The inputs and roles of the calls are still open. */
export function graphSteps(facts: GraphFacts): GraphStep[] {
  const gates = swishGates(facts);
  const nodes = facts.nodes.filter((node) => !gates.swallowed.has(node));
  const consumers = consumersOf(nodes);
  const parts = new Map(nodes.map((node) => [node, gates.of.has(node) ? SWISH : partOf(node, facts)]));
  const taken = new Set<GraphNode>();
  const chains = nodes.flatMap((node) => {
    if (taken.has(node)) return [];
    const chain = [node];
    for (;;) {
      const last = chain[chain.length - 1];
      const [next, ...others] = consumers.get(last.id) ?? [];
      if (next === undefined || others.length > 0 || facts.outputs.has(last.id)) break;
      if (!FOLLOWS[parts.get(last)!.kind].includes(parts.get(next)!.kind)) break;
      chain.push(next);
      taken.add(next);
    }
    return [chain];
  });
  const order = new Map(nodes.map((node, i) => [node, i]));
  const end = (chain: readonly GraphNode[]): number => order.get(chain[chain.length - 1])!;
  const names = new Map<string, number>();
  // A call runs where its last node stood: everything that it consumes has been computed by then.
  return chains
    .sort((a, b) => end(a) - end(b))
    .map((chain) => graphStep(chain, parts, gates.of.get(chain[chain.length - 1]) ?? null, facts, names));
}

function consumersOf(nodes: readonly GraphNode[]): Map<string, GraphNode[]> {
  const consumers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const source of new Set(node.inputs.map(nodeOf))) {
      const list = consumers.get(source);
      if (list === undefined) consumers.set(source, [node]);
      else list.push(node);
    }
  }
  return consumers;
}

const SWISH: Part = { kind: 'activation', weights: [], activation: activation('silu') };

/** `x * sigmoid(x)` is one activation: which sigmoid belongs to which product. */
function swishGates({ nodes, outputs }: GraphFacts) {
  const consumers = consumersOf(nodes);
  const of = new Map<GraphNode, GraphNode>();
  for (const sigmoid of nodes) {
    const [product, ...others] = consumers.get(sigmoid.id) ?? [];
    if (sigmoid.op !== 'Sigmoid' || product?.op !== 'Mul' || others.length > 0 || outputs.has(sigmoid.id)) continue;
    if (product.inputs.includes(sigmoid.inputs[0]) && product.inputs.includes(sigmoid.id)) of.set(product, sigmoid);
  }
  return { of, swallowed: new Set(of.values()) };
}

function partOf(node: GraphNode, facts: GraphFacts): Part {
  const { op, inputs } = node;
  if (Object.hasOwn(ACTIVATIONS, op)) {
    const own = ACTIVATIONS[op](node, facts);
    if (own !== null) return { kind: 'activation', weights: op === 'Prelu' ? [['alpha', 1]] : [], activation: own };
  }
  const isWeight = (input: number): boolean => facts.constant(inputs[input] ?? '')?.dtype === 'float32';
  if (Object.hasOwn(KERNELS, op)) {
    return isWeight(1) ? { ...OTHER, kind: 'kernel', weights: [[KERNELS[op], 1]] } : OTHER;
  }
  if (/^FusedBatchNorm/.test(op) && NORMALIZATION.every(([, input]) => isWeight(input))) {
    return { ...OTHER, kind: 'scale', weights: NORMALIZATION };
  }
  if (/^Gather(?:V2)?$/.test(op) && isWeight(0)) return { ...OTHER, kind: 'lookup', weights: [['embeddings', 0]] };
  const vector = inputs.findIndex(
    (_, input) => isWeight(input) && isPerUnit(facts.constant(inputs[input])!, node, facts),
  );
  if (vector === -1) return OTHER;
  if (op === 'Mul') return { ...OTHER, kind: 'scale', weights: [['gamma', vector]] };
  if (/^(?:BiasAdd|Add|AddV2)$/.test(op)) return { ...OTHER, kind: 'offset', weights: [['bias', vector]] };
  return OTHER;
}

/** Whether the constant holds one number for each unit of the node's output. */
function isPerUnit(constant: Tensor, node: GraphNode, facts: GraphFacts): boolean {
  const { shape } = facts.output(node);
  return (
    constant.rank > 0 &&
    constant.size === shape[shape.length - 1] &&
    constant.size === constant.shape[constant.rank - 1]
  );
}

function graphStep(
  chain: readonly GraphNode[],
  parts: ReadonlyMap<GraphNode, Part>,
  gate: GraphNode | null,
  facts: GraphFacts,
  names: Map<string, number>,
): GraphStep {
  const [first] = chain;
  const last = chain[chain.length - 1];
  const { activation: own } = parts.get(last)!;
  const linear = own === null ? chain : chain.slice(0, -1);
  const isKernel = parts.get(first)!.kind === 'kernel';
  const argument = own !== null ? last.inputs.find((source) => source !== gate?.id)! : isKernel ? last.id : null;
  const weights = chain.flatMap((node) => weightsOf(node, parts.get(node)!, facts));
  const output = facts.output(last);
  const { shape } = output;
  const hasUnits = weights.length > 0 || own !== null;
  const measured = output.dtype === 'float32' && shape.length > 0 && shape[0] === facts.samples;
  // One number per sample has no axis of units.
  const perUnit = hasUnits && measured && shape.length > 1;
  const count = (names.get(last.name) ?? 0) + 1;
  const call: MutableCall | null =
    CONVERSIONS.test(first.op) || (!measured && !(hasUnits && output.dtype === 'float32'))
      ? null
      : {
          name: count === 1 ? last.name : `${last.name}#${count}`,
          className: first.op,
          inputs: [],
          activation: own ?? (isKernel ? activation('linear') : null),
          units: perUnit ? shape[shape.length - 1] : null,
          unitAxis: -1,
          outputShape: measured ? shape.slice(1) : shape,
          parameters: weights.reduce((sum, { value }) => sum + value.size, 0),
          trainable: true,
          role: 'hidden',
          jsonPath: ['modelTopology', 'node', last.place],
          weights,
          structural: !perUnit,
          recurrence: null,
          endsInActivation: true,
          unknown: measured ? [] : ['Its output is not one row per sample, so nothing can be said about its units.'],
        };
  if (call !== null) names.set(last.name, count);
  const inside = new Set(chain.map(({ id }) => id).concat(gate?.id ?? []));
  const sources = chain
    .flatMap(({ inputs }) => inputs)
    .filter((source) => !inside.has(nodeOf(source)) && facts.constant(source) === null);
  const activationNodes = own === null ? [] : gate === null ? [last] : [gate, last];
  return {
    id: last.id,
    observed: measured,
    sources,
    call,
    linear,
    // Without a place to look at, what is there is only run.
    argument: perUnit ? argument : null,
    activation: activationNodes,
  };
}

function weightsOf(node: GraphNode, part: Part, facts: GraphFacts): Weight[] {
  return part.weights.map(([name, input]) => {
    const value = facts.constant(node.inputs[input])!;
    const fans = part.kind === 'kernel' ? fansOfKernel(node, value.shape) : null;
    return {
      name,
      value,
      trainable: !name.startsWith('moving_'),
      initializer: null,
      fanIn: fans?.fanIn ?? null,
      fanOut: fans?.fanOut ?? null,
    };
  });
}

/** A layer that was not run, and why. */
export function unmeasuredCall({ name, op, place }: GraphNode, reason: string): MutableCall | null {
  if (!Object.hasOwn(ACTIVATIONS, op) && !Object.hasOwn(KERNELS, op)) return null;
  return {
    name,
    className: op,
    inputs: [],
    activation: null,
    units: null,
    unitAxis: -1,
    outputShape: [],
    parameters: 0,
    trainable: true,
    role: 'opaque',
    jsonPath: ['modelTopology', 'node', place],
    weights: [],
    structural: true,
    recurrence: null,
    endsInActivation: true,
    unknown: [reason],
  };
}

function fansOfKernel({ op, attr }: GraphNode, shape: readonly number[]) {
  if (op.startsWith('Depthwise')) return fansOf(shape, 'depthwise');
  // Matrix products of a batch with a kernel: both may be stored the other way around.
  const swapped = get(get(attr, 'transpose_b') ?? get(attr, 'adj_y'), 'b') === true;
  return fansOf(shape, op === 'Conv2DBackpropInput' || swapped ? 'transposed' : 'plain');
}
