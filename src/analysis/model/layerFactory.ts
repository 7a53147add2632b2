/** One layer from its definition: a class of tfjs-layers or one of ours where tfjs has none. */

import { serialization } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import { printPath } from './json';
import { type Config, layerConfig } from './layerConfig';
import type { Layer } from './layerFacts';
import { layerDefinition, type LayerDefinition } from './topology';
import './unknownInitializer';

/** Builds the layer that a wrapper wraps. */
export type BuildChild = (definition: LayerDefinition) => Layer;

/** Throws `unknown-layer` where there is no such class, `invalid-topology` where its configuration is not accepted. */
export function createLayer(definition: LayerDefinition, kerasVersion3: boolean, buildChild: BuildChild): Layer {
  const { className, config, path, name } = definition;
  const wrapper = Object.hasOwn(WRAPPERS, className) ? WRAPPERS[className] : undefined;
  const { layer: child, ...rest } = config;
  const converted = layerConfig(wrapper === undefined ? config : rest, [...path, 'config'], kerasVersion3);
  if (name === '') delete converted['name'];
  if (className !== 'InputLayer') {
    // Only the first layer's counts, and the model builder has seen to it; tfjs warns of all others.
    for (const key of ['batchInputShape', 'inputShape', 'batchSize']) delete converted[key];
  }
  try {
    if (wrapper !== undefined)
      return wrapper(converted, buildChild(layerDefinition(child, [...path, 'config', 'layer'])));
    const registered = lookUp(className);
    if (registered === null) throw unknownLayer(definition);
    const [cls, fromConfig] = registered;
    const layer = fromConfig(cls, converted as serialization.ConfigDict);
    if (!(layer instanceof layers.Layer)) throw unknownLayer(definition);
    return layer;
  } catch (error) {
    if (error instanceof DiagnosisError) throw error;
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    throw new DiagnosisError(
      'invalid-topology',
      `The layer "${name}" of class ${className} cannot be built: ${why}`,
      printPath(path),
      'Check the configuration of the layer.',
      { cause: error },
    );
  }
}

const WRAPPERS: Readonly<Record<string, (config: Config, layer: Layer) => Layer>> = {
  TimeDistributed: (config, layer) => layers.timeDistributed({ ...config, layer }),
  Bidirectional: (config, layer) =>
    layers.bidirectional({ ...config, layer } as Parameters<typeof layers.bidirectional>[0]),
};

function lookUp(className: string) {
  const { classNameMap } = serialization.SerializationMap.getMap();
  return Object.hasOwn(classNameMap, className) ? classNameMap[className] : null;
}

function unknownLayer({ className, name, path }: LayerDefinition): DiagnosisError {
  return new DiagnosisError(
    'unknown-layer',
    `The layer "${name}" is of the class "${className}", which is not known here.`,
    printPath(path),
    'Save the model without the layer, or replace it by layers that Keras and TensorFlow.js have in common.',
  );
}
