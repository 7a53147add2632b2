import { DiagnosisError } from '../../report/errors';
import type { ProbeInput } from '../../report/report';
import type { NetworkInput } from '../model/network';
import type { ArrayReader } from './arrayReader';
import type { ArrayChoice } from './assignment';
import { InputStatistics, sizeOf } from './inputStatistics';
import { roomFor, type InputValues } from './probe';
import { visitRows } from './rows';
import { describeScale, scaling, type Scale, type Scaling } from './scale';
import { fitShape, imageLayout } from './shapes';
import { formatRange, formatShape } from './words';

/** The user's data for one input of the network. */
export class InputData {
  readonly description: Pick<ProbeInput, 'name' | 'shape' | 'source' | 'file'>;
  readonly statistics: InputStatistics;
  private readonly size: number;
  private readonly scaling: Scaling;

  private constructor(
    private readonly input: NetworkInput,
    readonly reader: ArrayReader,
    private readonly choice: ArrayChoice,
    shape: readonly number[],
    private readonly scale: Scale | null,
  ) {
    this.description = { name: input.name, shape, source: 'data', file: choice.file.name };
    this.size = sizeOf(shape);
    this.statistics = new InputStatistics(this.size);
    this.scaling = scaling(scale ?? 1);
    if (scale === 'imagenet' && imageLayout(shape)?.channels !== 3) {
      const message = `The scale imagenet is for three channels, and the input ${input.name} takes ${formatShape(shape)}.`;
      throw new DiagnosisError('usage', message, null, 'Give another scale, such as 0..1 or 1/255.');
    }
  }

  /**
   * @param declared shape of one sample as the model declares it
   * @param reserved name of the array that holds the labels, when that is in the same file
   */
  static async open(
    input: NetworkInput,
    declared: readonly (number | null)[],
    choice: ArrayChoice,
    reserved: string | null,
    scale: Scale | null,
  ): Promise<InputData> {
    const { file, array } = choice;
    const reader = await file.open(array, { role: 'input', shape: input.shape, kind: input.kind, reserved });
    if (reader.rows === 0)
      throw new DiagnosisError('invalid-data', 'The file holds no samples.', file.place, 'Give at least one sample.');
    const shape = fitShape(declared, reader.shape);
    if (shape === null) throw await mismatch(input, declared, reader, file.place);
    const pixelScale = (input.range?.[1] ?? 1) > 1 ? '0..255' : '0..1';
    return new InputData(input, reader, choice, shape, scale ?? (reader.pixels ? pixelScale : null));
  }

  get place(): string {
    return this.choice.file.place;
  }

  /** These rows `[rows, ...shape]`, which are the samples from `start` on. */
  async batch(rows: readonly number[], start: number, spent?: InputValues): Promise<InputValues> {
    const { size, scaling } = this;
    const length = rows.length * size;
    const floats = this.input.dtype === 'float32';
    const room = roomFor(length, spent);
    const values = floats ? new Float32Array(room, 0, length) : new Int32Array(room, 0, length);
    const { channels, channelStride } = imageLayout(this.description.shape) ?? { channels: 1, channelStride: 1 };
    const whole = !floats || this.input.kind === 'indices';
    await visitRows(this.reader, rows, (numbers, from, position) => {
      const to = position * size;
      if (this.scale === null && !whole) {
        values.set(numbers.subarray(from, from + size), to);
        return;
      }
      for (let i = 0; i < size; i++) {
        const value = scaling(numbers[from + i], Math.floor(i / channelStride) % channels);
        values[to + i] = whole ? this.validInteger(value, rows[position]) : value;
      }
    });
    this.statistics.add(values, start);
    return values;
  }

