import { DiagnosisError } from '../../report/errors';
import { isRecord } from '../model/json';
import { cellNumber, countCell, newColumn, type Table, type TableColumn } from './tableFile';

/** Whether parsed JSON is a list of objects, one sample each. */
export const areRecords = (data: unknown): data is readonly Record<string, unknown>[] =>
  Array.isArray(data) && data.length > 0 && data.every(isRecord);

/** Columns that records may have in all; a hostile file could name a new one in each. */
const MAXIMUM_COLUMNS = 100_000;

/**
 * Records such as `{"a": 1, "color": "red", "pixels": [0, 0.5]}` as a table: a column for each name, in the order of
 * their first appearance, and for lists of numbers the columns `pixels_0`, `pixels_1`, … A name that a record lacks, and
 * null, is an empty cell.
 */
export class RecordTable implements Table {
  readonly header = true;
  readonly decimalComma = false;
  readonly columns: readonly TableColumn[];
  private readonly indices = new Map<string, number>();

  /** Throws `invalid-data` for values that are neither numbers, texts, booleans nor lists of them. */
  constructor(
    private readonly records: readonly Record<string, unknown>[],
    private readonly place: string,
  ) {
    for (const [i, record] of records.entries()) {
      for (const [name] of this.cellsOf(record, i)) {
        if (!this.indices.has(name)) this.indices.set(name, this.indices.size);
        if (this.indices.size > MAXIMUM_COLUMNS) {
          throw this.invalid(`The records have more than ${MAXIMUM_COLUMNS} different names.`);
        }
      }
    }
    this.columns = [...this.indices.keys()].map(newColumn);
    for (const [i] of records.entries()) {
      this.row(i).forEach((cell, column) => countCell(this.columns[column], this.number(cell), cell));
    }
  }

  get rows(): number {
    return this.records.length;
  }

  number(cell: string): number | null {
    return cellNumber(cell);
  }

  visit(start: number, count: number, show: (cells: readonly string[], row: number) => void): Promise<void> {
    return Promise.resolve().then(() => {
      for (let row = start; row < start + count; row++) show(this.row(row), row);
    });
  }

  private row(index: number): string[] {
    const row = new Array<string>(this.indices.size).fill('');
    for (const [name, cell] of this.cellsOf(this.records[index], index)) row[this.indices.get(name)!] = cell;
    return row;
  }

  private cellsOf(record: Record<string, unknown>, index: number): [string, string][] {
    return Object.entries(record).flatMap(([name, value]): [string, string][] =>
      Array.isArray(value)
        ? value.map((item: unknown, i) => [`${name}_${i}`, this.cell(item, `[${index}].${name}[${i}]`)])
        : [[name, this.cell(value, `[${index}].${name}`)]],
    );
  }

  private cell(value: unknown, at: string): string {
    if (value === null) return '';
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw this.invalid(`What stands at ${at.slice(0, 80)} is neither a number, a text nor a list of these.`);
  }

  private invalid(message: string): DiagnosisError {
    return new DiagnosisError('invalid-data', message, this.place, 'Give one object of plain values per sample.');
  }
}
