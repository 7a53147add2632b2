import { encode as encodePng } from 'fast-png';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { DataSource } from '../../../src/analysis/source';
import type { NetworkInput } from '../../../src/analysis/model/network';
import { dataProbe, type DataProbeOptions } from '../../../src/analysis/probe/dataProbe';
import type { TensorSpec } from '../../../src/report/report';
import { memoryFolder } from './memoryFolder';
import { networkInput } from './networkInput';
import { bytesOf, npyFile, npyFloats } from './npyFile';

type Files = Parameters<typeof memoryFolder>[0];

interface Setting {
  readonly inputs?: readonly NetworkInput[];
  /** `FILE` or `INPUT=FILE`. */
  readonly data?: readonly string[];
  /** `FILE` or `ARRAY=FILE`. */
  readonly labels?: string;
  readonly outputs?: readonly TensorSpec[];
  readonly options?: Partial<DataProbeOptions>;
}

const output = (...shape: (number | null)[]): TensorSpec => ({
  name: 'output',
  shape: [null, ...shape],
  dtype: 'float32',
});

function probeOf(files: Files, { inputs, data, labels, outputs, options }: Setting) {
  const folder = memoryFolder(files);
  const sources = (data ?? Object.keys(files)).map((text): DataSource => {
    const [file, input] = text.split('=').reverse();
    return { folder, file, input: input ?? null };
  });
  const [labelFile, array] = labels?.split('=').reverse() ?? [];
  return dataProbe(
    inputs ?? [networkInput([2])],
    sources,
    labelFile === undefined ? null : { folder, file: labelFile, array: array ?? null },
    outputs ?? [output(1)],
    { seed: 1, samples: 1000, scale: null, ...options },
  );
}

/** `rows` rows of `size` numbers counting up from 0. */
const counting = (rows: number, ...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return npyFloats(
    [rows, ...shape],
    Float32Array.from({ length: rows * size }, (_, i) => i),
  );
};

