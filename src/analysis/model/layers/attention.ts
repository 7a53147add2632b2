/** Attention layers, composed of matrix products so that every backend has their gradients. */

import * as tf from '@tensorflow/tfjs-core';
import { type CallOptions, type Config, known, type LayerVariable, OwnLayer, type Shape, shapesOf } from './ownLayer';

/** Added to the scores of what must not be attended to. */
const MASKED = -1e9;

/** The tensors of a call by the arguments of the layer: those passed by name, and the others in the order of `names`. */
function byArgument(
  inputs: readonly tf.Tensor[],
  names: readonly string[],
  options: CallOptions,
): Map<string, tf.Tensor> {
  const keywords = (options['keywords'] as readonly (string | null)[] | undefined) ?? [];
  const free = names.filter((name) => !keywords.includes(name));
  let position = 0;
  return new Map(inputs.map((tensor, i) => [keywords[i] ?? free[position++] ?? `argument ${i}`, tensor]));
}

/** `[queries, keys]` with 0 where key <= query and a large negative number elsewhere. */
function causalMask(queries: number, keys: number): tf.Tensor {
  const future = Float32Array.from({ length: queries * keys }, (_, i) =>
    i % keys > Math.floor(i / keys) ? MASKED : 0,
  );
  return tf.tensor2d(future, [queries, keys]);
}

/** A mask of ones and zeros as something to add to the scores. */
const penalty = (mask: tf.Tensor): tf.Tensor => tf.mul(tf.sub(1, tf.cast(mask, 'float32')), MASKED);

/** The mask `[samples, keys]` that came with the values, if any. */
function valueMask(options: CallOptions): tf.Tensor | null {
  const { mask } = options;
  const list = Array.isArray(mask) ? (mask as (tf.Tensor | null)[]) : [];
  return list[1] ?? null;
}

/** Vaswani et al. 2017 (arXiv:1706.03762), with the weights of Keras: kernels `[features, heads, size]`. */
export class MultiHeadAttention extends OwnLayer {
  static readonly className = 'MultiHeadAttention';
  private readonly heads = this.number('numHeads', 1);
  private readonly keySize = this.number('keyDim', 1);
  private readonly valueSize = this.number('valueDim', this.number('keyDim', 1));
  private readonly projections = new Map<string, { kernel: LayerVariable; bias: LayerVariable | null }>();

  constructor(config: Config) {
    super(config);
    const { attentionAxes: axes } = config;
    if (axes !== undefined && axes !== null && [axes].flat().some((axis) => axis !== 1)) {
      throw new Error('attention over other axes than the first cannot be computed');
    }
  }

  override build(inputShape: Shape | Shape[]): void {
    const shapes = shapesOf(inputShape);
    const [query, value, key] = [shapes[0], shapes[1] ?? shapes[0], shapes[2] ?? shapes[1] ?? shapes[0]];
    this.project('query', known(query, -1), this.keySize);
    this.project('key', known(key, -1), this.keySize);
    this.project('value', known(value, -1), this.valueSize);
    const features = this.outputSize(query);
    this.projections.set('attention_output', {
      kernel: this.weight('attention_output/kernel', [this.heads, this.valueSize, features]),
      bias: this.flag('useBias', true) ? this.weight('attention_output/bias', [features]) : null,
    });
    super.build(inputShape);
  }

  protected override resultShape([query]: readonly Shape[]): Shape {
    return [...query.slice(0, -1), this.outputSize(query)];
  }

  private outputSize(query: Shape): number {
    const { outputShape } = this.config;
    return outputShape === undefined || outputShape === null ? known(query, -1) : Number([outputShape].flat()[0]);
  }

  private project(name: string, features: number, size: number): void {
    this.projections.set(name, {
      kernel: this.weight(`${name}/kernel`, [features, this.heads, size]),
      bias: this.flag('useBias', true) ? this.weight(`${name}/bias`, [this.heads, size]) : null,
    });
  }

