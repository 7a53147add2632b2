import { DiagnosisError } from '../../report/errors';
import type { ArrayReader, DataFile, Target } from './arrayReader';
import { sizeOf } from './inputStatistics';
import { isLabelName } from './names';
import { count } from './words';

/** Different texts of a column up to which it is made one-hot. */
const MAX_CATEGORIES = 32;
/** Numbers up to which a table is kept once it has been read. */
const MAX_KEPT = 16 * 1024 * 1024;

/** What is known of a column after one reading of the table. */
export interface TableColumn {
  readonly name: string;
  /** Cells that are numbers, cells that are empty or stand for a missing value, and the different texts otherwise. */
  numbers: number;
  missing: number;
  readonly texts: Set<string>;
}

/** Texts of one column that are told apart; further ones are not kept. */
export const MAX_TEXTS = 1000;

/** Rows of cells, one sample each. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  /** Whether the columns have names of their own. */
  readonly header: boolean;
  /** Whether some numbers have a decimal comma, as spreadsheets write them where that is the custom. */
  readonly decimalComma: boolean;
  /** NaN for missing values, null for texts. */
  number(cell: string): number | null;
  /** Shows the cells of rows `start` to `start + count - 1`. */
  visit(start: number, count: number, show: (cells: readonly string[], row: number) => void): Promise<void>;
}

/** The error where columns are chosen of a file that has none. */
export const withoutColumns = (place: string): DiagnosisError =>
  new DiagnosisError(
    'usage',
    'Only a table has columns to choose.',
    place,
    'Give a .csv or .tsv file, or .json with an array of objects.',
  );

export const newColumn = (name: string): TableColumn => ({ name, numbers: 0, missing: 0, texts: new Set() });

/** Counts a cell in its column; `number` as `Table.number` tells. */
export function countCell(column: TableColumn, number: number | null, cell: string): void {
  if (number === null) {
    if (column.texts.size <= MAX_TEXTS) column.texts.add(cell.trim());
  } else if (Number.isNaN(number)) {
    column.missing++;
  } else {
    column.numbers++;
  }
}

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

/**
 * A table as a data file, one sample per row. An input takes the columns of its name (`pixels`, or `pixels_0`,
 * `pixels_1`, …), otherwise all columns; without the index column (the first, where it has no name or is called id or index) and the label column if only then their
 * number fits. `selected` names the columns instead, in the order in which they feed the input: by their names, the name
 * of their group, their numbers from 1, or ranges of these (`2-5`). Texts become one-hot, in alphabetical order; in labels they become class indices.
 */
export function tableFile(
  { name, place }: Pick<DataFile, 'name' | 'place'>,
  table: Table,
  selected: readonly string[] | null,
): DataFile {
  const names = table.header ? table.columns.map((column) => column.name) : [];
  return {
    name,
    place,
    arrays: [...new Set([...names, ...names.map(groupOf)])].filter((other) => other !== ''),
    labels: null,
    open: (array, target) =>
      Promise.resolve().then(() => tableReader(table, choose(table, array, target, place, selected), target, place)),
  };
}

/** `pixels_12`, `pixels.12`, `pixels[12]` and `pixels 12` belong to `pixels`. */
function groupOf(name: string): string {
  return name.replace(/(?<=.)(?:[_. ]\d+|\[\d+\])$/, '');
}

interface Choice {
  readonly columns: readonly number[];
  readonly notes: readonly string[];
}

function choose(
  table: Table,
  array: string | null,
  target: Target,
  place: string,
  selected: readonly string[] | null,
): Choice {
  const { columns } = table;
  // A separator at the end of each line makes a column of nothing.
  const isEmpty = ({ name, numbers, texts }: TableColumn) =>
    numbers === 0 && texts.size === 0 && (name === '' || !table.header);
  const all = columns.map((_, index) => index).filter((index) => table.rows === 0 || !isEmpty(columns[index]));
  const size = sizeOf(target.shape);
  const width = (chosen: readonly number[]) => chosen.reduce((sum, index) => sum + widthOf(columns[index], target), 0);

  const named = all.filter(
    (index) => array !== null && (columns[index].name === array || groupOf(columns[index].name) === array),
  );
  if (target.role === 'labels') {
    if (named.length > 0) return { columns: named, notes: [] };
    if (all.length === 1 || width(all) === size) return { columns: all, notes: [] };
    const message = `It is not clear which of the ${all.length} columns holds the labels.`;
    throw new DiagnosisError('invalid-data', message, place, 'Give --labels COLUMN=FILE, or name the column label.');
  }
  const notFed = (fed: readonly number[]) => {
    const others = all
      .filter((index) => !fed.includes(index))
      .map((index) => columns[index].name || 'the index column');
    return others.length === 0 ? [] : [`not fed to the model: ${others.join(', ')}.`];
  };
  if (selected !== null) {
    const fed = selected.flatMap((wanted) => columnsNamed(wanted, columns, place));
    return { columns: fed, notes: notFed(fed) };
  }
  if (named.length > 0 && width(named) === size) return { columns: named, notes: [] };

  const isIndex = (index: number) =>
    index === 0 && table.header && /^(unnamed: 0|id|index|idx)?$/i.test(columns[0].name);
  const isLabel = (index: number) => table.header && isLabelName(columns[index].name);
  const isReserved = (index: number) =>
    target.reserved !== null && [columns[index].name, groupOf(columns[index].name)].includes(target.reserved);
  const open = all.filter((index) => !isReserved(index));
  const candidates = [
    open,
    open.filter((index) => !isIndex(index)),
    open.filter((index) => !isLabel(index)),
    open.filter((index) => !isIndex(index) && !isLabel(index)),
  ];
  const chosen = candidates.find((candidate) => width(candidate) === size) ?? open;
  return { columns: chosen, notes: notFed(chosen) };
}

