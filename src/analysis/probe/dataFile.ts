import { DiagnosisError } from '../../report/errors';
import type { Source } from '../source';
import type { DataFile } from './arrayReader';
import { fileBytes, placeOf } from './bytes';
import { openCsv } from './csv';
import { openImageFolder, openImageFile } from './images';
import { openJson } from './json';
import { namedArrays } from './namedArrays';
import { npyReader } from './npy';
import { openNpz } from './npz';
import { withoutColumns } from './tableFile';

/**
 * Opens a data file, or a folder of images, by the extension of its name.
 *
 * @param columns those of a table that feed the network; an error with any other file
 */
export async function openDataFile(source: Source, columns: readonly string[] | null = null): Promise<DataFile> {
  const { folder, file } = source;
  const place = placeOf(source);
  const name = place.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
  if (columns !== null && !/\.(?:[ct]sv|json)$/i.test(file ?? '')) throw withoutColumns(place);
  if (file === null) return openImageFolder(name, folder);
  const bytes = fileBytes(folder, file);
  switch (/\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase()) {
    case 'npy':
      return namedArrays({ name, place }, new Map([[name.slice(0, -'.npy'.length), () => npyReader(bytes)]]));
    case 'npz':
      return openNpz(name, bytes);
    case 'csv':
    case 'tsv':
      return openCsv(name, bytes, columns);
    case 'json':
      return openJson(name, bytes, columns);
    case 'png':
    case 'jpg':
    case 'jpeg':
      return openImageFile(name, folder, file);
    default: {
      const remedy = 'Give a .npy, .npz, .csv, .tsv, .json, .png or .jpg file, or a folder of images.';
      throw new DiagnosisError('invalid-data', 'This kind of data file is not known.', place, remedy);
    }
  }
}