describe('dataProbe', () => {
  it('hands the rows out in their order, in any cut, and fewer at the end', async () => {
    const probe = await probeOf({ 'x.npy': counting(5, 2) }, {});
    expect(probe.available).toBe(5);
    expect(probe.inputs).toEqual([{ name: 'input_1', shape: [2], source: 'data', file: 'x.npy' }]);
    expect(await probe.batch(0, 2)).toEqual({ samples: 2, inputs: [Float32Array.of(0, 1, 2, 3)], labels: null });
    expect(await probe.batch(2, 10)).toEqual({ samples: 3, inputs: [Float32Array.of(4, 5, 6, 7, 8, 9)], labels: null });
    expect(await probe.batch(5, 1)).toEqual({ samples: 0, inputs: [new Float32Array()], labels: null });
    expect(probe.limits).toEqual([]);
  });

  it('puts a batch, and its labels, where a spent one was', async () => {
    const files = { 'x.npy': counting(4, 2), 'y.npy': npyFloats([4], [2, 0, 1, 1]) };
    const probe = await probeOf(files, { data: ['x.npy'], labels: 'y.npy', outputs: [output(3)] });
    const spent = await probe.batch(0, 2);
    const batch = await probe.batch(2, 2, spent);
    expect(batch.inputs).toEqual([Float32Array.of(4, 5, 6, 7)]);
    expect(batch.labels).toEqual([Float32Array.of(0, 1, 0, 0, 1, 0)]);
    expect(batch.inputs[0].buffer).toBe(spent.inputs[0].buffer);
    expect(batch.labels![0].buffer).toBe(spent.labels![0].buffer);
  });

  it('sums up what was handed out', async () => {
    const probe = await probeOf({ 'x.npy': npyFloats([3, 2], [1, 10, 2, 20, 300, 4000]) }, {});
    await probe.batch(0, 2);
    expect(probe.summary()).toEqual([
      {
        ...{ name: 'input_1', shape: [2], source: 'data', file: 'x.npy' },
        ...{ minimum: 1, maximum: 20, mean: 8.25, standardDeviation: Math.sqrt(58.1875) },
      },
    ]);
    expect(probe.box(0)).toEqual({ lower: Float32Array.of(1, 10), upper: Float32Array.of(2, 20), source: 'observed' });
  });

  it('draws a seeded random subset, with its labels, and says so', async () => {
    const files = { 'x.npy': counting(1000, 1), 'y.npy': counting(1000) };
    const setting = { inputs: [networkInput([1])], data: ['x.npy'], labels: 'y.npy', options: { samples: 100 } };
    const probe = await probeOf(files, setting);
    expect(probe.available).toBe(100);
    expect(probe.limits).toEqual(['Only 100 of the 1000 samples were used, drawn at random.']);
    const whole = await probe.batch(0, 100);
    expect(new Set(whole.inputs[0]).size).toBe(100);
    expect(whole.labels).toEqual(whole.inputs);
    // The mean of 100 of the numbers 0 to 999 has a standard error below 29.
    expect(Math.abs([...whole.inputs[0]].reduce((a, b) => a + b, 0) / 100 - 499.5)).toBeLessThan(5 * 29);

    const again = await probeOf(files, setting);
    expect((await again.batch(90, 10)).inputs[0]).toEqual(whole.inputs[0].slice(90));
    expect((await again.batch(0, 90)).inputs[0]).toEqual(whole.inputs[0].slice(0, 90));
    const other = await probeOf(files, { ...setting, options: { samples: 100, seed: 2 } });
    expect((await other.batch(0, 100)).inputs[0]).not.toEqual(whole.inputs[0]);
  });

  it('shuffles all samples when their number is left open', async () => {
    const setting = { inputs: [networkInput([1])], options: { samples: null } };
    const probe = await probeOf({ 'x.npy': counting(64, 1) }, setting);
    const [values] = (await probe.batch(0, 64)).inputs;
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    expect(Math.max(...values.subarray(0, 16))).toBeGreaterThan(32);
    const [late] = (await (await probeOf({ 'x.npy': counting(64, 1) }, setting)).batch(48, 16)).inputs;
    expect(late).toEqual(values.slice(48));
  });

  it('reads little of a large file', async () => {
    const folder = memoryFolder({ 'x.npy': counting(50_000, 4) });
    const source = { folder, file: 'x.npy', input: null };
    const options = { seed: 1, samples: 20, scale: null };
    const probe = await dataProbe([networkInput([4])], [source], null, [output(1)], options);
    await probe.batch(0, 20);
    expect(folder.reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(20 * 16 + 1000);
  });

  describe('shapes', () => {
    it.each([
      [[28, 28, 1], [28, 28], '28×28 per sample, which was read as 28×28×1'],
      [[28, 28], [28, 28, 1], '28×28×1 per sample, which was read as 28×28'],
      [[1], [], 'one number per sample, which was read as 1'],
      [[28, 28, 1], [784], '784 per sample, which was read as 28×28×1'],
    ])('takes for %j rows of %j, and says so', async (expected, actual, words) => {
      const probe = await probeOf({ 'x.npy': counting(2, ...actual) }, { inputs: [networkInput(expected)] });
      expect(probe.inputs[0].shape).toEqual(expected);
      expect(probe.limits.join(' ')).toContain(words);
      const [values] = (await probe.batch(1, 1)).inputs;
      expect(values[0]).toBe(values.length);
    });

    it('gives free dimensions the size of the data', async () => {
      const inputs = [networkInput([16, 3])];
      const declared = [{ name: 'input_1', shape: [null, null, 3], dtype: 'float32' }];
      const probe = await probeOf({ 'x.npy': counting(2, 40, 3) }, { inputs, options: { declared } });
      expect(probe.inputs[0].shape).toEqual([40, 3]);
      expect((await probe.batch(0, 2)).inputs[0]).toHaveLength(240);
      await expect(probeOf({ 'x.npy': counting(2, 40, 3) }, { inputs })).rejects.toThrow('expects 16×3');
    });

    it.each([
      [[32, 32, 3], [3, 32, 32], 'transpose'],
      [[2, 3], [3], 'without an axis for the samples'],
      [[4], [5], 'Give one row of 4 per sample'],
    ])('refuses for %j rows of %j', async (expected, actual, remedy) => {
      const files = { 'x.npy': counting(2, ...actual) };
      await expect(probeOf(files, { inputs: [networkInput(expected)] })).rejects.toMatchObject({
        code: 'shape-mismatch',
        place: 'data/x.npy',
        remedy: expect.stringContaining(remedy) as string,
      });
    });

    it('tells shape and range at once', async () => {
      const inputs = [networkInput([28, 28, 1], { kind: 'image', range: [0, 1] })];
      const pixels = new Uint8Array(2 * 32 * 32).fill(255).fill(0, 0, 100);
      await expect(probeOf({ 'x.npy': npyFile('|u1', [2, 32, 32], pixels) }, { inputs })).rejects.toMatchObject({
        code: 'shape-mismatch',
        message:
          'The model expects 28×28×1 in [0, 1] for the input input_1, the file holds 32×32 in [0, 255] per sample.',
        remedy: expect.stringContaining('pass --scale 1/255') as string,
      });
    });
  });

  describe('ranges', () => {
    const image = networkInput([2, 1, 1], { kind: 'image', range: [0, 1] });
    const bytes = networkInput([2, 1, 1], { kind: 'image', range: [0, 255] });
    const pixels = npyFile('|u1', [1, 2, 1, 1], Uint8Array.of(0, 255));
    const unit = npyFloats([1, 2, 1, 1], [0, 1]);
    it.each([
      ['pixels of 0 to 255 for an input of 0 to 1', pixels, image, null, 'pass --scale 1/255'],
      ['pixels of 0 to 1 for an input of 0 to 255', unit, bytes, null, 'pass --scale 255'],
      ['pixels of 0 to 255 for an input of 0 to 255', pixels, bytes, null, null],
      ['pixels of 0 to 1 for an input of 0 to 1', unit, image, null, null],
      ['a scale that was asked for', pixels, image, 1, null],
    ])('speaks of %s', async (_, file, input, scale, words) => {
      const probe = await probeOf({ 'x.npy': file }, { inputs: [input], options: { scale } });
      expect(probe.limits.join()).not.toContain('pass');
      await probe.batch(0, 1);
      if (words === null) expect(probe.limits.join()).not.toContain('pass');
      else expect(probe.limits.join()).toContain(words);
    });

    it('scales images only, where there are any', async () => {
      const inputs = [{ ...image, name: 'a' }, networkInput([1], { name: 'b' })];
      const files = { 'a.npy': pixels, 'b.npy': npyFloats([1, 1], [255]) };
      const probe = await probeOf(files, { inputs, options: { scale: '-1..1' } });
      expect((await probe.batch(0, 1)).inputs).toEqual([Float32Array.of(-1, 1), Float32Array.of(255)]);
      expect(probe.limits).toEqual(['The values of a.npy were scaled from 0..255 to -1..1.']);
    });

    it('scales features where there is no image', async () => {
      const probe = await probeOf({ 'x.npy': counting(1, 2) }, { options: { scale: 10 } });
      expect((await probe.batch(0, 1)).inputs).toEqual([Float32Array.of(0, 10)]);
    });

    it('takes the ImageNet scale for three channels only', async () => {
      const inputs = [networkInput([1, 1, 3], { kind: 'image', range: [0, 1] })];
      const probe = await probeOf(
        { 'x.npy': npyFloats([1, 1, 1, 3], [255, 0, 127.5]) },
        { inputs, options: { scale: 'imagenet' } },
      );
      const [values] = (await probe.batch(0, 1)).inputs;
      // (1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.5 - 0.406) / 0.225
      expect(values).toEqual(Float32Array.of(0.515 / 0.229, -0.456 / 0.224, 0.094 / 0.225));
      await expect(
        probeOf({ 'x.npy': pixels }, { inputs: [image], options: { scale: 'imagenet' } }),
      ).rejects.toMatchObject({
        code: 'usage',
      });
    });
  });

  it('counts and hands on what is not finite', async () => {
    const probe = await probeOf({ 'x.npy': npyFloats([2, 2], [1, NaN, Infinity, 4]) }, {});
    expect((await probe.batch(0, 2)).inputs[0]).toEqual(Float32Array.of(1, NaN, Infinity, 4));
    expect(probe.limits).toEqual(['2 of the 4 values read from x.npy are not finite (NaN or infinite).']);
    expect(probe.summary()[0]).toMatchObject({ minimum: 1, maximum: 4, mean: 2.5 });
  });

  describe('indices', () => {
    const words = networkInput([2], { name: 'words', dtype: 'int32', kind: 'indices', limit: 10 });
    it('become integers', async () => {
      const file = npyFile('<i8', [1, 2], bytesOf(BigInt64Array.of(0n, 9n)));
      const probe = await probeOf({ 'x.npy': file }, { inputs: [words], options: { scale: '0..1' } });
      expect((await probe.batch(0, 1)).inputs).toEqual([Int32Array.of(0, 9)]);
    });

    it.each([[10], [-1], [0.5], [NaN]])('refuse %d', async (value) => {
      const probe = await probeOf({ 'x.npy': npyFloats([2, 2], [1, 2, 3, value]) }, { inputs: [words] });
      await expect(probe.batch(0, 2)).rejects.toMatchObject({
        code: 'invalid-data',
        message: `The input words takes the indices 0 to 9, and row 1 holds ${value}.`,
      });
    });

    it('make truth of numbers for bool inputs', async () => {
      const inputs = [networkInput([2], { dtype: 'bool' })];
      const probe = await probeOf({ 'x.npy': npyFloats([1, 2], [0, 0.5]) }, { inputs });
      expect((await probe.batch(0, 1)).inputs).toEqual([Int32Array.of(0, 1)]);
    });
  });

  describe('several inputs', () => {
    const inputs = [networkInput([1], { name: 'left' }), networkInput([2], { name: 'right_input' })];
    const files = {
      'l.npy': counting(3, 1),
      'r.npy': counting(3, 2),
      'right.npy': counting(3, 2),
      'short.npy': counting(2, 2),
    };
    it('are fed by name, with or without the affixes of exporters', async () => {
      for (const name of ['right_input', 'right', 'Right', 'right_input:0', 'serving_default_right_input']) {
        const probe = await probeOf(files, { inputs, data: [`${name}=r.npy`, 'left=l.npy'] });
        expect(probe.inputs.map(({ file }) => file)).toEqual(['l.npy', 'r.npy']);
      }
    });

    it('are fed by files of their names', async () => {
      const probe = await probeOf(files, { inputs, data: ['right.npy', 'left=l.npy'] });
      expect((await probe.batch(1, 1)).inputs).toEqual([Float32Array.of(1), Float32Array.of(2, 3)]);
    });

    it.each([
      ['a file that names no input', ['r.npy', 'left=l.npy'], 'nothing says which one the file feeds'],
      ['an unknown input', ['top=r.npy', 'left=l.npy'], 'has no input top'],
      ['an input left out', ['left=l.npy'], 'No data were given for the input right_input'],
      ['an input fed twice', ['left=l.npy', 'left=r.npy'], 'Both l.npy and r.npy feed the input left'],
    ])('are refused for %s', async (_, data, message) => {
      await expect(probeOf(files, { inputs, data })).rejects.toMatchObject({
        code: 'invalid-data',
        message: expect.stringContaining(message) as string,
        remedy: expect.stringContaining('The inputs are left, right_input.') as string,
      });
    });

    it('must have one number of samples', async () => {
      await expect(probeOf(files, { inputs, data: ['left=l.npy', 'right=short.npy'] })).rejects.toMatchObject({
        code: 'shape-mismatch',
        message: 'The files hold different numbers of samples: 3 and 2.',
        place: 'data/short.npy',
      });
    });
  });

  describe('labels', () => {
    const labelled = (file: Uint8Array, ...shape: (number | null)[]) =>
      probeOf(
        { 'x.npy': counting(2, 2), 'y.npy': file },
        { data: ['x.npy'], labels: 'y.npy', outputs: [output(...shape)] },
      );

    it.each([
      ['one-hot rows', npyFloats([2, 3], [0, 1, 0, 1, 0, 0]), [3], [3], [0, 1, 0, 1, 0, 0]],
      ['class indices', npyFile('<i8', [2], bytesOf(BigInt64Array.of(2n, 0n))), [3], [3], [0, 0, 1, 1, 0, 0]],
      ['class indices in a column', npyFile('|u1', [2, 1], Uint8Array.of(2, 0)), [3], [3], [0, 0, 1, 1, 0, 0]],
      [
        'class indices per step',
        npyFile('|u1', [2, 2], Uint8Array.of(1, 0, 1, 1)),
        [null, 2],
        [2, 2],
        [0, 1, 1, 0, 0, 1, 0, 1],
      ],
      ['one number for one unit', npyFloats([2], [0.25, -3]), [1], [1], [0.25, -3]],
    ])('may be %s', async (_, file, outputShape, shape, values) => {
      const probe = await labelled(file, ...outputShape);
      expect(probe.labelShapes).toEqual([shape]);
      expect((await probe.batch(0, 2)).labels).toEqual([Float32Array.from(values)]);
    });

    it.each([[3], [-1], [0.5]])('refuse the class %d of three', async (value) => {
      const probe = await labelled(npyFloats([2], [0, value]), 3);
      await expect(probe.batch(0, 2)).rejects.toMatchObject({
        code: 'invalid-data',
        message: `The label in row 1 is ${value}, but the output has the classes 0 to 2.`,
      });
    });

    it('refuse values that are not finite', async () => {
      const probe = await labelled(npyFloats([2], [0, NaN]), 1);
      await expect(probe.batch(0, 2)).rejects.toMatchObject({
        code: 'invalid-data',
        message: 'The label in row 1 is NaN.',
      });
    });

    it('refuse another shape or another number of samples', async () => {
      await expect(labelled(counting(2, 4), 3)).rejects.toMatchObject({ code: 'shape-mismatch', place: 'data/y.npy' });
      await expect(labelled(counting(3), 1)).rejects.toMatchObject({ code: 'shape-mismatch', place: 'data/y.npy' });
    });
  });

  describe('files that name their arrays', () => {
    const inputs = [networkInput([1], { name: 'left' }), networkInput([2], { name: 'right_input' })];
    const [left, right, y] = [counting(3, 1), counting(3, 2), npyFile('|u1', [3], Uint8Array.of(2, 0, 1))];

    it.each([
      ['their names', { 'right.npy': right, 'left.npy': left }],
      ['their places, as np.savez names them', { 'arr_0.npy': left, 'arr_1.npy': right }],
    ])('feed several inputs by %s', async (_, members) => {
      const probe = await probeOf({ 'd.npz': zipSync(members) }, { inputs });
      expect((await probe.batch(1, 1)).inputs).toEqual([Float32Array.of(1), Float32Array.of(2, 3)]);
    });

    it('bring their labels along', async () => {
      const probe = await probeOf({ 'd.npz': zipSync({ 'x.npy': right, 'y.npy': y }) }, { outputs: [output(3)] });
      expect((await probe.batch(0, 2)).labels).toEqual([Float32Array.of(0, 0, 1, 1, 0, 0)]);
      const json = '{"x": [[1, 2], [3, 4]], "labels": [[0, 1, 0], [1, 0, 0]]}';
      const other = await probeOf({ 'd.json': json }, { outputs: [output(3)] });
      expect((await other.batch(0, 2)).labels).toEqual([Float32Array.of(0, 1, 0, 1, 0, 0)]);
    });

    it('say when the labels that they bring do not fit', async () => {
      const probe = await probeOf(
        { 'd.npz': zipSync({ 'x.npy': right, 'y.npy': counting(3, 7) }) },
        { outputs: [output(3)] },
      );
      expect(probe.labelShapes).toBeNull();
      expect((await probe.batch(0, 1)).labels).toBeNull();
      expect(probe.limits.join()).toContain('The labels in d.npz were not used.');
    });

    it('label by the array that is named, and by no other', async () => {
      const files = { 'x.npy': right, 'y.npz': zipSync({ 'y.npy': counting(3), 'mine.npy': y }) };
      const setting = { data: ['x.npy'], outputs: [output(3)] };
      const probe = await probeOf(files, { ...setting, labels: 'mine=y.npz' });
      expect((await probe.batch(0, 2)).labels).toEqual([Float32Array.of(0, 0, 1, 1, 0, 0)]);
      await expect(probeOf(files, { ...setting, labels: 'yours=y.npz' })).rejects.toMatchObject({
        code: 'invalid-data',
        message: 'The file holds nothing named yours.',
        remedy: 'It holds y, mine.',
      });
      const outputs = [output(3), output(3)];
      await expect(probeOf(files, { ...setting, outputs, labels: 'mine=y.npz' })).rejects.toMatchObject({
        code: 'usage',
      });
    });

    it('are said to hold no samples before anything else is said of them', async () => {
      const empty = { 'x.npy': npyFloats([0, 7], []), 'x.json': '[]' };
      for (const data of Object.keys(empty)) {
        await expect(probeOf(empty, { data: [data] })).rejects.toMatchObject({
          code: 'invalid-data',
          message: 'The file holds no samples.',
        });
      }
    });

    it('take the training part of a file that holds several', async () => {
      const members = { 'x_test.npy': left, 'x_train.npy': right, 'y_test.npy': left, 'y_train.npy': y };
      const probe = await probeOf({ 'd.npz': zipSync(members) }, { outputs: [output(3)] });
      const { inputs: values, labels } = await probe.batch(1, 1);
      expect(values).toEqual([Float32Array.of(2, 3)]);
      expect(labels).toEqual([Float32Array.of(1, 0, 0)]);
      expect(probe.limits).toContain('d.npz: the array x_train was used, of x_test, x_train, y_test, y_train.');
    });

    it('label several outputs by name', async () => {
      const outputs = [output(3), { name: 'score', shape: [null, 1], dtype: 'float32' }];
      const files = { 'x.npy': right, 'y.npz': zipSync({ 'score.npy': counting(3), 'output.npy': y }) };
      const probe = await probeOf(files, { data: ['x.npy'], labels: 'y.npz', outputs });
      expect(probe.labelShapes).toEqual([[3], [1]]);
      expect((await probe.batch(2, 1)).labels).toEqual([Float32Array.of(0, 1, 0), Float32Array.of(2)]);
      const lone = { ...files, 'y.npz': zipSync({ 'score.npy': counting(3) }) };
      await expect(probeOf(lone, { data: ['x.npy'], labels: 'y.npz', outputs })).rejects.toMatchObject({
        code: 'invalid-data',
        message: 'The file names no labels for the output output.',
        remedy: expect.stringContaining('output, score') as string,
      });
    });
  });

  it('reads features and labels from one CSV file', async () => {
    const files = { 'iris.csv': 'sepal,petal,kind,class\n5.1,1.4,0,setosa\n6.2,4.3,1,virginica\n' };
    const setting = { inputs: [networkInput([3])], labels: 'iris.csv', outputs: [output(2)] };
    const probe = await probeOf(files, setting);
    expect(await probe.batch(0, 2)).toEqual({
      samples: 2,
      inputs: [Float32Array.of(5.1, 1.4, 0, 6.2, 4.3, 1)],
      labels: [Float32Array.of(1, 0, 0, 1)],
    });
    expect(probe.limits).toEqual([
      'iris.csv: not fed to the model: class.',
      expect.stringContaining('iris.csv: the texts of the column class became the classes 0 to 1'),
    ]);
  });

  it('reads through a table once for features and labels', async () => {
    const folder = memoryFolder({ 'd.csv': 'a,b,y\n1,2,0\n3,4,1\n' });
    const source = { folder, file: 'd.csv' };
    const options = { seed: 1, samples: null, scale: null };
    await dataProbe([networkInput([2])], [{ ...source, input: null }], source, [output(2)], options);
    // The byte order mark, the file, and its end.
    expect(folder.reads).toHaveLength(3);
  });

  describe('images', () => {
    const png = encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(51) });
    it.each([
      ['[0, 1] by themselves', [0, 1], null, 0.2, 'were scaled from 0..255 to 0..1'],
      ['[0, 255] for a network that rescales', [0, 255], null, 51, 'were left at 0..255'],
      ['what is asked for', [0, 1], '-1..1', -0.6, 'were scaled from 0..255 to -1..1'],
      ['a factor', [0, 1], 2, 102, 'were multiplied by 2'],
    ] as const)('are brought to %s', async (_, range, scale, value, words) => {
      const folder = memoryFolder({ 'a.png': png }, '/home/me/photos');
      const inputs = [networkInput([1, 1, 1], { kind: 'image', range })];
      const source = { folder, file: null, input: null };
      const probe = await dataProbe(inputs, [source], null, [output(1)], { seed: 1, samples: null, scale });
      expect(probe.inputs[0].file).toBe('photos');
      expect((await probe.batch(0, 1)).inputs).toEqual([Float32Array.of(value)]);
      expect(probe.limits).toContain(`The values of photos ${words}.`);
    });

    it('are labelled by their folders', async () => {
      const folder = memoryFolder({ 'cat/a.png': png, 'dog/a.png': png, 'dog/b.png': png });
      const source = { folder, file: null, input: null };
      const inputs = [networkInput([1, 1, 1], { kind: 'image', range: [0, 1] })];
      const options = { seed: 1, samples: 3, scale: null };
      const probe = await dataProbe(inputs, [source], source, [output(2)], options);
      expect((await probe.batch(0, 3)).labels).toEqual([Float32Array.of(1, 0, 0, 1, 0, 1)]);
    });
  });

  it.each([
    ['no rows', { 'x.npy': counting(0, 2) }, 'invalid-data', 'no samples'],
    ['an unknown kind of file', { 'x.pkl': 'abc' }, 'invalid-data', 'not known'],
  ])('refuses %s', async (_, files, code, message) => {
    await expect(probeOf(files, {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('passes on that a file is missing', async () => {
    await expect(probeOf({}, { data: ['x.npy'] })).rejects.toMatchObject({ code: 'file-not-found' });
  });
});
