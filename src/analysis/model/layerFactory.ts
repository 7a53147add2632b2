/** One layer from its definition: a class of tfjs-layers, one of ours, or a stand-in for code that is not in the file. */

import { serialization } from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import type { JsonPath } from '../../report/report';
import { get, printPath } from './json';
import { type Config, layerConfig } from './layerConfig';
import type { Layer } from './layerFacts';
import { isOperation, operationLayer } from './libraryCall';
import { OpaqueLayer } from './layers/opaqueLayer';
import { initializersOf } from './layers/ownLayer';
import { timeDistributed } from './layers/timeDistributed';
import { canonicalClass, ownLayer } from './ownLayers';
import { layerDefinition, type LayerDefinition } from './topology';
import './unknownInitializer';

/** Builds the layer that a wrapper wraps. */
export type BuildChild = (definition: LayerDefinition) => Layer;

/** Classes that hold code of the author's, or calls of library functions by name, of which some are known. */
const CODE = new Set([
  'Lambda',
  'TFOpLambda',
  'SlicingOpLambda',
  'TensorFlowOpLayer',
  'ClassMethod',
  'InstanceMethod',
  'InstanceProperty',
  'ModuleWrapper',
  'TFSMLayer',
  'KerasLayer',
]);

/** Classes of Keras that turn text into numbers: there are no samples of text, and nothing in front of them to diagnose. */
const TEXT = new Set(['TextVectorization', 'StringLookup', 'Hashing', 'HashedCrossing']);

/**
 * `saved` is the shape of the layer's output with the batch, where the file tells it. A class that neither tfjs nor this
 * extension has is taken for one of the author's: tfjs and older Keras do not mark them. Throws `unknown-layer` for layers on text, `invalid-topology` where the
 * configuration is not accepted.
 */
export function createLayer(
  definition: LayerDefinition,
  kerasVersion3: boolean,
  saved: Shape | null,
  buildChild: BuildChild,
): Layer {
  const { config, path, name } = definition;
  const className = canonicalClass(definition.className);
  try {
    if (TEXT.has(className)) throw textLayer(definition);
    if (isQuantized(config['dtype'])) throw quantizedLayer(definition);
    if (definition.custom) return opaque(definition, saved);
    if (CODE.has(className) || isOperation(definition))
      return operationLayer(definition, saved) ?? opaque(definition, saved);
    const wrapper = Object.hasOwn(WRAPPERS, className) ? WRAPPERS[className] : undefined;
    if (wrapper !== undefined) {
      const { layer: child, ...rest } = config;
      const built = buildChild(layerDefinition(child, [...path, 'config', 'layer']));
      return wrapper(tfjsConfig(definition, rest, kerasVersion3), built);
    }
    const converted = tfjsConfig(definition, config, kerasVersion3);
    const layer =
      ownLayer(className, converted) ??
      tfjsLayer(className, converted) ??
      opaque(definition, saved, definition.className);
    layer.name = name;
    return layer;
  } catch (error) {
    if (error instanceof DiagnosisError) throw error;
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    throw new DiagnosisError(
      'invalid-topology',
      `The layer "${name}" of class ${definition.className} cannot be built: ${why}`,
      printPath(path),
      'Check the configuration of the layer.',
      { cause: error },
    );
  }
}

function tfjsConfig(
  { name, className, path }: LayerDefinition,
  config: LayerDefinition['config'],
  kerasVersion3: boolean,
): Config {
  const converted = layerConfig(config, [...path, 'config'], kerasVersion3);
  converted['name'] = scopeName(name);
  // A penalty belongs to training; tfjs refuses to run with one on activities outside of it.
  delete converted['activityRegularizer'];
  if (className !== 'InputLayer') {
    // Only the first layer's counts, and the model builder has seen to it; tfjs warns of all others.
    for (const key of ['batchInputShape', 'inputShape', 'batchSize']) delete converted[key];
  }
  // Keras 3 has another name for it.
  if (className === 'LeakyReLU') converted['alpha'] ??= converted['negativeSlope'];
  // A softmax is over the last axis unless told otherwise; tfjs' own default is the first.
  if (className === 'Softmax') converted['axis'] ??= -1;
  // Keras has written the one axis as a list.
  if (className === 'BatchNormalization') converted['axis'] = [converted['axis'] ?? -1].flat()[0];
  return converted;
}

/** A name that tfjs accepts for the tensors of a layer that is called `name`; Keras allows any text. */
export const scopeName = (name: string): string =>
  name.replace(/[^-A-Za-z0-9._/]/g, '_').replace(/^(?![A-Za-z0-9])/, 'layer');

const WRAPPERS: Readonly<Record<string, (config: Config, layer: Layer) => Layer>> = {
  TimeDistributed: timeDistributed,
  Bidirectional: (config, layer) => {
    // Keras 3 saves the layer under the name of its forward half, which tfjs would put the word before once more.
    layer.name = layer.name.replace(/^forward_/, '');
    return layers.bidirectional({ ...config, layer } as Parameters<typeof layers.bidirectional>[0]);
  },
  // In inference the kernel is as it was saved, normalised.
  SpectralNormalization: (_config, layer) => layer,
};

function tfjsLayer(className: string, config: Config): Layer | null {
  const { classNameMap } = serialization.SerializationMap.getMap();
  if (!Object.hasOwn(classNameMap, className)) return null;
  const [cls, fromConfig] = classNameMap[className];
  const layer = fromConfig(cls, config as serialization.ConfigDict);
  // Initialisers and activations are registered in the same map.
  if (!(layer instanceof layers.Layer)) return null;
  // tfjs 4.22.0 initialises the pointwise kernel as the depthwise one.
  return className === 'SeparableConv2D' ? Object.assign(layer, initializersOf(config)) : layer;
}

function opaque(definition: LayerDefinition, saved: Shape | null, unknownClass: string | null = null): Layer {
  const { config, name } = definition;
  const { output_shape: declared } = config;
  const isShape = Array.isArray(declared) && declared.every((dim) => dim === null || Number.isInteger(dim));
  const shape = saved ?? (isShape ? [null, ...(declared as Shape)] : null);
  return new OpaqueLayer({ name }, shape, unknownClass);
}

/** `int8_from_float32`, by its name or as a policy of Keras 3. */
const isQuantized = (dtype: unknown): boolean =>
  /^Quantized/.test(String(get(dtype, 'class_name'))) || /^(?:int|float)\d_from_/.test(String(dtype));

function quantizedLayer({ name, path }: LayerDefinition): DiagnosisError {
  return new DiagnosisError(
    'unsupported-format',
    `The layer "${name}" is quantised: its weights are whole numbers, and its products are rounded, which has no gradient.`,
    printPath(path),
    'Save the model before model.quantize(…).',
  );
}

function textLayer({ className, name, path }: LayerDefinition): DiagnosisError {
  return new DiagnosisError(
    'unknown-layer',
    `The layer "${name}" of the class "${className}" turns text into numbers, which is not measured here.`,
    printPath(path),
    'Save the model without the layer, so that it takes the numbers as its input.',
  );
}

/** The error where the stand-in for a layer of unknown class does not fit the network around it. */
export function unknownLayer(name: string, className: string, path: JsonPath, cause: unknown): DiagnosisError {
  return new DiagnosisError(
    'unknown-layer',
    `The layer "${name}" is of the class "${className}", which neither TensorFlow.js nor this extension knows.`,
    printPath(path),
    'Save the model without the layer, or replace it by layers that Keras and TensorFlow.js have in common.',
    { cause },
  );
}
