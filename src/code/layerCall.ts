import { activationNote } from './catalogue/activations';
import { initializerNote } from './catalogue/initializers';
import type { LayerNote } from './catalogue/layers';
import { libraryOf, type Library } from './catalogue/libraries';
import type { ActivationUse, ArgumentUse, InitializerUse, LayerUse } from './facts';
import type { CallSite } from './interpreter/context';
import type { Arguments, EvaluatedArgument, MutableLayer, Value } from './interpreter/values';

/** What a layer call is made of, before the library's names are known. */
export interface LayerCall {
  readonly library: Library;
  readonly note: LayerNote;
  /** The class or function as the library calls it. */
  readonly written: string;
  readonly site: CallSite;
  /** With the library's own keywords; `canonical` gives their names in Keras. */
  readonly args: Arguments;
  readonly positional: readonly string[];
  readonly canonical: (keyword: string) => string;
}

/** The facts of one constructor call of a layer. */
export function layerUse(call: LayerCall): MutableLayer {
  const { library, note, site } = call;
  const evaluated = namedArguments(call);
  const given = new Map([...evaluated].map(([name, argument]) => [name, argumentUse(argument)]));
  const number = (...names: string[]): number | null =>
    names.map((name) => given.get(name)?.number ?? null).find((one) => one !== null) ?? null;
  const open = !call.args.complete;
  // `weights` take the place of what the initialisers make.
  const kernelInitializer = evaluated.has('weights') ? undefined : evaluated.get('kernel_initializer');
  return {
    library,
    kind: note.kind,
    role: note.role,
    range: site.call,
    callee: site.callee,
    list: site.call.list,
    name: given.get('name')?.text ?? null,
    units: number('units', 'filters', 'output_dim'),
    inputFeatures: number('in_features', 'input_dim') ?? lastDimension(evaluated, note),
    kernelArea: note.role === 'dense' ? 1 : kernelArea(evaluated.get('kernel_size')?.value, note.kind),
    activation: configuredActivation(call, evaluated, number('alpha', 'negative_slope')),
    kernelInitializer: initializerArgument(kernelInitializer, open, site),
    biasInitializer: initializerArgument(evaluated.get('bias_initializer'), open, site),
    arguments: given,
    complete: call.args.complete,
  };
}

function namedArguments({ args, positional, canonical }: LayerCall): Map<string, EvaluatedArgument> {
  const found = new Map<string, EvaluatedArgument>();
  args.positional.forEach((argument, i) => {
    const name = positional[i];
    if (name !== undefined) found.set(name, argument);
  });
  for (const [keyword, argument] of args.named) found.set(canonical(keyword), argument);
  return found;
}

export function argumentUse({ keyword, expression, range, value }: EvaluatedArgument): ArgumentUse {
  return {
    keyword,
    expression,
    range: { from: range.from, to: range.to },
    text: value.type === 'string' ? value.value : null,
    number: value.type === 'number' ? value.value : null,
  };
}

/** The features of `input_shape=(…, features)`; images and sequences of dense layers have more than one axis before. */
function lastDimension(given: ReadonlyMap<string, EvaluatedArgument>, note: LayerNote): number | null {
  const shape = given.get('input_shape')?.value ?? given.get('shape')?.value;
  if (shape?.type === 'number') return shape.value;
  if (shape?.type !== 'list' || !shape.complete) return null;
  if (note.role === 'input' && shape.items.length !== 1) return null;
  const last = shape.items.at(-1);
  return last?.type === 'number' ? last.value : null;
}

function kernelArea(size: Value | undefined, kind: string): number | null {
  const dimensions = Number(/(\d)D/.exec(kind)?.[1] ?? NaN);
  if (size?.type === 'number' && Number.isFinite(dimensions)) return size.value ** dimensions;
  if (size?.type !== 'list' || !size.complete) return null;
  let area = 1;
  for (const item of size.items) area *= item.type === 'number' ? item.value : NaN;
  return Number.isFinite(area) ? area : null;
}

