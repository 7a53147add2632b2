import { DiagnosisError } from '../../report/errors';
import type { ArrayReader, DataFile, Target } from './arrayReader';
import { isLabelName } from './names';

/** A data file that holds arrays by name, each of which is opened when it is asked for. */
export function namedArrays(
  file: Pick<DataFile, 'name' | 'place'>,
  arrays: ReadonlyMap<string, () => Promise<ArrayReader>>,
): DataFile {
  const names = [...arrays.keys()];
  const labels =
    names.length > 1
      ? (names.find((name) => isLabelName(name) && isTraining(name)) ?? names.find(isLabelName) ?? null)
      : null;
  return {
    ...file,
    arrays: names,
    labels,
    open(array: string | null, target: Target): Promise<ArrayReader> {
      const others = names.filter((name) => target.role === 'labels' || name !== labels);
      const name = array ?? (others.length === 1 ? others[0] : null);
      if (name !== null) return arrays.get(name)!();
      const parts = others.filter((other) => !isLabelName(other) && isTraining(other));
      if (target.role === 'input' && parts.length === 1) return withNote(arrays.get(parts[0])!(), parts[0], names);
      const holds = names.length === 0 ? 'no arrays' : `the arrays ${names.join(', ')}`;
      const message = `The file holds ${holds}, and it is not clear which one to use as ${target.role === 'input' ? 'the input' : 'the labels'}.`;
      const remedy = 'Name the arrays like the inputs of the model, and the labels y.';
      return Promise.reject(new DiagnosisError('invalid-data', message, file.place, remedy));
    },
  };
}

/** `x_train`, as in the files of Keras' data sets, beside `x_test`. */
const isTraining = (name: string): boolean => /_train$/i.test(name);

async function withNote(opening: Promise<ArrayReader>, name: string, all: readonly string[]): Promise<ArrayReader> {
  const reader = await opening;
  const notes = [...reader.notes, `the array ${name} was used, of ${all.join(', ')}.`];
  return { ...reader, notes };
}
