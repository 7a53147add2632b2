import { DiagnosisError } from '../../report/errors';
import type { LabelRange, TensorSpec } from '../../report/report';
import type { ArrayReader } from './arrayReader';
import type { ArrayChoice } from './assignment';
import { sizeOf } from './inputStatistics';
import { roomFor } from './probe';
import { visitRows } from './rows';
import { fitShape } from './shapes';
import { formatShape } from './words';

/** The labels of one output: as the file holds them, or one-hot where it holds class indices and the output has several units. */
export class Labels {
  private minimum = Infinity;
  private maximum = -Infinity;

  private constructor(
    readonly choice: ArrayChoice,
    readonly reader: ArrayReader,
    /** Of one label. */
    readonly shape: readonly number[],
    /** Number of classes where the file holds indices, null where it holds whole labels. */
    private readonly classes: number | null,
  ) {}

  /** What was assumed in reading the labels, one sentence each. */
  get limits(): string[] {
    return this.reader.notes.map((note) => `${this.choice.file.name}: ${note}`);
  }

  get place(): string {
    return this.choice.file.place;
  }

  /** Rejects with `shape-mismatch` when the rows can be neither the output's labels nor indices of its units. */
  static async open(output: TensorSpec, choice: ArrayChoice): Promise<Labels> {
    const expected = output.shape.slice(1);
    const shape = expected.map((dimension) => dimension ?? 1);
    const reader = await choice.file.open(choice.array, { role: 'labels', shape, kind: 'features', reserved: null });
    const whole = fitShape(expected, reader.shape);
    if (whole !== null) return new Labels(choice, reader, whole, null);
    const classes = expected.at(-1) ?? null;
    const positions = fitShape(expected.slice(0, -1), reader.shape);
    if (classes !== null && classes > 1 && positions !== null) {
      return new Labels(choice, reader, [...positions, classes], classes);
    }
    const holds = formatShape(reader.shape);
    throw new DiagnosisError(
      'shape-mismatch',
      `The output ${output.name} gives ${formatShape(expected)} per sample, the labels hold ${holds}.`,
      choice.file.place,
      'Give for each sample one class index, or one label of the shape of the output.',
    );
  }

  /** The labels of these rows, `[rows, ...shape]`. */
  async batch(rows: readonly number[], spent?: Float32Array): Promise<Float32Array> {
    const { classes } = this;
    const size = sizeOf(this.shape);
    const read = sizeOf(this.reader.shape);
    const length = rows.length * size;
    const labels = new Float32Array(roomFor(length, spent), 0, length).fill(0);
    await visitRows(this.reader, rows, (numbers, from, position) => {
      const to = position * size;
      for (let i = 0; i < read; i++) {
        const value = numbers[from + i];
        if (classes === null) labels[to + i] = this.validValue(value, rows[position]);
        else labels[to + i * classes + this.validClass(value, classes, rows[position])] = 1;
      }
    });
    for (const value of labels) {
      if (value < this.minimum) this.minimum = value;
      if (value > this.maximum) this.maximum = value;
    }
    return labels;
  }

  /** Of the labels handed out so far. */
  get range(): LabelRange {
    const { minimum, maximum } = this;
    return minimum > maximum ? { minimum: null, maximum: null } : { minimum, maximum };
  }

  private validValue(value: number, row: number): number {
    if (Number.isFinite(value)) return value;
    const message = `The label in row ${row} is ${value}.`;
    throw new DiagnosisError('invalid-data', message, this.place, 'Leave the sample out.');
  }

  private validClass(value: number, classes: number, row: number): number {
    if (Number.isInteger(value) && value >= 0 && value < classes) return value;
    const message = `The label in row ${row} is ${value}, but the output has the classes 0 to ${classes - 1}.`;
    throw new DiagnosisError('invalid-data', message, this.place, 'Number the classes from 0, or give one-hot labels.');
  }
}
