import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { parseCommand, type DiagnoseCommand } from '../../../src/cli/arguments';
import { fileOutput } from '../../../src/cli/output';
import { diagnoseRequest } from '../../../src/cli/sources';

let folder: string;
const at = (name: string): string => path.join(folder, name);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'cli-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('fileOutput', () => {
  it('writes the file and leaves nothing beside it', async () => {
    await (await fileOutput(at('report.json'), [])).write('one');
    await (await fileOutput(at('report.json'), [])).write('two');
    expect(readFileSync(at('report.json'), 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  it('creates nothing before the report is written', async () => {
    await fileOutput(at('report.json'), []);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps a link a link', async () => {
    mkdirSync(at('real'));
    writeFileSync(at('real/report.json'), 'old');
    symlinkSync(at('real/report.json'), at('link.json'));
    await (await fileOutput(at('link.json'), [])).write('new');
    expect(readFileSync(at('real/report.json'), 'utf8')).toBe('new');
    expect(realpathSync(at('link.json'))).toBe(at('real/report.json'));
  });

  it('refuses a folder, a missing folder and a file of the diagnosis', async () => {
    writeFileSync(at('model.json'), '{}');
    const inputs = [{ folder: new NodeFolder(folder), file: 'model.json' }];
    for (const name of [folder, at('missing/report.json'), at('model.json')]) {
      await expect(fileOutput(name, inputs)).rejects.toMatchObject({ code: 'usage', remedy: 'Give another --output.' });
    }
    expect(readFileSync(at('model.json'), 'utf8')).toBe('{}');
  });
});

describe('diagnoseRequest', () => {
  const request = (...args: string[]) => diagnoseRequest(parseCommand(['diagnose', ...args]) as DiagnoseCommand);

  beforeEach(() => {
    for (const name of ['model.json', 'x.npy', 'lr=0.1.npy']) writeFileSync(at(name), '');
    mkdirSync(at('images'));
  });

  it('takes a model file, or the folder of a model.json', async () => {
    for (const name of [at('model.json'), folder]) {
      const { model } = await request(name);
      expect(path.join(model.folder.path, model.file)).toBe(at('model.json'));
    }
    await expect(request(at('images'))).rejects.toMatchObject({ code: 'file-not-found', place: at('images') });
    await expect(request(at('missing.json'))).rejects.toMatchObject({ code: 'file-not-found' });
  });

  it('takes data for the only input, for a named one, and as a folder', async () => {
    const { data, labels } = await request(
      folder,
      ...[at('x.npy'), `input_2=${at('x.npy')}`, at('images'), at('lr=0.1.npy')].flatMap((name) => ['--data', name]),
      ...['--labels', at('x.npy')],
    );
    expect(data.map(({ input, folder: { path }, file }) => [input, path, file])).toEqual([
      [null, folder, 'x.npy'],
      ['input_2', folder, 'x.npy'],
      [null, at('images'), null],
      [null, folder, 'lr=0.1.npy'],
    ]);
    expect(labels).toMatchObject({ folder: { path: folder }, file: 'x.npy' });
  });

  it('says which data file is missing', async () => {
    await expect(request(folder, '--data', `a=${at('no.npy')}`)).rejects.toMatchObject({ place: at('no.npy') });
  });
});
