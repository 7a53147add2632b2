/**
 * Layer configurations of every Keras generation, as tfjs-layers 4.22.0 takes them: camelCase keys and enumeration
 * values, plain dtypes, initialisers, regularisers, constraints and activations under the names that tfjs has for them.
 */

import type { JsonPath } from '../../report/report';
import { activationIdentifier } from './activationIdentifier';
import { get, isRecord, type JsonRecord, text } from './json';
import { invalid, MAXIMUM_NESTING } from './topology';

export type Config = Record<string, unknown>;

/** Bookkeeping of Keras 3 that no constructor takes. */
const BOOKKEEPING = new Set([
  'module',
  'registered_name',
  'build_config',
  'compile_config',
  'shared_object_id',
  '__proto__',
]);

/** Renamed since: the key that tfjs knows. */
const RENAMED: Readonly<Record<string, string>> = {
  batch_shape: 'batchInputShape',
};

/** `kerasVersion3`: whether the file was written by Keras 3, where `hard_sigmoid` is another function. */
export function layerConfig(config: JsonRecord, path: JsonPath, kerasVersion3: boolean): Config {
  const result: Config = {};
  for (const [key, value] of Object.entries(config)) {
    if (BOOKKEEPING.has(key)) continue;
    const name = RENAMED[key] ?? camelCase(key);
    result[name] = convertField(key, value, [...path, key], kerasVersion3);
  }
  return result;
}

function convertField(key: string, value: unknown, path: JsonPath, kerasVersion3: boolean): unknown {
  if (value === null || value === undefined) return null;
  if (key === 'dtype') return dtypeName(value);
  if (/(?:^|_)activation$/.test(key)) return activationIdentifier(value, path, kerasVersion3);
  if (/_initializer$/.test(key)) return initializer(value, path);
  if (/_regularizer$/.test(key)) return regularizer(value);
  if (/_constraint$/.test(key)) return constraint(value);
  if (key === 'name' || key === 'function') return value;
  if (key === 'cell' || key === 'cells') return cells(value, path, kerasVersion3);
  return plainValue(value, path, 0);
}

/** Numbers as they are, enumeration values in camelCase, tuples as lists. */
function plainValue(value: unknown, path: JsonPath, depth: number): unknown {
  if (depth > MAXIMUM_NESTING) throw invalid('The configuration is nested too deeply.', path);
  if (typeof value === 'string') return camelCase(value);
  if (Array.isArray(value)) return value.map((item) => plainValue(item, path, depth + 1));
  if (!isRecord(value)) return value;
  if (value['class_name'] === '__tuple__' && Array.isArray(value['items']))
    return plainValue(value['items'], path, depth + 1);
  if (value['class_name'] === '__numpy__' || value['class_name'] === '__tensor__') {
    return plainValue(get(value['config'], 'value'), path, depth + 1);
  }
  const result: Config = {};
  for (const [key, item] of Object.entries(value)) {
    if (!BOOKKEEPING.has(key)) result[key === 'name' ? key : camelCase(key)] = plainValue(item, path, depth + 1);
  }
  return result;
}

export const camelCase = (identifier: string): string =>
  identifier.replace(/(?<=.)_+(\w|$)/g, (_match, letter: string) => letter.toUpperCase());

/** `'float32'`, or a policy: `{class_name: 'DTypePolicy', config: {name: 'mixed_float16'}}`. Every float is computed in float32. */
export function dtypeName(value: unknown): 'float32' | 'int32' | 'bool' | 'string' {
  const name = text(value) ?? text(get(get(value, 'config'), 'name')) ?? 'float32';
  if (/^u?int/.test(name)) return 'int32';
  return name === 'bool' || name === 'string' ? name : 'float32';
}

interface Serialized {
  readonly className: string;
  readonly config: JsonRecord;
}

/** `{class_name, config}` of any generation, or an identifier. */
function serialized(value: unknown): Serialized | null {
  if (typeof value === 'string') return { className: value, config: {} };
  const className = text(get(value, 'class_name'));
  if (className === null) return null;
  const config = get(value, 'config');
  return { className: className.split('>').pop()!, config: isRecord(config) ? config : {} };
}

/** Keras' identifiers and class names, in lower case without underscores, and the classes of tfjs. */
const INITIALIZERS: Readonly<Record<string, string>> = {
  zeros: 'Zeros',
  zero: 'Zeros',
  ones: 'Ones',
  one: 'Ones',
  constant: 'Constant',
  randomuniform: 'RandomUniform',
  uniform: 'RandomUniform',
  randomnormal: 'RandomNormal',
  normal: 'RandomNormal',
  truncatednormal: 'TruncatedNormal',
  identity: 'Identity',
  variancescaling: 'VarianceScaling',
  orthogonal: 'Orthogonal',
  glorotuniform: 'GlorotUniform',
  xavieruniform: 'GlorotUniform',
  glorotnormal: 'GlorotNormal',
  xaviernormal: 'GlorotNormal',
  heuniform: 'HeUniform',
  henormal: 'HeNormal',
  lecununiform: 'LeCunUniform',
  lecunnormal: 'LeCunNormal',
};

/** The values come from the file, so that an initialiser matters only for what the report says of it. */
function initializer(value: unknown, path: JsonPath): unknown {
  const given = serialized(value);
  if (given === null) return null;
  const key = given.className
    .replace(/_/g, '')
    .toLowerCase()
    .replace(/initializer$|v[12]$/g, '');
  const className = INITIALIZERS[key];
  // UnknownInitializer: neither tfjs' default for null nor any other known one would be true.
  if (className === undefined) return { className: 'UnknownInitializer', config: { kerasName: given.className } };
  return { className, config: plainValue(given.config, path, 0) };
}

/** Penalties play no part in inference; they are kept because a report may name them. */
function regularizer(value: unknown): unknown {
  const given = serialized(value);
  if (given === null) return null;
  const number = (key: string): number => (typeof given.config[key] === 'number' ? given.config[key] : 0);
  switch (given.className.toLowerCase()) {
    case 'l1':
      return { className: 'L1L2', config: { l1: number('l1'), l2: 0 } };
    case 'l2':
      return { className: 'L1L2', config: { l1: 0, l2: number('l2') } };
    case 'l1l2':
    case 'l1_l2':
      return { className: 'L1L2', config: { l1: number('l1'), l2: number('l2') } };
    default:
      return null;
  }
}

const CONSTRAINTS: Readonly<Record<string, string>> = {
  maxnorm: 'MaxNorm',
  minmaxnorm: 'MinMaxNorm',
  nonneg: 'NonNeg',
  unitnorm: 'UnitNorm',
};

/** Constraints act on updates only, so an unknown one may be left out. */
function constraint(value: unknown): unknown {
  const given = serialized(value);
  const className = given && CONSTRAINTS[given.className.replace(/_/g, '').toLowerCase()];
  return className ? { className, config: plainValue(given.config, [], 0) } : null;
}

/** The cell of an RNN, or the cells of a stack: `{class_name, config}` each. */
function cells(value: unknown, path: JsonPath, kerasVersion3: boolean): unknown {
  if (Array.isArray(value)) return value.map((cell, i) => cells(cell, [...path, i], kerasVersion3));
  const given = serialized(value);
  if (given === null) throw invalid('A recurrent cell is expected.', path);
  if (path.length > 4 * MAXIMUM_NESTING) throw invalid('The configuration is nested too deeply.', path);
  return { className: given.className, config: layerConfig(given.config, [...path, 'config'], kerasVersion3) };
}
