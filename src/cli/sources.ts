import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { DiagnoseRequest } from '../analysis/diagnose';
import type { DataSource, LabelSource, Source } from '../analysis/source';
import { NodeFolder } from '../analysis/model/nodeFolder';
import { DiagnosisError } from '../report/errors';
import type { DiagnoseCommand } from './arguments';

/** What to diagnose, its files named on the command line and not yet read. Rejects with `file-not-found`. */
export async function diagnoseRequest(command: DiagnoseCommand): Promise<DiagnoseRequest> {
  const { samples, budget, seed, scale, loss, columns } = command;
  return {
    model: await modelSource(command.model),
    data: await Promise.all(command.data.map(dataSource)),
    labels: command.labels === null ? null : await labelSource(command.labels),
    samples,
    budget,
    seed,
    scale,
    loss,
    columns,
  };
}

async function modelSource(name: string): Promise<DiagnoseRequest['model']> {
  const { folder, file } = await source(name);
  if (file !== null) return { folder, file };
  if ((await kindOf(path.join(name, 'model.json'))) === 'file') return { folder, file: 'model.json' };
  throw new DiagnosisError(
    'file-not-found',
    `The folder "${name}" holds no model.json.`,
    name,
    'Name the model file itself.',
  );
}

/** `FILE` or `INPUT=FILE`; a file whose own name has an equals sign is recognised by its being there. */
async function dataSource(argument: string): Promise<DataSource> {
  const equals = argument.indexOf('=');
  if (equals > 0 && (await kindOf(argument)) === null) {
    return { input: argument.slice(0, equals), ...(await source(argument.slice(equals + 1))) };
  }
  return { input: null, ...(await source(argument)) };
}

/** `FILE` or `NAME=FILE`, as for data. */
async function labelSource(argument: string): Promise<LabelSource> {
  const { input, ...labels } = await dataSource(argument);
  return { array: input, ...labels };
}

async function source(name: string): Promise<Source> {
  switch (await kindOf(name)) {
    case 'file':
      return { folder: new NodeFolder(path.dirname(name)), file: path.basename(name) };
    case 'folder':
      return { folder: new NodeFolder(name), file: null };
    case null:
      throw new DiagnosisError('file-not-found', `There is no "${name}".`, name, 'Check the path.');
  }
}

async function kindOf(name: string): Promise<'file' | 'folder' | null> {
  try {
    return (await stat(name)).isDirectory() ? 'folder' : 'file';
  } catch {
    return null;
  }
}
