import { DiagnosisError } from '../../report/errors';
import type { ArrayReader, DataFile } from './arrayReader';
import type { Bytes } from './bytes';
import { sizeOf } from './inputStatistics';
import { namedArrays } from './namedArrays';
import { areRecords, RecordTable } from './records';
import { tableFile, withoutColumns } from './tableFile';

/** JSON can only be read whole and takes several times its size when parsed. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_DIMENSIONS = 32;

/**
 * Opens a JSON file that holds one array of samples, an object of such arrays by the names of the inputs, or an array of
 * objects, which are the rows of a table. `selected` names the columns of the table that feed the network, see `tableFile`;
 * an error with `usage` where there is no table.
 */
export async function openJson(
  name: string,
  bytes: Bytes,
  selected: readonly string[] | null = null,
): Promise<DataFile> {
  const { place } = bytes;
  if ((await bytes.size()) > MAX_BYTES) {
    throw new DiagnosisError(
      'invalid-data',
      'The JSON file is larger than 64 MB.',
      place,
      'Save the data as .npy: it is read in parts.',
    );
  }
  const data = parse(await bytes.read(0, MAX_BYTES), place);
  if (areRecords(data)) return tableFile({ name, place }, new RecordTable(data, place), selected);
  if (selected !== null) throw withoutColumns(place);
  const arrays: [string, unknown[]][] = Array.isArray(data)
    ? [[name.replace(/\.[^.]*$/, ''), data]]
    : Object.entries(data).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  return namedArrays(
    { name, place },
    new Map(
      arrays.map(([array, value]) => [
        array,
        () => Promise.resolve().then(() => jsonReader(value, place, Array.isArray(data) ? '' : array)),
      ]),
    ),
  );
}

function parse(bytes: Uint8Array, place: string): unknown[] | Record<string, unknown> {
  if (bytes.length === 0) throw new DiagnosisError('file-empty', 'The file is empty.', place, 'Save the data again.');
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    const remedy = 'Mend the JSON. It knows no NaN and no Infinity; .npy does.';
    throw new DiagnosisError(
      'invalid-data',
      `The file is not valid JSON: ${(error as Error).message}.`,
      place,
      remedy,
      { cause: error },
    );
  }
  if (typeof data === 'object' && data !== null) return data as unknown[] | Record<string, unknown>;
  throw new DiagnosisError(
    'invalid-data',
    'The file holds neither an array nor an object of arrays.',
    place,
    'Give an array of samples.',
  );
}

/** Nested arrays of numbers or booleans, all of one length on each level. */
function jsonReader(data: unknown[], place: string, path: string): ArrayReader {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0] as unknown) {
    shape.push(level.length);
    if (shape.length > MAX_DIMENSIONS)
      throw new DiagnosisError('invalid-data', 'The array is nested too deep.', place, null);
  }
  const numbers: number[] = [];
  const collect = (value: unknown, depth: number, at: string): void => {
    if (depth === shape.length) {
      if (typeof value !== 'number' && typeof value !== 'boolean') throw irregular(at, 'a number');
      numbers.push(Number(value));
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[depth]) throw irregular(at, `an array of ${shape[depth]}`);
    for (let i = 0; i < value.length; i++) collect(value[i], depth + 1, `${at}[${i}]`);
  };
  const irregular = (at: string, expected: string) =>
    new DiagnosisError(
      'invalid-data',
      `What stands at ${at} is not ${expected}, as in the first sample.`,
      place,
      'Give all samples the same shape.',
    );
  collect(data, 0, path);

  const [rows, ...rowShape] = shape;
  const all = Float64Array.from(numbers);
  const size = sizeOf(rowShape);
  return {
    rows,
    shape: rowShape,
    dtype: 'number',
    pixels: false,
    notes: [],
    read: (start, count) => Promise.resolve(all.subarray(start * size, (start + count) * size)),
  };
}