  private validInteger(value: number, row: number): number {
    const { name, dtype, kind, limit } = this.input;
    if (dtype === 'bool') return value === 0 ? 0 : 1;
    const indices = kind === 'indices';
    if (Number.isInteger(value) && (!indices || (value >= 0 && (limit === null || value < limit)))) return value;
    const takes = indices && limit !== null ? `takes the indices 0 to ${limit - 1}` : 'takes integers';
    const message = `The input ${name} ${takes}, and row ${row} holds ${value}.`;
    const remedy = indices
      ? 'Encode the data with the vocabulary that the model was trained with.'
      : 'Give whole numbers.';
    throw new DiagnosisError('invalid-data', message, this.place, remedy);
  }

  /** What the data, as far as they were handed out, say against the measurement. */
  get limits(): string[] {
    const { input, reader, scale, statistics } = this;
    const { name, shape } = this.description;
    const file = this.choice.file.name;
    const limits = reader.notes.map((note) => `${file}: ${note}`);
    if (reader.shape.length !== shape.length || shape.some((dimension, i) => dimension !== reader.shape[i])) {
      limits.push(
        `${file} holds ${formatShape(reader.shape)} per sample, which was read as ${formatShape(shape)} for ${name}.`,
      );
    }
    if (scale !== null) limits.push(`The values of ${file} were ${describeScale(scale)}.`);
    if (statistics.nonFinite > 0) {
      limits.push(
        `${statistics.nonFinite} of the ${statistics.count} values read from ${file} are not finite (NaN or infinite).`,
      );
    }
    const { minimum, maximum } = statistics.summary;
    if (scale === null && minimum !== null && maximum !== null) {
      const advice = rangeAdvice(input, maximum);
      if (advice !== null) limits.push(`${file} holds pixels in ${formatRange(minimum, maximum)}. ${advice}`);
    }
    return limits;
  }
}

/** Enough rows to tell pixels of [0, 255] from pixels of [0, 1]. */
const ROWS_TO_TELL_RANGE = 16;

/** What to do about pixels on another scale than the network's; null when they are on the same. */
function rangeAdvice({ name, range }: NetworkInput, maximum: number): string | null {
  if (range === null) return null;
  const expects = `The input ${name} most likely expects ${formatRange(...range)}`;
  if (range[1] <= 1 && maximum > 2) return `${expects}: if the model was trained on scaled pixels, pass --scale 1/255.`;
  if (range[1] >= 255 && maximum <= 1 && maximum > 0) return `${expects}: if the pixels were scaled, pass --scale 255.`;
  return null;
}

async function mismatch(
  input: NetworkInput,
  declared: readonly (number | null)[],
  reader: ArrayReader,
  place: string,
): Promise<DiagnosisError> {
  let range = '';
  let advice: string | null = null;
  if (sizeOf(reader.shape) <= 4_000_000) {
    const numbers = await reader.read(0, Math.min(reader.rows, ROWS_TO_TELL_RANGE));
    let minimum = Infinity;
    let maximum = -Infinity;
    for (const number of numbers) {
      if (number < minimum) minimum = number;
      if (number > maximum) maximum = number;
    }
    if (minimum <= maximum) range = ` in ${formatRange(minimum, maximum)}`;
    advice = rangeAdvice(input, maximum);
  }
  const expects = formatShape(declared) + (input.range === null ? '' : ` in ${formatRange(...input.range)}`);
  return new DiagnosisError(
    'shape-mismatch',
    `The model expects ${expects} for the input ${input.name}, the file holds ${formatShape(reader.shape)}${range} per sample.`,
    place,
    [remedyFor(declared, reader), ...(advice === null ? [] : [advice])].join(' '),
  );
}

function remedyFor(declared: readonly (number | null)[], reader: ArrayReader): string {
  const whole = [reader.rows, ...reader.shape];
  if (fitShape(declared, whole) !== null) {
    return 'The file seems to hold one sample without an axis for the samples: add it with x[None].';
  }
  const sorted = (shape: readonly (number | null)[]) => [...shape].map(Number).sort((a, b) => a - b);
  if (String(sorted(declared)) === String(sorted(reader.shape))) {
    return 'The axes are in another order: transpose the array.';
  }
  return `Give one row of ${formatShape(declared)} per sample, the samples along the first axis.`;
}
