import { describe, expect, it } from 'vitest';
import { memoryBytes } from '../../../src/analysis/probe/bytes';
import { openJson } from '../../../src/analysis/probe/json';
import { targetOf } from './target';

const open = (text: string) => openJson('d.json', memoryBytes('data/d.json', new TextEncoder().encode(text)));
const reader = async (text: string, array: string | null = null) => (await open(text)).open(array, targetOf([2]));

describe('openJson', () => {
  it('reads nested arrays', async () => {
    const array = await reader('[[[1, 2.5], [-3, 4e2]], [[5, 6], [true, false]]]');
    expect([array.rows, array.shape]).toEqual([2, [2, 2]]);
    expect([...(await array.read(0, 2))]).toEqual([1, 2.5, -3, 400, 5, 6, 1, 0]);
    expect([...(await array.read(1, 1))]).toEqual([5, 6, 1, 0]);
  });

  it('reads an object of arrays by their names', async () => {
    const file = await open('{"left": [[1], [2]], "y": [0, 1], "comment": "none", "__proto__": [3]}');
    expect([file.arrays, file.labels]).toEqual([['left', 'y', '__proto__'], 'y']);
    expect([...(await (await file.open('left', targetOf([1]))).read(1, 1))]).toEqual([2]);
    expect([...(await (await file.open('__proto__', targetOf([1]))).read(0, 1))]).toEqual([3]);
  });

  it.each([
    ['', 'file-empty', 'empty'],
    ['[[1, 2], [3', 'invalid-data', 'not valid JSON'],
    ['[[1, NaN]]', 'invalid-data', 'not valid JSON'],
    ['7', 'invalid-data', 'neither an array'],
    ['null', 'invalid-data', 'neither an array'],
    ['{"a": 1}', 'invalid-data', 'no arrays'],
    ['[[1, 2], [3]]', 'invalid-data', 'What stands at [1] is not an array of 2'],
    ['[[1, 2], [3, null]]', 'invalid-data', 'What stands at [1][1] is not a number'],
    ['[[1, 2], [3, [4]]]', 'invalid-data', 'What stands at [1][1] is not a number'],
    ['{"x": [[1], ["2"]]}', 'invalid-data', 'What stands at x[1][0] is not a number'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'invalid-data', 'nested too deep'],
  ])('refuses %#', async (text, code, message) => {
    await expect(reader(text)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
      place: 'data/d.json',
    });
  });

  describe('records', () => {
    const text = JSON.stringify([
      { id: 7, a: 1, b: 2.5, kind: 'x', p: [3, 4], label: 'yes' },
      { id: 8, b: -2, a: null, p: [5, 6], kind: 'y', label: 'no', extra: true },
    ]);
    const read = async (target = targetOf([2]), columns: string[] | null = null, array: string | null = null) => {
      const file = await openJson('d.json', memoryBytes('data/d.json', new TextEncoder().encode(text)), columns);
      const opened = await file.open(array, target);
      return { shape: opened.shape, values: [...(await opened.read(0, 2))], notes: opened.notes.join(' ') };
    };

    it('are the rows of a table, with columns of their names', async () => {
      const file = await open(text);
      expect(file.arrays).toEqual(['id', 'a', 'b', 'kind', 'p_0', 'p_1', 'label', 'extra', 'p']);
      const { values, notes } = await read(targetOf([2]), ['b', 'kind']);
      expect(values).toEqual([2.5, 1, 0, -2, 0, 1]);
      expect(notes).toContain('not fed to the model: id, a, p_0, p_1, label, extra.');
    });

    it('read what is null or lacking as empty cells', async () => {
      expect((await read(targetOf([2]), ['a', 'extra'])).values).toEqual([1, NaN, NaN, 1]);
    });

    it('feed lists to the input of their name, and labels as class indices', async () => {
      expect((await read(targetOf([2]), null, 'p')).values).toEqual([3, 4, 5, 6]);
      expect((await read(targetOf([2], 'labels'), null, 'label')).values).toEqual([1, 0]);
    });

    it('leave out the index and the label if only then the number fits', async () => {
      const rows = JSON.stringify([
        { id: 1, x: 5, y: 0 },
        { id: 2, x: 6, y: 1 },
      ]);
      const reading = await (await open(rows)).open(null, targetOf([1]));
      expect([...(await reading.read(0, 2))]).toEqual([5, 6]);
      expect(reading.notes.join()).toBe('not fed to the model: id, y.');
    });

    it('refuse objects within records', async () => {
      await expect(open('[{"a": 1}, {"a": {"b": 2}}]')).rejects.toMatchObject({
        code: 'invalid-data',
        message: 'What stands at [1].a is neither a number, a text nor a list of these.',
      });
    });

    it('alone have columns to choose', async () => {
      const bytes = memoryBytes('data/d.json', new TextEncoder().encode('[[1, 2]]'));
      await expect(openJson('d.json', bytes, ['a'])).rejects.toMatchObject({ code: 'usage' });
    });
  });

  it('reads an array without samples', async () => {
    expect((await reader('[]')).rows).toBe(0);
  });

  it('refuses files that are too large to be parsed', async () => {
    const bytes = {
      place: 'd.json',
      size: () => Promise.resolve(2 ** 30),
      read: () => Promise.reject(new Error('read')),
    };
    await expect(openJson('d.json', bytes)).rejects.toMatchObject({
      code: 'invalid-data',
      remedy: expect.stringContaining('.npy') as string,
    });
  });
});
