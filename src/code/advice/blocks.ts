import type { ActivationUse, LayerUse, ModelDefinition, Step } from '../facts';

/** A layer with weights and what follows it up to the next one. */
export interface Block {
  readonly layer: LayerUse;
  /** Index of the layer's step. */
  readonly index: number;
  /** The activations that are applied to it, in order; one with the name `null` makes the block unknown. */
  readonly activations: readonly ActivationUse[];
  /** The steps of activations that are written apart from the layer. */
  readonly activationSteps: readonly Step[];
  /** A normalisation stands between this layer and the next. */
  readonly normalized: boolean;
  readonly pooled: boolean;
  /** Where the chain of single steps ends: at another layer with weights, at the output, or at what is not followed. */
  readonly end: 'layer' | 'output' | 'open';
  /** Index of the step of the next layer, where `end` is `layer`. */
  readonly next: number | null;
}

const WEIGHTED = new Set(['dense', 'convolution', 'recurrent']);

/** The layers with weights of a network, each with what follows it. Uncertain and unknown steps end a chain. */
export function blocksOf(definition: ModelDefinition): readonly Block[] {
  const consumers: number[][] = definition.steps.map(() => []);
  definition.steps.forEach((step, i) => step.inputs.forEach((input) => consumers[input]?.push(i)));
  const outputs = new Set(definition.outputs);
  return definition.steps.flatMap((step, i) =>
    step.operation === 'layer' && step.layer !== null && WEIGHTED.has(step.layer.role) && step.certain
      ? [follow(definition, step.layer, i, consumers, outputs)]
      : [],
  );
}

function follow(
  { steps }: ModelDefinition,
  layer: LayerUse,
  index: number,
  consumers: readonly (readonly number[])[],
  outputs: ReadonlySet<number>,
): Block {
  const activations: ActivationUse[] = [];
  const activationSteps: Step[] = [];
  if (layer.activation !== null && layer.activation.name !== 'linear') activations.push(layer.activation);
  let normalized = false;
  let pooled = false;
  let at = index;
  const done = (end: Block['end'], next: number | null = null): Block => {
    return { layer, index, activations, activationSteps, normalized, pooled, end, next };
  };
  for (;;) {
    const following = consumers[at] ?? [];
    if (outputs.has(at)) return done(following.length === 0 ? 'output' : 'open');
    const only = following.length === 1 ? following[0] : -1;
    const step = steps[only];
    if (step === undefined || !step.certain) return done('open');
    at = only;
    if (step.operation === 'activation') {
      if (step.activation !== null) activations.push(step.activation);
      activationSteps.push(step);
    } else if (step.operation === 'pooling') pooled = true;
    else if (step.operation === 'layer' && step.layer !== null) {
      if (WEIGHTED.has(step.layer.role)) return done('layer', at);
      if (step.layer.role === 'normalization') normalized = true;
      else if (step.layer.role !== 'dropout' && step.layer.role !== 'shape') return done('open');
    } else return done('open');
  }
}

/** The one activation of a block; `linear` for none, null where it is not known or there are several. */
export function activationOf(block: Block): string | null {
  if (block.activations.length === 0) return 'linear';
  return block.activations.length === 1 ? (block.activations[0].name ?? null) : null;
}

/** Number of inputs that each unit of a block sums over; null where it is not known. `before` is the block that feeds it. */
export function fanIn(block: Block, before: Block | null, { steps }: ModelDefinition): number | null {
  const { layer } = block;
  if (layer.kernelArea === null || layer.kind.startsWith('Depthwise') || layer.kind.startsWith('Separable'))
    return null;
  if (layer.inputFeatures !== null) return layer.inputFeatures * layer.kernelArea;
  const fed = steps[block.index].inputs.map((input) => steps[input]);
  if (fed.length === 1 && fed[0].operation === 'input') {
    const features = fed[0].layer?.inputFeatures ?? null;
    return features === null ? null : features * layer.kernelArea;
  }
  // Between a convolution and a dense layer stands a flattening whose size is not known.
  const units = before?.layer.role === layer.role ? before.layer.units : null;
  return units === null ? null : units * layer.kernelArea;
}

/** Maximal runs of blocks of which each feeds the next and all are accepted. */
export function runs(blocks: readonly Block[], accept: (block: Block) => boolean): readonly (readonly Block[])[] {
  const byIndex = new Map(blocks.map((block) => [block.index, block]));
  const fed = new Set<number>();
  for (const block of blocks) if (block.next !== null && accept(block)) fed.add(block.next);
  const found: Block[][] = [];
  for (const first of blocks) {
    if (!accept(first) || fed.has(first.index)) continue;
    const run: Block[] = [];
    for (let block: Block | undefined = first; block !== undefined && accept(block); ) {
      run.push(block);
      block = block.next === null ? undefined : byIndex.get(block.next);
    }
    found.push(run);
  }
  return found;
}
