import { parse } from 'csv-parse/sync';
import { DiagnosisError } from '../../report/errors';
import type { Bytes } from './bytes';
import { cellNumber, countCell, newColumn, type Table, type TableColumn } from './tableFile';

/** Bytes read at a time; a record must fit. */
const CHUNK = 1024 * 1024;
/** Records between two places whose offset is remembered. */
const BLOCK = 16;

const [QUOTE, NEWLINE, RETURN] = [0x22, 0x0a, 0x0d];

/** In place of a separator: cells stand apart by any number of spaces and tabs. */
const BLANKS = ' ';

/**
 * A CSV file (RFC 4180; separated by commas, semicolons, tabs, vertical bars or blanks) of any size: one pass finds out
 * what the columns hold and where the records are, and cells are then read from any place.
 */
export class CsvTable implements Table {
  /** Number of records, without the header. */
  rows = 0;
  columns: TableColumn[] = [];
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
      let body = 0;
      if (first === null) {
        const head = ends.findIndex((end, i) => !isBlank(text, ends[i - 1] ?? 0, end));
        if (head >= 0) {
          const [from, to] = [ends[head - 1] ?? 0, ends[head]];
          first = this.readFirst(text.subarray(from, to), text.subarray(to, ends[head + 1]), records);
          body = head + 1;
        }
      }
      if (first !== null) this.countRecords(text, ends, body, records);
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
    if (!text.includes('"')) return text.split(/\r\n|\n|\r/).flatMap((line) => (line === '' ? [] : [this.split(line)]));
    try {
      return parse(this.delimiter === BLANKS ? singleBlanks(text) : text, {
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

  /** The cells of a line without quotation marks. */
  private split(line: string): string[] {
    return this.delimiter === BLANKS ? line.trim().split(/[ \t]+/) : line.split(this.delimiter);
  }

  private count(cells: readonly string[]): void {
    const { columns } = this;
    if (cells.length !== columns.length) {
      throw this.invalid(
        `A row has ${cells.length} cells, and the first has ${columns.length}: ${cells.join(' ').slice(0, 60)}`,
      );
    }
    for (let i = 0; i < cells.length; i++) countCell(columns[i], this.number(cells[i]), cells[i]);
  }

  /** Finds the separator and the columns. `next` is what follows the first record, as far as it has been read. */
  private readFirst(record: Uint8Array, next: Uint8Array, records: number): string[] {
    this.delimiter = delimiterOf(record, next.length === 0 ? record : next);
    const [cells] = this.records(record, records);
    this.columns = cells.map((name) => newColumn(name.trim()));
    return cells;
  }

  /** Counts the cells of the records that end at `ends[first]` and after. */
  private countRecords(bytes: Uint8Array, ends: readonly number[], first: number, records: number): void {
    let begin = ends[first - 1] ?? 0;
    const text = bytes.subarray(begin, ends.at(-1) ?? begin);
    if (this.delimiter === BLANKS || text.includes(QUOTE)) {
      for (const cells of this.records(text, records)) this.count(cells);
      return;
    }
    for (let i = first; i < ends.length; i++) {
      if (!isBlank(bytes, begin, ends[i])) this.countRecord(bytes, begin, ends[i]);
      begin = ends[i];
    }
  }

  /**
   * `count` for a record without quotation marks. Nearly all cells of large files are plain decimal numbers, which need
   * not become texts to be told.
   */
  private countRecord(bytes: Uint8Array, begin: number, end: number): void {
    const { columns } = this;
    const separator = this.delimiter.charCodeAt(0);
    let last = end;
    while (bytes[last - 1] === NEWLINE || bytes[last - 1] === RETURN) last--;
    const textOf = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
    let cells = 0;
    for (let from = begin; from <= last; cells++) {
      let to = from;
      while (to < last && bytes[to] !== separator) to++;
      const column = columns[cells];
      if (column !== undefined) {
        if (isPlainNumber(bytes, from, to)) {
          column.numbers++;
        } else {
          const cell = textOf(from, to);
          countCell(column, this.number(cell), cell);
        }
      }
      from = to + 1;
    }
    // Says what is wrong.
    if (cells !== columns.length) this.count(textOf(begin, last).split(this.delimiter));
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

/**
 * The separator that the first record has most of; the semicolon where it separates numbers with decimal commas; blanks
 * where there is no other, and this record and the next have equally many words, with numbers in the second.
 */
function delimiterOf(record: Uint8Array, next: Uint8Array = record): string {
  const [line, second] = [record, next].map((bytes) => new TextDecoder().decode(bytes).replace(/"[^"]*"/g, '""'));
  const numbers = line.split(';');
  if (numbers.length > 1 && numbers.every((cell) => DECIMAL_COMMA.test(cell) || cellNumber(cell) !== null)) return ';';
  const count = (separator: string) => line.split(separator).length;
  const most = [',', ';', '\t', '|'].reduce((best, other) => (count(other) > count(best) ? other : best));
  if (count(most) > 1) return most;
  const [words, below] = [line, second].map((text) => text.trim().split(/[ \t]+/));
  const apart = words.length > 1 && words.length === below.length && below.some((word) => cellNumber(word) !== null);
  return apart ? BLANKS : most;
}

/** With one space between cells and none around them, so that the parser finds no empty cells. */
const singleBlanks = (text: string): string =>
  text
    .replace(/("(?:[^"]|"")*")|[ \t]*([\r\n])[ \t]*|[ \t]+/g, (_blanks, quoted?: string, lineBreak?: string) => {
      return quoted ?? lineBreak ?? ' ';
    })
    .trim();

const [PLUS, MINUS, POINT, ZERO, NINE, LOWER_E] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x65];

/** Whether the bytes are a decimal number as programs write it: a sign, digits with a point among them, an exponent. */
function isPlainNumber(bytes: Uint8Array, begin: number, end: number): boolean {
  const whole = skipDigits(bytes, skipSign(bytes, begin), end);
  const digits = whole - skipSign(bytes, begin);
  const point = whole < end && bytes[whole] === POINT ? 1 : 0;
  const mantissa = skipDigits(bytes, whole + point, end);
  if (digits + mantissa - whole - point === 0) return false;
  if (mantissa === end || (bytes[mantissa] | 0x20) !== LOWER_E) return mantissa === end;
  const exponent = skipSign(bytes, mantissa + 1);
  const after = skipDigits(bytes, exponent, end);
  return after > exponent && after === end;
}

const skipSign = (bytes: Uint8Array, at: number): number => (bytes[at] === PLUS || bytes[at] === MINUS ? at + 1 : at);

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] >= ZERO && bytes[i] <= NINE) i++;
  return i;
}

/** What the parser says is wrong, without the cell, which may hold anything. */
function complaintOf({ message }: Error): string {
  return message.replace(/, (?:value|field|row) is .*$/s, '').slice(0, 160);
}
