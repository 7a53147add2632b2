import { activation, type Activation } from '../report/activations';
import { formatFactor } from '../report/format';
import type { Report, RuleId } from '../report/report';
import type { Binding } from './binding';
import { activationNote } from './catalogue/activations';
import { initializerNote } from './catalogue/initializers';
import { layerNote } from './catalogue/layers';
import type { Library } from './catalogue/libraries';
import { lossNote } from './catalogue/losses';
import { optimizerNote, type OptimizerNote } from './catalogue/optimizers';
import type { ActivationUse, CodeModel, LayerUse, Mention, ModelDefinition } from './facts';
import { kernelLines, learningRateLines, measuredLines } from './measured';
import type { LocatedFacts } from './parser';
import type { Range } from './syntax';

/** What a hover tip shows, as plain text: whoever renders it escapes it for Markdown. */
export interface HoverContent {
  readonly title: string;
  /** What the last diagnosis measured of this layer; null without one. Shown first. */
  readonly measured: { readonly layer: string | null; readonly lines: readonly string[] } | null;
  readonly lines: readonly string[];
  readonly table: readonly { readonly label: string; readonly value: string }[];
  /** The activation whose curve belongs beside the text; null if there is none to draw. */
  readonly curve: { readonly activation: string; readonly alpha: number | null } | null;
  /** Rules of docs/rules.md that speak of this. */
  readonly rules: readonly RuleId[];
}

/** What is known beside the code. */
export interface HoverContext {
  /** The last diagnosis of the model that the code is bound to. */
  readonly diagnosis: { readonly report: Report; readonly binding: Binding } | null;
  /** Time of an activation relative to ReLU, by canonical name, where it was measured. */
  readonly costs: ReadonlyMap<string, number>;
}

/** What to tell of a mention. `facts` are those worked out last; null makes a hover of what the mention says itself. */
export function hover(mention: Mention, facts: LocatedFacts | null, context: HoverContext): HoverContent {
  const place = facts?.locate(mention) ?? null;
  const known = facts !== null && place !== null;
  return describe(known ? { ...mention, ...place } : mention, known ? facts.model : NO_FACTS, context);
}

const NO_FACTS: Pick<CodeModel, 'definitions' | 'optimizers'> = { definitions: [], optimizers: [] };
type Facts = typeof NO_FACTS;

function describe(mention: Mention, model: Facts, context: HoverContext): HoverContent {
  switch (mention.kind) {
    case 'activation':
      return activationHover(mention, model, context);
    case 'initializer':
      return initializerHover(mention, model, context);
    case 'optimizer':
      return optimizerHover(mention, context);
    case 'learning-rate':
      return learningRateHover(mention, model, context);
    case 'layer':
      return layerHover(mention, model, context);
    case 'loss':
      return lossHover(mention);
  }
}

function activationHover(mention: Mention, model: Facts, context: HoverContext): HoverContent {
  const note = activationNote(mention.name);
  const use = activationAt(model, mention);
  const alpha = use?.alpha ?? null;
  const numbers = activation(mention.name, alpha === null ? standardSlope(mention) : { alpha });
  const known = numbers !== null && numbers.family !== 'normalizing' ? numbers : null;
  const cost = context.costs.get(mention.name);
  return {
    title: note?.title ?? mention.name,
    measured: measuredOf(mention, model, context, 'layer'),
    lines: [note?.meaning ?? '', note?.risk ?? ''].filter((line) => line !== ''),
    table: rows({
      Range: numbers === null ? null : interval(numbers.range),
      'Zero-centered': known === null ? null : zeroCentered(known),
      'Largest derivative':
        known === null ? null : known.maximumDerivative === null ? 'unbounded' : short(known.maximumDerivative),
      'Time relative to ReLU (tfjs, wasm)': cost === undefined ? null : formatFactor(cost),
      'Fits with': note?.fits ?? null,
    }),
    curve: known === null ? null : { activation: mention.name, alpha },
    rules: RULES_OF[mention.name] ?? [],
  };
}

const RULES_OF: Readonly<Record<string, readonly RuleId[]>> = {
  relu: ['dead-relu'],
  relu6: ['dead-relu'],
  thresholded_relu: ['dead-relu'],
  sigmoid: ['vanishing-gradient', 'saturated-activation'],
  hard_sigmoid: ['vanishing-gradient', 'saturated-activation'],
  tanh: ['saturated-activation'],
  softmax: ['output-activation-mismatch'],
};

