import { parse } from 'csv-parse/sync';
import { DiagnosisError } from '../../report/errors';
import type { Bytes } from './bytes';

/** What is known of a column after one reading of the file; the header is not counted. */
export interface CsvColumn {
  readonly name: string;
  /** Cells that are numbers, cells that are empty or stand for a missing value, and the different texts otherwise. */
  numbers: number;
  missing: number;
  readonly texts: Set<string>;
}

/** Texts of one column that are told apart; further ones are not kept. */
export const MAX_TEXTS = 1000;

/** Bytes read at a time; a record must fit. */
const CHUNK = 1024 * 1024;
/** Records between two places whose offset is remembered. */
const BLOCK = 16;

const [QUOTE, NEWLINE, RETURN] = [0x22, 0x0a, 0x0d];

/**
 * A CSV file (RFC 4180; separated by commas, semicolons, tabs or vertical bars) of any size: one pass finds out what the columns
 * hold and where the records are, and cells are then read from any place.
 */
export class CsvTable {
  /** Number of records, without the header. */
  rows = 0;
  columns: CsvColumn[] = [];
  /** Whether the first record names the columns; otherwise they are called `column 1`, `column 2`, … */
  header = false;
  /** Whether some numbers have a decimal comma, as spreadsheets write them where that is the custom. */
  decimalComma = false;
  private delimiter = ',';
  /** Offset of every 16th record, the header being the first, and of the end. */
  private readonly offsets: number[] = [];

  private constructor(private readonly bytes: Bytes) {}

  static async open(bytes: Bytes): Promise<CsvTable> {
    const table = new CsvTable(bytes);
    await table.scan();
    return table;
  }

  /** NaN for missing values, null for texts. */
  number(cell: string): number | null {
    const number = cellNumber(cell);
    // A comma can only be a decimal one where it separates nothing; a tab does not tell it from one of thousands.
    if (number !== null || this.delimiter !== ';' || !DECIMAL_COMMA.test(cell)) return number;
    this.decimalComma = true;
    return Number(cell.replace(',', '.'));
  }

  /** Shows the cells of rows `start` to `start + count - 1`. */
  async visit(start: number, count: number, show: (cells: string[], row: number) => void): Promise<void> {
    const skipped = this.header ? 1 : 0;
    const [first, end] = [start + skipped, start + skipped + count];
    for (let block = Math.floor(first / BLOCK); block * BLOCK < end; ) {
      const from = this.offsets[block];
      let next = block + 1;
      while (next * BLOCK < end && this.offsets[next + 1] - from <= CHUNK) next++;
      const records = this.records(await this.bytes.read(from, this.offsets[next] - from), block * BLOCK);
      for (let i = 0; i < records.length; i++) {
        const record = block * BLOCK + i;
        if (record >= first && record < end) show(records[i], record - skipped);
      }
      block = next;
    }
  }

  /** Reads the file once, record by record. */
  private async scan(): Promise<void> {
    const { bytes } = this;
    let first: string[] | null = null;
    let records = 0;
    let pending = new Uint8Array();
    let offset = await this.start();
    for (let ended = false; !ended; ) {
      const read = await bytes.read(offset + pending.length, CHUNK);
      ended = read.length === 0;
      const text = new Uint8Array(pending.length + read.length);
      text.set(pending);
      text.set(read, pending.length);

      const ends = recordEnds(text, ended);
      const used = ends.at(-1) ?? 0;
      if (used === 0 && text.length > CHUNK)
        throw this.invalid('A line of the file is longer than 1 MB, or a quotation mark is not closed.');
      let begin = 0;
      for (const end of ends) {
        if (!isBlank(text, begin, end) && records++ % BLOCK === 0) this.offsets.push(offset + begin);
        begin = end;
      }
      if (first === null && used > 0) this.delimiter = delimiterOf(text.subarray(0, ends[0]));
      const parsed = this.records(text.subarray(0, used), records);
      for (const cells of parsed) {
        if (first === null) {
          first = cells;
          this.columns = cells.map((name) => ({ name: name.trim(), numbers: 0, missing: 0, texts: new Set() }));
        } else {
          this.count(cells);
        }
      }
      pending = text.slice(used);
      offset += used;
    }
    this.offsets.push(offset);
    if (first === null)
      throw new DiagnosisError('file-empty', 'The file is empty.', bytes.place, 'Save the data again.');
    this.header = this.isHeader(first);
    this.rows = records - (this.header ? 1 : 0);
    if (this.header) return;
    this.columns = this.columns.map((column, i) => ({ ...column, name: `column ${i + 1}` }));
    this.count(first);
  }

