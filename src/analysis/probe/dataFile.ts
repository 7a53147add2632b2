import { DiagnosisError } from '../../report/errors';
import type { Source } from '../diagnose';
import type { DataFile } from './arrayReader';
import { fileBytes, placeOf } from './bytes';
import { npyReader } from './npy';

/** Opens a data file, or a folder of images, by the extension of its name. */
export function openDataFile({ folder, file }: Source): Promise<DataFile> {
  const place = placeOf({ folder, file });
  const name = place.replace(/^.*[\\/](?=.)/, '');
  const stem = name.replace(/\.[^.]*$/, '');
  const extension = /\.([^./\\]+)$/.exec(file ?? '')?.[1]?.toLowerCase();
  switch (extension) {
    case 'npy':
      return Promise.resolve({
        name,
        place,
        arrays: [stem],
        labels: null,
        open: () => npyReader(fileBytes(folder, file!)),
      });
    default:
      throw new DiagnosisError('invalid-data', 'This kind of data file is not known.', place, 'Give a .npy file.');
  }
}