/** Slopes that PyTorch and Keras use when none is given. */
const standardSlope = (mention: Mention): { alpha?: number } =>
  mention.name === 'leaky_relu'
    ? { alpha: mention.library === 'torch' ? 0.01 : 0.3 }
    : mention.name === 'prelu' && mention.library === 'torch'
      ? { alpha: 0.25 }
      : {};

function initializerHover(mention: Mention, model: Facts, context: HoverContext): HoverContent {
  const note = initializerNote(mention.name);
  const trap = note === null ? undefined : note.traps[home(mention.library)];
  return {
    title: note?.title ?? mention.name,
    measured: measuredOf(mention, model, context, 'kernel'),
    lines: [note?.meaning ?? '', trap ?? ''].filter((line) => line !== ''),
    table: rows({ 'Fits with': note?.fits ?? null }),
    curve: null,
    rules: ['poor-initialization'],
  };
}

function optimizerHover(mention: Mention, { diagnosis }: HoverContext): HoverContent {
  const note = optimizerNote(mention.name);
  const lines = diagnosis === null ? [] : learningRateLines(diagnosis.report);
  return {
    title: note?.title ?? mention.name,
    measured: lines.length === 0 ? null : { layer: null, lines },
    lines: note === null ? [] : [note.meaning],
    table: note === null ? [] : rateRows(note, mention.library),
    curve: null,
    rules: ['learning-rate-too-high'],
  };
}

function rateRows(note: OptimizerNote, library: Library): HoverContent['table'] {
  const standard = note.defaults[home(library)];
  return rows({
    'Learning rate when none is given': standard === null ? null : short(standard),
    'Usual learning rates': `${short(note.usual[0])} to ${short(note.usual[1])}`,
    Source: note.source,
  });
}

function learningRateHover(mention: Mention, model: Facts, { diagnosis }: HoverContext): HoverContent {
  const use = model.optimizers.find((one) => contains(one.range, mention) || same(one.learningRate?.range, mention));
  const name =
    mention.name !== ''
      ? mention.name
      : (use?.name ?? (model.optimizers.length === 1 ? model.optimizers[0].name : null));
  const note = name === null ? null : optimizerNote(name);
  const value = mention.value ?? use?.learningRate?.value ?? null;
  const lines = [
    'The size of a training step. Too high, and steps kill ReLU units or the loss diverges; too low, and training crawls.',
  ];
  if (value !== null && note !== null) {
    const [low, high] = note.usual;
    const place = value > high ? 'above' : value < low ? 'below' : 'within';
    lines.push(`${short(value)} is ${place} what ${note.title} is usually used with.`);
  }
  lines.push('A healthy step changes weights by about 1/1000 of their norm.');
  const measured = diagnosis === null ? [] : learningRateLines(diagnosis.report);
  return {
    title: value === null ? 'Learning rate' : `Learning rate ${short(value)}`,
    measured: measured.length === 0 ? null : { layer: null, lines: measured },
    lines,
    table: note === null ? [] : rateRows(note, mention.library),
    curve: null,
    rules: ['learning-rate-too-high'],
  };
}

function layerHover(mention: Mention, model: Facts, context: HoverContext): HoverContent {
  const note = layerNote(mention.name);
  const layer = layerAt(model, mention)?.layer ?? null;
  const weighted = note !== null && ['dense', 'convolution', 'recurrent'].includes(note.role);
  const used = layer?.activation?.name ?? null;
  return {
    title: mention.name,
    measured: measuredOf(mention, model, context, 'layer'),
    lines: [note?.meaning ?? '', ...(weighted ? [STANDARD_KERNEL[home(mention.library)]] : [])].filter(
      (line) => line !== '',
    ),
    table: rows({
      Units: layer?.units == null ? null : String(layer.units),
      Activation: used === null || used === 'linear' ? null : (activationNote(used)?.title ?? used),
      'Kernel initializer': layer?.kernelInitializer?.name ?? null,
    }),
    curve: null,
    rules: weighted ? ['poor-initialization'] : [],
  };
}