  protected run(inputs: readonly tf.Tensor[], options: CallOptions): tf.Tensor {
    const given = byArgument(
      inputs,
      ['query', 'value', 'key', 'query_mask', 'value_mask', 'key_mask', 'attention_mask'],
      options,
    );
    const query = inputs[0];
    const value = given.get('value') ?? query;
    const q = this.split(query, 'query', this.keySize);
    const k = this.split(given.get('key') ?? value, 'key', this.keySize);
    const v = this.split(value, 'value', this.valueSize);
    // [samples, heads, queries, keys]
    let scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(this.keySize));
    if (options['use_causal_mask'] === true) scores = tf.add(scores, causalMask(q.shape[2], k.shape[2]));
    const attention = given.get('attention_mask');
    // `[samples, queries, keys]` gets an axis for the heads.
    if (attention !== undefined)
      scores = tf.add(scores, penalty(attention.rank === 3 ? tf.expandDims(attention, 1) : attention));
    const keys = given.get('value_mask') ?? valueMask(options);
    if (keys !== null) scores = tf.add(scores, penalty(tf.reshape(keys, [keys.shape[0], 1, 1, keys.shape[1]!])));
    const mixed = tf.matMul(tf.softmax(scores), v);
    const [samples, heads, queries, size] = mixed.shape;
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [samples * queries, heads * size]);
    const { kernel, bias } = this.projections.get('attention_output')!;
    const features = kernel.shape[2]!;
    const output = tf.reshape(tf.matMul(joined, tf.reshape(kernel.read(), [heads * size, features])), [
      samples,
      queries,
      features,
    ]);
    return bias === null ? output : tf.add(output, bias.read());
  }

  /** `[samples, steps, features]` projected to `[samples, heads, steps, size]`. */
  private split(x: tf.Tensor, name: string, size: number): tf.Tensor4D {
    if (x.rank !== 3) throw new Error(`its input must have the axes [samples, steps, features], not ${x.rank} axes`);
    const { kernel, bias } = this.projections.get(name)!;
    const [samples, steps, features] = x.shape;
    const flat = tf.matMul(
      tf.reshape(x, [samples * steps, features]),
      tf.reshape(kernel.read(), [features, this.heads * size]),
    );
    const biased = bias === null ? flat : tf.add(flat, tf.reshape(bias.read(), [this.heads * size]));
    return tf.transpose(tf.reshape(biased, [samples, steps, this.heads, size]), [0, 2, 1, 3]);
  }
}

/** Softmax of scores between queries and keys, over the values; `[query, value]` or `[query, value, key]`. */
abstract class ScoredAttention extends OwnLayer {
  protected scale: LayerVariable | null = null;

  protected override resultShape([query, value]: readonly Shape[]): Shape {
    return [...query.slice(0, -1), value.at(-1) ?? null];
  }

  protected run(inputs: readonly tf.Tensor[], options: CallOptions): tf.Tensor {
    const [query, value, key = value] = inputs;
    let scores = this.scores(query, key);
    const [, queries, keys] = scores.shape as [number, number, number];
    if (this.flag('causal', false) || options['use_causal_mask'] === true)
      scores = tf.add(scores, causalMask(queries, keys));
    const mask = valueMask(options);
    if (mask !== null) scores = tf.add(scores, penalty(tf.expandDims(mask, 1)));
    return tf.matMul(tf.softmax(scores), value);
  }

  /** `[samples, queries, keys]`. */
  protected abstract scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor;
}

/** Dot products, scaled where the layer has learned a scale (Luong et al. 2015, arXiv:1508.04025). */
export class Attention extends ScoredAttention {
  static readonly className = 'Attention';

  constructor(config: Config) {
    super(config);
    if (this.text('scoreMode', 'dot') !== 'dot') throw new Error('only dot-product scores can be computed');
  }

  override build(inputShape: Shape | Shape[]): void {
    if (this.flag('useScale', false)) this.scale = this.weight('scale', []);
    super.build(inputShape);
  }

  protected scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const scores = tf.matMul(query, key, false, true);
    return this.scale === null ? scores : tf.mul(scores, this.scale.read());
  }
}

/** `sum(scale * tanh(query + key))` (Bahdanau et al. 2015, arXiv:1409.0473). */
export class AdditiveAttention extends ScoredAttention {
  static readonly className = 'AdditiveAttention';

  override build(inputShape: Shape | Shape[]): void {
    if (this.flag('useScale', true)) this.scale = this.weight('scale', [known(shapesOf(inputShape)[0], -1)]);
    super.build(inputShape);
  }

  protected scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const sums = tf.tanh(tf.add(tf.expandDims(query, 2), tf.expandDims(key, 1)));
    return tf.sum(this.scale === null ? sums : tf.mul(sums, this.scale.read()), -1);
  }
}