/** The columns of that name, group, number from 1, or range of numbers; `invalid-data` where there are none. */
function columnsNamed(wanted: string, columns: readonly TableColumn[], place: string): number[] {
  const all = columns.map((_, index) => index);
  for (const is of [({ name }: TableColumn) => name === wanted, ({ name }: TableColumn) => groupOf(name) === wanted]) {
    const found = all.filter((index) => is(columns[index]));
    if (found.length > 0) return found;
  }
  const range = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(wanted);
  const [first, last] = range === null ? [0, 0] : [Number(range[1]), Number(range[2] ?? range[1])];
  if (first >= 1 && first <= last && last <= columns.length) return all.slice(first - 1, last);
  const names = columns.map(({ name }) => name).filter((name) => name !== '');
  const shown = `${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
  const message = `The table has no column ${wanted.slice(0, 40)}.`;
  throw new DiagnosisError('invalid-data', message, place, `Its ${columns.length} columns are ${shown}.`);
}

/** Number of values that a column becomes. */
function widthOf({ texts }: TableColumn, { role }: Target): number {
  return role === 'labels' || texts.size === 0 ? 1 : texts.size;
}

/** How a column becomes numbers. */
interface Encoding {
  readonly column: number;
  readonly width: number;
  /** Place of each text; null for columns of numbers. */
  readonly categories: ReadonlyMap<string, number> | null;
}

function tableReader(table: Table, choice: Choice, target: Target, place: string): ArrayReader {
  const notes = [...choice.notes];
  if (table.decimalComma) notes.push('commas within numbers were read as decimal points.');
  const encodings = choice.columns.map((column): Encoding => {
    const { name, missing } = table.columns[column];
    const categories = categoriesOf(table.columns[column], target, place);
    if (missing > 0) notes.push(`the column ${name} has ${count(missing, 'empty cell')}, read as NaN.`);
    if (categories !== null) {
      const become = target.role === 'labels' ? `the classes 0 to ${categories.size - 1}` : 'one-hot values';
      const order = `in alphabetical order (${[...categories.keys()].slice(0, 4).join(', ')}${categories.size > 4 ? ', …' : ''})`;
      notes.push(
        `the texts of the column ${name} became ${become} ${order}; a model trained with another encoding needs numbers.`,
      );
    }
    return { column, width: widthOf(table.columns[column], target), categories };
  });
  const width = encodings.reduce((sum, encoding) => sum + encoding.width, 0);

  const parse = async (start: number, rows: number): Promise<Float64Array> => {
    const values = new Float64Array(rows * width);
    await table.visit(start, rows, (cells, row) => {
      let to = (row - start) * width;
      for (const { column, width: columnWidth, categories } of encodings) {
        const cell = cells[column];
        const number = table.number(cell);
        const category = categories?.get(cell.trim());
        if (categories === null || number !== null) values.fill(number ?? NaN, to, to + columnWidth);
        else if (target.role === 'labels') values[to] = category ?? NaN;
        else if (category !== undefined) values[to + category] = 1;
        to += columnWidth;
      }
    });
    return values;
  };
  let kept: Promise<Float64Array> | null = null;
  return {
    rows: table.rows,
    shape: width === 1 && target.role === 'labels' ? [] : [width],
    dtype: 'number',
    pixels: false,
    notes,
    async read(start: number, rows: number): Promise<Float64Array> {
      if (table.rows * width > MAX_KEPT) return parse(start, rows);
      kept ??= parse(0, table.rows);
      return (await kept).subarray(start * width, (start + rows) * width);
    },
  };
}

/** The texts of a column in alphabetical order; null for numbers, `invalid-data` for what is neither. */
function categoriesOf(column: TableColumn, target: Target, place: string): ReadonlyMap<string, number> | null {
  const { name, numbers, texts } = column;
  if (texts.size === 0) return null;
  const most = target.role === 'labels' ? MAX_TEXTS : MAX_CATEGORIES;
  const example = [...texts][0].slice(0, 40);
  const refuse = (message: string, remedy: string) => new DiagnosisError('invalid-data', message, place, remedy);
  if (numbers > 0)
    throw refuse(
      `The column ${name} holds both numbers and texts such as "${example}".`,
      'Give numbers, or leave the cell empty.',
    );
  if (target.kind === 'indices')
    throw refuse(
      `The column ${name} holds texts such as "${example}", and the input takes indices.`,
      'Encode the texts with the vocabulary of the model.',
    );
  if (texts.size > most)
    throw refuse(
      `The column ${name} holds more than ${most} different texts, such as "${example}".`,
      'Encode the column as the model was trained, or leave it out.',
    );
  // By code unit, so that the order is the same everywhere.
  return new Map([...texts].sort((a, b) => (a < b ? -1 : 1)).map((text, index) => [text, index]));
}
