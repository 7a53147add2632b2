import { DiagnosisError } from '../../report/errors';
import type { TensorSpec } from '../../report/report';
import type { DataSource, LabelSource, Source } from '../source';
import type { NetworkInput } from '../model/network';
import type { DataFile } from './arrayReader';
import { placeOf } from './bytes';
import { isLabelName, matchName } from './names';

/** An array of a file, not yet opened; `array` is null for all that the file holds. */
export interface ArrayChoice {
  readonly source: Source;
  readonly file: DataFile;
  readonly array: string | null;
}

export interface OpenedSource<S extends Source = Source> {
  readonly source: S;
  readonly file: DataFile;
}

/** One choice per input, in their order, or an error that names the inputs left over or given twice. */
export function assignInputs(
  inputs: readonly NetworkInput[],
  opened: readonly OpenedSource<DataSource>[],
): ArrayChoice[] {
  const names = inputs.map(({ name }) => name);
  const choices = new Map<string, ArrayChoice>();
  for (const { source, file } of opened) {
    for (const [input, array] of feeds(names, source, file)) {
      const taken = choices.get(input);
      if (taken !== undefined) {
        const message = `Both ${taken.file.name} and ${file.name} feed the input ${input}.`;
        throw new DiagnosisError(
          'invalid-data',
          message,
          file.place,
          `Say which file feeds which input. ${listInputs(names)}`,
        );
      }
      choices.set(input, { source, file, array });
    }
  }
  return names.map((name) => {
    const choice = choices.get(name);
    if (choice === undefined) {
      const remedy = `Give --data ${name}=FILE, or a file that names its arrays. ${listInputs(names)}`;
      throw new DiagnosisError('invalid-data', `No data were given for the input ${name}.`, null, remedy);
    }
    return choice;
  });
}

/** Which inputs a file feeds, each with the name of the array. */
function feeds(names: readonly string[], source: DataSource, file: DataFile): (readonly [string, string | null])[] {
  if (source.input !== null) {
    const input = matchName(source.input, names);
    if (input === null) {
      throw new DiagnosisError(
        'invalid-data',
        `The model has no input ${source.input}.`,
        file.place,
        listInputs(names),
      );
    }
    return [[input, matchName(input, file.arrays)]];
  }
  if (names.length === 1) return [[names[0], matchName(names[0], file.arrays)]];
  const found = names.flatMap((name, index) => {
    // np.savez names its arguments in their order.
    const array = matchName(name, file.arrays) ?? file.arrays.find((other) => other === `arr_${index}`);
    return array === undefined ? [] : [[name, array] as const];
  });
  if (found.length === 0) {
    const message = `The model has ${names.length} inputs, and nothing says which one the file feeds.`;
    throw new DiagnosisError('invalid-data', message, file.place, `Give --data INPUT=FILE. ${listInputs(names)}`);
  }
  return found;
}

function listInputs(names: readonly string[]): string {
  return names.length === 1 ? `Its only input is ${names[0]}.` : `The inputs are ${names.join(', ')}.`;
}

/** One choice per output of the network, in their order. */
export function assignLabels(
  outputs: readonly TensorSpec[],
  { source, file }: OpenedSource<LabelSource>,
): ArrayChoice[] {
  if (source.array != null) {
    const array = matchName(source.array, file.arrays);
    const message = `The file holds nothing named ${source.array}.`;
    const holds = file.arrays.slice(0, 20).join(', ') || 'nothing that has a name';
    if (array === null) throw new DiagnosisError('invalid-data', message, file.place, `It holds ${holds}.`);
    if (outputs.length === 1) return [{ source, file, array }];
    const remedy = 'Give a file that names its arrays by the outputs.';
    throw new DiagnosisError('usage', `One array cannot be the labels of ${outputs.length} outputs.`, null, remedy);
  }
  if (outputs.length === 1) {
    const array = matchName(outputs[0].name, file.arrays) ?? file.labels ?? file.arrays.find(isLabelName) ?? null;
    return [{ source, file, array }];
  }
  return outputs.map(({ name }) => {
    const array = matchName(name, file.arrays);
    if (array === null) {
      const message = `The file names no labels for the output ${name}.`;
      const remedy = `Give a file that names its arrays by the outputs: ${outputs.map((output) => output.name).join(', ')}.`;
      throw new DiagnosisError('invalid-data', message, file.place, remedy);
    }
    return { source, file, array };
  });
}

export function sameFile(a: Source, b: Source): boolean {
  return placeOf(a) === placeOf(b);
}
