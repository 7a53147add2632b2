import { DiagnosisError } from '../../report/errors';
import type { ProbeInput, TensorSpec } from '../../report/report';
import type { DataSource, LabelSource } from '../source';
import type { NetworkInput } from '../model/network';
import { assignInputs, assignLabels, sameFile, type OpenedSource } from './assignment';
import { openDataFile } from './dataFile';
import { InputData } from './inputData';
import { Labels } from './labels';
import type { Probe, ProbeBatch } from './probe';
import { mulberry32, randomOrder } from './random';
import type { Scale } from './scale';

export interface DataProbeOptions {
  readonly seed: number;
  /**
   * The number of samples that will be asked for: all of the file's keep their order, fewer are drawn at random. Null
   * when that is not known yet: the samples then come in a random order, so that a sorted file never starts a growing
   * probe with one class only.
   */
  readonly samples: number | null;
  /** For the image inputs, or where the model has none, for all but indices. Null leaves arrays as they are and scales image files to the range of the input. */
  readonly scale: Scale | null;
  /** Columns of tables that feed the network, see `tableFile`. */
  readonly columns?: readonly string[] | null;
  /** The inputs as the model declares them: their free dimensions then take the size that the data have, not the one of `inputs`. */
  readonly declared?: readonly TensorSpec[];
}

/**
 * The user's data as a probe. Files are read in parts, as batches are asked for. Rejects with `shape-mismatch` or
 * `invalid-data` when the data cannot be fed to the network, and with what the folders reject with.
 *
 * @param labels file with the labels; null takes the array that a data file names `y` or `labels`, if there is one
 * @param outputs what the labels are for
 */
export async function dataProbe(
  inputs: readonly NetworkInput[],
  data: readonly DataSource[],
  labels: LabelSource | null,
  outputs: readonly TensorSpec[],
  options: DataProbeOptions,
): Promise<Probe> {
  const { scale, columns = null } = options;
  const opened: OpenedSource<DataSource>[] = [];
  for (const source of data) opened.push({ source, file: await openDataFile(source, columns) });

  const limits: string[] = [];
  const labelled = await openLabels(labels, opened, outputs, limits);
  const anyImage = inputs.some(({ kind }) => kind === 'image');
  const fed: InputData[] = [];
  for (const [index, choice] of assignInputs(inputs, opened).entries()) {
    const input = inputs[index];
    const scaled = input.kind === 'image' || (!anyImage && input.kind === 'features');
    const declared = options.declared?.[index]?.shape.slice(1) ?? input.shape;
    const label = labelled.find((other) => sameFile(other.choice.source, choice.source));
    fed.push(await InputData.open(input, declared, choice, label?.choice.array ?? null, scaled ? scale : null));
  }

  const [first] = fed;
  for (const { reader, place } of [...fed, ...labelled]) {
    if (reader.rows === first.reader.rows) continue;
    const message = `The files hold different numbers of samples: ${first.reader.rows} and ${reader.rows}.`;
    throw new DiagnosisError(
      'shape-mismatch',
      message,
      place,
      `Give files with one row per sample, in the same order as ${first.place}.`,
    );
  }
  const { rows } = first.reader;

  const available = Math.min(rows, options.samples ?? rows);
  const order = options.samples === null || available < rows ? randomOrder(rows, mulberry32(options.seed)) : null;
  const drawn: number[] = [];
  const rowsOf = (start: number, end: number): number[] => {
    while (order !== null && drawn.length < end) drawn.push(order());
    return Array.from({ length: Math.max(0, end - start) }, (_, i) => (order === null ? start + i : drawn[start + i]));
  };

  return {
    available,
    inputs: fed.map(({ description }) => description),
    labelShapes: labelled.length === 0 ? null : labelled.map(({ shape }) => shape),
    async batch(start: number, count: number, spent?: ProbeBatch): Promise<ProbeBatch> {
      const wanted = rowsOf(start, Math.min(start + count, available));
      const values = [];
      for (const [k, input] of fed.entries()) values.push(await input.batch(wanted, start, spent?.inputs[k]));
      const targets = [];
      for (const [k, label] of labelled.entries()) targets.push(await label.batch(wanted, spent?.labels?.[k]));
      return { samples: wanted.length, inputs: values, labels: labelled.length === 0 ? null : targets };
    },
    labelRanges: () => (labelled.length === 0 ? null : labelled.map(({ range }) => range)),
    summary: (): ProbeInput[] => fed.map((input) => ({ ...input.description, ...input.statistics.summary })),
    box: (input: number) => fed[input].statistics.box,
    get limits() {
      const share = available < rows ? [`Only ${available} of the ${rows} samples were used, drawn at random.`] : [];
      return [...limits, ...share, ...[...fed, ...labelled].flatMap((part) => part.limits)];
    },
  };
}

/**
 * None when no labels are given. Labels that a data file merely happens to hold are left aside, with a word in `limits`,
 * when they do not fit; labels that were asked for are an error then.
 */
async function openLabels(
  asked: LabelSource | null,
  data: readonly OpenedSource<DataSource>[],
  outputs: readonly TensorSpec[],
  limits: string[],
): Promise<Labels[]> {
  if (asked !== null) {
    // A large table is read through when it is opened.
    const same = data.find(({ source }) => sameFile(source, asked));
    return openAll({ source: asked, file: same?.file ?? (await openDataFile(asked)) }, outputs);
  }
  const holder = data.find(({ file }) => file.labels !== null);
  if (holder === undefined) return [];
  try {
    return await openAll(holder, outputs);
  } catch (error) {
    if (!(error instanceof DiagnosisError)) throw error;
    limits.push(`The labels in ${holder.file.name} were not used. ${error.message}`);
    return [];
  }
}

async function openAll(opened: OpenedSource<LabelSource>, outputs: readonly TensorSpec[]): Promise<Labels[]> {
  const labels: Labels[] = [];
  for (const [index, choice] of assignLabels(outputs, opened).entries()) {
    labels.push(await Labels.open(outputs[index], choice));
  }
  return labels;
}