function configuredActivation(
  { note, written, site, args }: LayerCall,
  given: ReadonlyMap<string, EvaluatedArgument>,
  alpha: number | null,
): ActivationUse | null {
  const argument = given.get('activation');
  if (argument !== undefined) return activationUse(argument);
  if (note.role === 'activation' && note.kind !== 'Activation') {
    const own = activationNote(written)?.name ?? null;
    // ReLU(negative_slope=…) leaks.
    const name = own === 'relu' && alpha !== null && alpha !== 0 ? 'leaky_relu' : own;
    return { name, alpha, form: 'layer', range: site.callee };
  }
  if (note.activation === null) return null;
  if (!args.complete) return { name: null, alpha: null, form: 'other', range: site.callee };
  return { name: note.activation, alpha: null, form: 'default', range: site.callee };
}

/** What an `activation=` argument asks for. */
export function activationUse({ expression, value }: EvaluatedArgument): ActivationUse {
  const range = { from: expression.from, to: expression.to };
  switch (value.type) {
    case 'none':
      return { name: 'linear', alpha: null, form: 'other', range };
    case 'string':
      return { name: activationNote(value.value)?.name ?? null, alpha: null, form: 'string', range };
    case 'symbol': {
      const known = libraryOf(value.path) === null ? null : activationNote(value.path.split('.').at(-1));
      return { name: known?.name ?? null, alpha: null, form: 'function', range };
    }
    case 'layer':
      return {
        name: value.use.activation?.name ?? null,
        alpha: value.use.activation?.alpha ?? null,
        form: 'layer',
        range,
      };
    default:
      return { name: null, alpha: null, form: 'other', range };
  }
}

function initializerArgument(
  argument: EvaluatedArgument | undefined,
  open: boolean,
  site: CallSite,
): InitializerUse | null {
  const nowhere = { from: site.callee.to, to: site.callee.to };
  if (argument === undefined) return open ? unresolved(nowhere) : null;
  const range = { from: argument.expression.from, to: argument.expression.to };
  switch (argument.value.type) {
    case 'none':
      return null;
    case 'string':
      return namedInitializer(argument.value.value, range, null);
    case 'symbol':
      return libraryOf(argument.value.path) === null
        ? unresolved(range)
        : namedInitializer(argument.value.path.split('.').at(-1), range, null);
    case 'initializer':
      return { ...argument.value.use, range };
    default:
      return unresolved(range);
  }
}

const unresolved = (range: LayerUse['range']): InitializerUse => ({
  name: null,
  range,
  standardDeviation: null,
  constant: null,
});

/**
 * An initialiser of Keras or tfjs by name. `argument` reads its numbers; null when it is only named, so that the
 * defaults of Keras hold (standard deviation 0.05, limits ±0.05).
 */
export function namedInitializer(
  written: string,
  range: LayerUse['range'],
  argument: ((names: readonly string[], position: number) => number | null | undefined) | null,
): InitializerUse {
  const name = initializerNote(written)?.name ?? null;
  const read = (names: readonly string[], position: number, standard: number): number | null => {
    const value = argument?.(names, position);
    return value === undefined ? standard : value;
  };
  let standardDeviation: number | null = null;
  let constant: number | null = null;
  if (name === 'random_normal') standardDeviation = read(['stddev', 'std'], 1, 0.05);
  // A normal distribution cut at two standard deviations has 0.8796 of its standard deviation.
  if (name === 'truncated_normal') standardDeviation = scaled(read(['stddev', 'std'], 1, 0.05), 0.8796);
  if (name === 'random_uniform') {
    const low = read(['minval', 'a'], 0, -0.05);
    const high = read(['maxval', 'b'], 1, 0.05);
    standardDeviation = low === null || high === null ? null : (high - low) / Math.sqrt(12);
  }
  if (name === 'zeros') constant = 0;
  if (name === 'ones') constant = 1;
  if (name === 'constant') constant = read(['value', 'val'], 0, 0);
  return { name, range, standardDeviation, constant };
}

const scaled = (value: number | null, factor: number): number | null => (value === null ? null : value * factor);

/** Reads numbers of an initialiser's call: undefined where not given, null where not resolved. */
export const initializerNumbers =
  (args: Arguments) =>
  (names: readonly string[], position: number): number | null | undefined => {
    const found = args.get(names, position);
    if (found === null) return args.complete ? undefined : null;
    return found.value.type === 'number' ? found.value.value : null;
  };
