import { describe, expect, it } from 'vitest';
import { fileBytes } from '../../../src/analysis/probe/bytes';
import { openCsv } from '../../../src/analysis/probe/csv';
import type { Target } from '../../../src/analysis/probe/arrayReader';
import { memoryFolder } from './memoryFolder';
import { targetOf } from './target';

const open = (text: string | Uint8Array, columns: readonly string[] | null = null) => {
  const folder = memoryFolder({ 'd.csv': text });
  return openCsv('d.csv', fileBytes(folder, 'd.csv'), columns);
};

async function table(text: string | Uint8Array, target: Target, array: string | null = null) {
  const reader = await (await open(text)).open(array, target);
  const values = [...(await reader.read(0, reader.rows))];
  return { rows: reader.rows, shape: reader.shape, values, notes: reader.notes.join(' ') };
}

describe('openCsv', () => {
  it.each([
    ['a header', 'a,b\n1,2\n3,4\n'],
    ['no header', '1,2\n3,4\n'],
    ['no line break at the end', '1,2\n3,4'],
    ['line breaks of Windows', 'a,b\r\n1,2\r\n3,4\r\n'],
    ['line breaks of both kinds', 'a,b\r\n1,2\n3,4\r\n'],
    ['empty lines', '\n1,2\n\r\n3,4\n\n'],
    ['semicolons', 'a;b\n1;2\n3;4'],
    ['tabs', '1\t2\n3\t4'],
    ['vertical bars', 'a|b\n1|2\n3|4'],
    ['runs of spaces', '  1   2\n 3.0  4 \n'],
    ['runs of spaces and a header', 'a b\n1  2\n3  4'],
    ['spaces and tabs between quoted cells', '"a 1"  b\n"1" \t2\n\n3 "4" \n'],
    ['exponents and signs', 'a,b\n+1,20e-1\n.3E+1,4.e0'],
    ['line breaks of old Macs', 'a,b\r1,2\r3,4\r'],
    ['a separator at the end of each line', 'a,b,\n1,2,\n3,4,\n'],
    ['a separator at the end of each line, and no header', '1,2,\n3,4,\n'],
    ['spaces', 'a, b\n 1, 2\n3 ,4'],
    ['quotation marks', '"a, first","b\nand ""more"""\n"1","2"\n3,4'],
    ['a byte order mark', '\ufeffa,b\n1,2\n3,4'],
  ])('reads numbers with %s', async (_, text) => {
    expect(await table(text, targetOf([2]))).toEqual({ rows: 2, shape: [2], values: [1, 2, 3, 4], notes: '' });
  });

  it.each([
    ['a header', 'a;b\n1,5;-2\n,25;3,0e1\n'],
    ['no header', '1,5;-2\n,25;3,0e1\n'],
  ])('reads decimal commas between semicolons, with %s', async (_, text) => {
    const { shape, values, notes } = await table(text, targetOf([2]));
    expect([shape, values]).toEqual([[2], [1.5, -2, 0.25, 30]]);
    expect(notes).toBe('commas within numbers were read as decimal points.');
  });

  it('takes no comma for a decimal one where it may separate thousands', async () => {
    await expect(table('a\tb\n1,500\t2\n2,500\t3\n', targetOf([2]))).resolves.toMatchObject({ shape: [3] });
  });

  it('reads lines that end with both, wherever a part of the file ends', async () => {
    // The 1 MB that are read at a time end between the carriage return and the line feed of one of these.
    for (const padding of [0, 1, 2]) {
      const line = `1,${'2'.padEnd(1020 + padding, '0')}e-${1019 + padding}`;
      const { rows, values } = await table(`${line}\r\n`.repeat(2100), targetOf([2]));
      expect(rows).toBe(2100);
      expect(values.every((value, i) => Math.abs(value - (i % 2) - 1) < 1e-9)).toBe(true);
    }
  });

  it('takes no spaces for separators within texts', async () => {
    expect((await table('first name\n1\n2\n', targetOf([1]))).values).toEqual([1, 2]);
    expect((await table('New York\nLos Angeles\nNew York\n', targetOf([2]))).shape).toEqual([2]);
  });

  it('tells numbers from what only begins like them', async () => {
    const cells = [
      '1',
      '-1.5',
      '1.',
      '.5',
      '1e3',
      '1E+3',
      '0x10',
      ' 7 ',
      '1_0',
      '-',
      '.',
      'e3',
      '1e',
      '1e+',
      '1-1',
      '+-1',
    ];
    for (const cell of cells) {
      const isNumber = cell.trim() !== '' && !Number.isNaN(Number(cell));
      const reading = table(`a,b\n1,2\n${cell},3\n`, targetOf([2]));
      if (isNumber) expect((await reading).values).toEqual([1, 2, Number(cell), 3]);
      else await expect(reading, cell).rejects.toThrow(`such as "${cell}"`);
    }
  });

  it('reads what pandas and NumPy write for special values', async () => {
    const { values, notes } = await table('a,b\nTrue,False\n,nan\ninf,-inf\n1e-3,NA\n', targetOf([2]));
    expect(values).toEqual([1, 0, NaN, NaN, Infinity, -Infinity, 0.001, NaN]);
    expect(notes).toBe('the column a has 1 empty cell, read as NaN. the column b has 2 empty cells, read as NaN.');
  });

  it('tells headers from rows of texts', async () => {
    expect((await table('color\nred\nblue\nred\n', targetOf([2]))).rows).toBe(3);
    expect((await table('red\nblue\nred\n', targetOf([2]))).rows).toBe(3);
  });

  it('makes texts one-hot in alphabetical order', async () => {
    const text = 'size,color\n1,red\n2,blue\n3,green\n4,\n';
    const { shape, values, notes } = await table(text, targetOf([4]));
    expect(shape).toEqual([4]);
    expect(values).toEqual([1, 0, 0, 1, 2, 1, 0, 0, 3, 0, 1, 0, 4, NaN, NaN, NaN]);
    expect(notes).toContain(
      'the texts of the column color became one-hot values in alphabetical order (blue, green, red)',
    );
  });

  describe('columns', () => {
    const iris = ',sepal,petal,class\n0,5.1,1.4,setosa\n1,6.2,4.3,virginica\n';
    it('leave out the label and the index of pandas if only then the number fits', async () => {
      const inner = await table(iris, targetOf([2]));
      expect(inner.values).toEqual([5.1, 1.4, 6.2, 4.3]);
      expect(inner.notes).toBe('not fed to the model: the index column, class.');
      expect((await table(iris, targetOf([4]))).values).toEqual([5.1, 1.4, 1, 0, 6.2, 4.3, 0, 1]);
      expect((await table('x,y\n1,2\n', targetOf([2]))).values).toEqual([1, 2]);
    });

    it('never feed the labels when they are asked for from the same file', async () => {
      const target = targetOf([2], 'input', { reserved: 'y' });
      expect((await table('x,y,z\n1,2,3\n', target)).values).toEqual([1, 3]);
    });

    it('are chosen by the name of the input', async () => {
      const text = 'age,pixel_0,pixel_1,pixel_2\n30,1,2,3\n40,4,5,6\n';
      expect((await open(text)).arrays).toEqual(['age', 'pixel_0', 'pixel_1', 'pixel_2', 'pixel']);
      expect((await table(text, targetOf([3]), 'pixel')).values).toEqual([1, 2, 3, 4, 5, 6]);
      expect((await table(text, targetOf([1]), 'age')).values).toEqual([30, 40]);
    });

    it('are all taken when one merely happens to have the name of the input', async () => {
      expect((await table('x,y,z\n1,2,3\n', targetOf([3]), 'x')).values).toEqual([1, 2, 3]);
    });

    it('become class indices as labels', async () => {
      const labels = await table(iris, targetOf([2], 'labels'), 'class');
      expect([labels.shape, labels.values]).toEqual([[], [0, 1]]);
      expect(labels.notes).toContain('the classes 0 to 1 in alphabetical order (setosa, virginica)');
      expect((await table('3\n1\n', targetOf([5], 'labels'))).values).toEqual([3, 1]);
      await expect(table('a,b\n1,2\n', targetOf([5], 'labels'))).rejects.toThrow(
        'which of the 2 columns holds the labels',
      );
    });
  });

  it('reads any rows of a large file, however it is cut', async () => {
    // A number and nine one-hot columns of 32 texts that break lines: too many values to be kept.
    const [rows, columns, width] = [60_000, 9, 1 + 9 * 32];
    const texts = Array.from({ length: 32 }, (_, i) => `"k${String(i).padStart(2, '0')}\n"`);
    const lines = Array.from({ length: rows }, (_, row) =>
      [row, ...Array.from({ length: columns }, (_, column) => texts[(row + column) % 32])].join(','),
    );
    const reader = await (await open(lines.join('\n'))).open(null, targetOf([width]));
    expect([reader.rows, reader.shape]).toEqual([rows, [width]]);
    for (const [start, count] of [
      [0, 1],
      [15, 2],
      [16, 16],
      [rows - 1, 1],
      [30_001, 1000],
    ]) {
      const values = await reader.read(start, count);
      expect(values).toHaveLength(count * width);
      for (let row = start; row < start + count; row++) {
        const expected = new Float64Array(width);
        expected[0] = row;
        for (let column = 0; column < columns; column++) expected[1 + column * 32 + ((row + column) % 32)] = 1;
        expect(values.slice((row - start) * width, (row - start + 1) * width)).toEqual(expected);
      }
    }
  });

  it('reads a file of few bytes once', async () => {
    const folder = memoryFolder({ 'd.csv': 'a\n1\n2\n' });
    const reader = await (await openCsv('d.csv', fileBytes(folder, 'd.csv'))).open(null, targetOf([1]));
    await reader.read(0, 1);
    const before = folder.reads.length;
    expect([...(await reader.read(1, 1))]).toEqual([2]);
    expect(folder.reads).toHaveLength(before);
  });

  it.each([
    ['', 'file-empty', 'empty'],
    ['\n\r\n', 'file-empty', 'empty'],
    ['a,b\n1,2\n3\n', 'invalid-data', 'A row has 1 cells, and the first has 2'],
    ['a,b\n1,"2\n3,4\n', 'invalid-data', 'not valid CSV'],
    ['a,b\n1,2"3\n', 'invalid-data', 'not valid CSV'],
    ['a,b\n1,2\n3,four\n', 'invalid-data', 'The column b holds both numbers and texts such as "four"'],
    [`${'1'.repeat(3_000_000)},2\n`, 'invalid-data', 'longer than 1 MB'],
    [Uint8Array.of(0xff, 0xfe, 0x61, 0x00), 'invalid-data', 'UTF-16'],
    [
      `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},name ${i}`).join('\n')}`,
      'invalid-data',
      'more than 32 different texts, such as "name 0"',
    ],
  ])('refuses %#', async (text, code, message) => {
    await expect(table(text, targetOf([2]))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
      place: 'data/d.csv',
    });
  });

  it('refuses texts where the model wants indices', async () => {
    await expect(table('a\nthe\ncat\n', targetOf([1], 'input', { kind: 'indices' }))).rejects.toThrow(
      'the input takes indices',
    );
  });
});

describe('columns that are named', () => {
  const TEXT = 'id,a,b,p_0,p_1,kind\n7,1,2,3,4,x\n8,5,6,7,8,y\n';
  const read = async (...columns: string[]) => {
    const reader = await (await open(TEXT, columns)).open(null, targetOf([2]));
    return { values: [...(await reader.read(0, 1))], notes: reader.notes.join(' ') };
  };

  it.each<[string, string[], number[]]>([
    ['names, in the given order', ['b', 'a'], [2, 1]],
    ['the name of a group', ['p'], [3, 4]],
    ['numbers and ranges', ['4-5', '2'], [3, 4, 1]],
    ['texts', ['a', 'kind'], [1, 1, 0]],
  ])('are chosen by %s', async (_, columns, values) => {
    expect((await read(...columns)).values).toEqual(values);
  });

  it('leave the others out, which a note says', async () => {
    expect((await read('a', 'b')).notes).toBe('not fed to the model: id, p_0, p_1, kind.');
  });

  it.each(['c', '0', '7', '3-2', '2-7', ''])('are an error if there is no %j', async (column) => {
    await expect(read('a', column)).rejects.toMatchObject({
      code: 'invalid-data',
      message: `The table has no column ${column}.`,
      remedy: 'Its 6 columns are id, a, b, p_0, p_1, kind.',
    });
  });

  it('do not keep the labels from being read', async () => {
    const file = await open(TEXT, ['a']);
    const labels = await file.open('kind', { ...targetOf([2]), role: 'labels' });
    expect([...(await labels.read(0, 2))]).toEqual([0, 1]);
  });
});
