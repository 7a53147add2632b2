/** The weights of a tfjs model: the manifest in its model.json and the shards beside it. */

import * as v from 'valibot';
import { DiagnosisError } from '../../report/errors';
import type { Folder } from './folder';
import { printPath } from './json';
import { isLfsPointer, lfsPointer } from './modelFile';
import { BYTES_PER_VALUE, decodeValues, dequantize, type SavedWeight, sizeOf } from './savedWeight';

const QUANTIZATION = v.variant('dtype', [
  v.object({ dtype: v.literal('float16') }),
  v.object({ dtype: v.picklist(['uint8', 'int8', 'uint16']), scale: v.number(), min: v.number() }),
]);

const WEIGHT = v.object({
  name: v.string(),
  shape: v.pipe(
    v.array(v.pipe(v.number(), v.integer(), v.minValue(0))),
    v.check((shape) => !Number.isNaN(sizeOf(shape)), 'too large'),
  ),
  dtype: v.picklist(['float32', 'int32', 'bool', 'uint8', 'string', 'float16', 'complex64']),
  quantization: v.optional(QUANTIZATION),
  /** Written by tfjs for the state of the optimiser, which is no part of the network. */
  group: v.optional(v.string()),
});

const MANIFEST = v.array(v.object({ paths: v.array(v.string()), weights: v.array(WEIGHT) }));

type WeightSpec = v.InferOutput<typeof WEIGHT>;

/**
 * Reads every weight that the manifest lists. The sizes of all shards are compared with what the weights need before
 * anything is allocated. `notes` is told what was repaired. Throws `not-a-model`, `path-outside-model`,
 * `missing-shard`, `truncated-shard`, `weights-mismatch` or `unsupported-format`.
 */
export async function readManifestWeights(
  folder: Folder,
  file: string,
  manifest: unknown,
  notes: string[],
): Promise<SavedWeight[]> {
  const groups = checked(manifest, file).map(({ paths, weights }) => ({
    paths: paths.map((path) => insidePath(path, file)),
    weights,
  }));
  const sizes = await shardSizes(
    folder,
    groups.flatMap(({ paths }) => paths),
  );
  const named = new Set(groups.flatMap(({ paths }) => paths));
  const weights: SavedWeight[] = [];
  for (const { paths, weights: specs } of groups) {
    const needed = bytesOf(specs);
    const shards = replaceMissing(paths, sizes, named, needed, notes);
    const found = shards.reduce((sum, shard) => sum + sizes.get(shard)!, 0);
    // The bytes of strings are only known by reading them.
    if (needed === null ? found === 0 : found !== needed)
      throw await wrongSize(folder, shards, sizes, needed ?? 1, found);
    const bytes = await concatenate(folder, shards, found);
    weights.push(...decode(specs, bytes));
  }
  return weights;
}

function checked(manifest: unknown, file: string): v.InferOutput<typeof MANIFEST> {
  const result = v.safeParse(MANIFEST, manifest);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = printPath(['weightsManifest', ...(issue.path ?? []).map(({ key }) => key as string | number)]);
  throw new DiagnosisError(
    'not-a-model',
    `The weights manifest is not one that tfjs writes: ${path}: ${issue.message}.`,
    `${file}, ${path}`,
    'Save or convert the model again.',
  );
}

/** Manifest paths come from a file that someone else may have written: they may only name files beside it or below. */
function insidePath(path: string, file: string): string {
  const harmless =
    path !== '' &&
    !/^(?:[/\\]|[A-Za-z]:)|^[A-Za-z][A-Za-z0-9+.-]*:/.test(path) &&
    !/[\\\0]/.test(path) &&
    !path.split('/').includes('..');
  if (harmless)
    return path
      .split('/')
      .filter((part) => part !== '.' && part !== '')
      .join('/');
  throw new DiagnosisError(
    'path-outside-model',
    `The weights manifest names "${path}", which is not a file in the model's folder; it is not read.`,
    file,
    'Put the weight files beside model.json and name them there by relative paths.',
  );
}

/** Bytes of every file in the folders that hold shards, by path. */
async function shardSizes(folder: Folder, paths: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const parent of new Set(['', ...paths.map((path) => path.slice(0, path.lastIndexOf('/') + 1))])) {
    let entries;
    try {
      entries = await folder.list(parent === '' ? undefined : parent.slice(0, -1));
    } catch (error) {
      // A folder that is not there: its shards are reported as missing.
      if (error instanceof DiagnosisError && error.code === 'file-not-found') continue;
      throw error;
    }
    for (const { name, kind, size } of entries) if (kind === 'file') sizes.set(parent + name, size);
  }
  return sizes;
}