const STANDARD_KERNEL: Readonly<Record<'keras' | 'torch' | 'tfjs', string>> = {
  keras:
    'Without a kernel initializer Keras uses Glorot uniform; before ReLU, He initialization keeps the signal better in deep stacks.',
  torch:
    'PyTorch initializes the weight with kaiming_uniform_(a=√5), that is U(-1/√fan-in, 1/√fan-in): a sixth of the variance that He asks for before ReLU.',
  tfjs: 'Without a kernel initializer tfjs uses glorotNormal, truncated to 0.777 of its nominal variance (tensorflow/tfjs#8594); before ReLU prefer heUniform.',
};

function lossHover(mention: Mention): HoverContent {
  const note = lossNote(mention.name);
  return {
    title: note?.title ?? mention.name,
    measured: null,
    lines: note === null ? [] : [note.meaning],
    table: rows({ Takes: note === null ? null : TAKES[note.takes], 'Fits with': note?.fits ?? null }),
    curve: null,
    rules: ['output-activation-mismatch'],
  };
}

const TAKES = {
  probabilities: 'probabilities, unless from_logits is set',
  logits: 'logits: it applies the softmax or sigmoid itself',
  'log-probabilities': 'log-probabilities',
  values: 'values',
};

const home = (library: Library): 'keras' | 'torch' | 'tfjs' => (library === 'tensorflow' ? 'keras' : library);

// ---- where a mention stands ------------------------------------------------------------------------------------------

const contains = (outer: Range, inner: Range): boolean => outer.from <= inner.from && inner.to <= outer.to;
const same = (a: Range | undefined, b: Range): boolean => a !== undefined && a.from === b.from && a.to === b.to;

interface Place {
  readonly definition: ModelDefinition;
  readonly index: number;
  readonly layer: LayerUse;
}

/** The layer in whose call, or in whose activation, a mention stands. */
function layerAt(model: Facts, mention: Mention): Place | null {
  let best: Place | null = null;
  for (const definition of model.definitions)
    definition.steps.forEach((step, index) => {
      const layer = step.layer ?? feeding(definition, index);
      if (layer === null || !(contains(step.range, mention) || contains(layer.range, mention))) return;
      const smaller = best === null || layer.range.to - layer.range.from < best.layer.range.to - best.layer.range.from;
      if (smaller) best = { definition, index, layer };
    });
  return best;
}

/** The layer whose output a function such as `F.relu` is applied to. */
function feeding({ steps }: ModelDefinition, index: number): LayerUse | null {
  const step = steps[index];
  return step.operation === 'activation' && step.inputs.length === 1 ? (steps[step.inputs[0]]?.layer ?? null) : null;
}

function activationAt(model: Facts, mention: Mention): ActivationUse | null {
  for (const { steps } of model.definitions)
    for (const step of steps) {
      const use = step.activation ?? step.layer?.activation ?? null;
      if (use !== null && contains(use.range, mention)) return use;
    }
  return null;
}

function measuredOf(
  mention: Mention,
  model: Facts,
  { diagnosis }: HoverContext,
  what: 'layer' | 'kernel',
): HoverContent['measured'] {
  const place = diagnosis === null ? null : layerAt(model, mention);
  if (diagnosis === null || place === null || !same(place.definition.range, diagnosis.binding.definition.range))
    return null;
  const name = diagnosis.binding.layers.get(place.index);
  const found = diagnosis.report.layers.find((layer) => layer.name === name);
  if (found === undefined) return null;
  const lines = what === 'kernel' ? kernelLines(found) : measuredLines(diagnosis.report, found);
  return lines.length === 0 ? null : { layer: found.name, lines };
}

// ---- texts -----------------------------------------------------------------------------------------------------------

function rows(values: Readonly<Record<string, string | null>>): HoverContent['table'] {
  return Object.entries(values).flatMap(([label, value]) => (value === null ? [] : [{ label, value }]));
}

/** Three digits, as they are written in code. */
function short(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(Number(value.toPrecision(3)));
}

function interval([low, high]: readonly [number, number]): string {
  const bound = (value: number): string => (value === Infinity ? '∞' : value === -Infinity ? '-∞' : short(value));
  return `${bound(low)} to ${bound(high)}`;
}

/** Odd functions map inputs around 0 to outputs around 0. */
function zeroCentered(of: Activation): string {
  if ([0.5, 1, 3].every((z) => Math.abs(of.value(z) + of.value(-z)) < 1e-9)) return 'yes';
  return of.range[0] >= 0 ? 'no: outputs are never negative' : 'nearly: outputs take both signs';
}