  /** Past the byte order mark. */
  private async start(): Promise<number> {
    const [a, b, c] = await this.bytes.read(0, 3);
    if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
      throw this.invalid('The file is encoded in UTF-16.', 'Save it in UTF-8.');
    return a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0;
  }

  private records(bytes: Uint8Array, firstRecord: number): string[][] {
    const text = new TextDecoder().decode(bytes);
    // Splitting is ten times as fast as the parser, and the same where nothing is quoted.
    if (!text.includes('"')) {
      const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '');
      return lines.map((line) => line.split(this.delimiter));
    }
    try {
      return parse(text, {
        delimiter: this.delimiter,
        relax_column_count: true,
        skip_empty_lines: true,
        record_delimiter: ['\r\n', '\n', '\r'],
      });
    } catch (error) {
      const message = `The file is not valid CSV near record ${firstRecord + 1}: ${complaintOf(error as Error)}.`;
      throw new DiagnosisError('invalid-data', message, this.bytes.place, 'Mend the quotation marks.', {
        cause: error,
      });
    }
  }

  private count(cells: string[]): void {
    const { columns } = this;
    if (cells.length !== columns.length) {
      throw this.invalid(
        `A row has ${cells.length} cells, and the first has ${columns.length}: ${cells.join(' ').slice(0, 60)}`,
      );
    }
    for (let i = 0; i < cells.length; i++) {
      const column = columns[i];
      const number = this.number(cells[i]);
      if (number === null) {
        if (column.texts.size <= MAX_TEXTS) column.texts.add(cells[i].trim());
      } else if (Number.isNaN(number)) {
        column.missing++;
      } else {
        column.numbers++;
      }
    }
  }

  /** Whether a text stands above numbers or, where there are no numbers, names that do not come again. */
  private isHeader(first: readonly string[]): boolean {
    const { columns } = this;
    if (columns.some(({ numbers, texts }, i) => numbers > 0 && texts.size === 0 && this.number(first[i]) === null))
      return true;
    return columns.every(
      ({ numbers, texts }, i) => numbers === 0 && this.number(first[i]) === null && !texts.has(first[i].trim()),
    );
  }

  private invalid(message: string, remedy = 'Give one row of cells per sample, all of one length.'): DiagnosisError {
    return new DiagnosisError('invalid-data', message, this.bytes.place, remedy);
  }
}

const DECIMAL_COMMA = /^\s*[-+]?\d*,\d+(?:e[-+]?\d+)?\s*$/i;

const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none']);

/** NaN for missing values, null for texts. True and false, as pandas writes them, are 1 and 0. */
export function cellNumber(cell: string): number | null {
  const number = Number(cell);
  // Number makes 0 of blanks.
  if (number !== 0 ? !Number.isNaN(number) : cell.trim() !== '') return number;
  const text = cell.trim().toLowerCase();
  if (MISSING.has(text)) return NaN;
  if (text === 'true') return 1;
  if (text === 'false') return 0;
  const infinite = /^([+-]?)inf(?:inity)?$/.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return null;
}

/** Where records end, one past their line break: a line break within quotation marks belongs to a cell. */
function recordEnds(text: Uint8Array, ended: boolean): number[] {
  const ends: number[] = [];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    // A carriage return alone ends a line of old spreadsheets; one whose line feed comes in the next part does no harm,
    // since blank lines are skipped.
    else if (text[i] === NEWLINE || (text[i] === RETURN && text[i + 1] !== NEWLINE)) ends.push(i + 1);
  }
  if (ended && text.length > (ends.at(-1) ?? 0)) ends.push(text.length);
  return ends;
}

function isBlank(text: Uint8Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (text[i] !== NEWLINE && text[i] !== RETURN) return false;
  return true;
}

/** The separator that the first record has most of; the semicolon where it separates numbers with decimal commas. */
function delimiterOf(record: Uint8Array): string {
  const line = new TextDecoder().decode(record).replace(/"[^"]*"/g, '');
  const numbers = line.split(';');
  if (numbers.length > 1 && numbers.every((cell) => DECIMAL_COMMA.test(cell) || cellNumber(cell) !== null)) return ';';
  const count = (separator: string) => line.split(separator).length;
  return [',', ';', '\t', '|'].reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** What the parser says is wrong, without the cell, which may hold anything. */
function complaintOf({ message }: Error): string {
  return message.replace(/, (?:value|field|row) is .*$/s, '').slice(0, 160);
}