const bytesOf = (specs: readonly WeightSpec[]): number => specs.reduce((sum, spec) => sum + bytesOfWeight(spec), 0);

function bytesOfWeight({ name, shape, dtype, quantization }: WeightSpec): number {
  if (dtype === 'complex64' || dtype === 'string') {
    throw new DiagnosisError(
      'unsupported-format',
      `The weight "${name}" is of type ${dtype}, which no measured layer has.`,
      name,
      'Only float32, int32 and bool weights can be read.',
    );
  }
  return sizeOf(shape) * BYTES_PER_VALUE[quantization?.dtype ?? dtype];
}

/**
 * The shards of a group, where one that is not there under its name is replaced by the only other file that has
 * exactly the missing size: renamed downloads are common.
 */
function replaceMissing(
  paths: readonly string[],
  sizes: ReadonlyMap<string, number>,
  named: ReadonlySet<string>,
  needed: number,
  notes: string[],
): readonly string[] {
  const missing = paths.filter((path) => !sizes.has(path));
  if (missing.length === 0) return paths;
  const [path] = missing;
  if (missing.length === 1) {
    const size = needed - paths.reduce((sum, other) => sum + (sizes.get(other) ?? 0), 0);
    const candidates = [...sizes].filter(([name, bytes]) => bytes === size && size > 0 && !named.has(name));
    if (candidates.length === 1) {
      const [[candidate]] = candidates;
      notes.push(`The weights "${path}" were read from "${candidate}", the only other file of the right size.`);
      return paths.map((other) => (other === path ? candidate : other));
    }
  }
  const expected = paths.length === 1 ? ` (${needed} bytes)` : '';
  throw new DiagnosisError(
    'missing-shard',
    `The weight file${missing.length > 1 ? 's' : ''} ${missing.map((name) => `"${name}"`).join(', ')}${expected} named in the model ${missing.length > 1 ? 'are' : 'is'} not there.`,
    path,
    'Put the weight files into the same folder as model.json, under the names that its weightsManifest gives.',
  );
}

async function wrongSize(
  folder: Folder,
  shards: readonly string[],
  sizes: ReadonlyMap<string, number>,
  needed: number,
  found: number,
): Promise<DiagnosisError> {
  for (const shard of shards) {
    if (isLfsPointer(await folder.read(shard, 0, 1024))) return lfsPointer(shard);
  }
  const list = shards.map((shard) => `"${shard}"`).join(', ');
  const each = shards.length > 1 ? ` (${shards.map((shard) => sizes.get(shard)).join(' + ')})` : '';
  const empty = shards.find((shard) => sizes.get(shard) === 0);
  return new DiagnosisError(
    found < needed ? 'truncated-shard' : 'weights-mismatch',
    `${shards.length > 1 ? 'The weight files' : 'The weight file'} ${list} should hold ${needed} bytes but ${shards.length > 1 ? 'hold' : 'holds'} ${found}${each}.`,
    empty ?? shards[shards.length - 1] ?? null,
    found < needed
      ? 'Download or copy the weight files again; the transfer was cut off.'
      : 'The weight files belong to another model.json: use the pair that was saved together.',
  );
}

async function concatenate(folder: Folder, shards: readonly string[], total: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const shard of shards) {
    const part = await folder.read(shard, 0, total - offset);
    bytes.set(part, offset);
    offset += part.length;
  }
  if (offset === total) return bytes;
  // The sizes were right when the folder was listed.
  throw new DiagnosisError(
    'file-unreadable',
    'The weight files changed while they were read.',
    shards.join(', '),
    'Diagnose again.',
  );
}

function decode(specs: readonly WeightSpec[], bytes: Uint8Array): SavedWeight[] {
  let offset = 0;
  return specs.flatMap((spec) => {
    const { name, shape, dtype, quantization, group } = spec;
    const length = bytesOfWeight(spec);
    const own = bytes.subarray(offset, offset + length);
    offset += length;
    if (group === 'optimizer' || dtype === 'string' || dtype === 'complex64') return [];
    const values =
      quantization === undefined
        ? decodeValues(own, dtype)
        : dequantize(own, quantization, dtype === 'int32' ? 'int32' : 'float32');
    return [{ name, shape, values }];
  });
}
