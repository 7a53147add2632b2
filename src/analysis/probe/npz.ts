import { DiagnosisError } from '../../report/errors';
import type { ArrayReader, DataFile } from './arrayReader';
import type { Bytes } from './bytes';
import { namedArrays } from './namedArrays';
import { npyReader } from './npy';
import { openMember, zipMembers } from './zip';

/** Opens a .npz file: a zip archive of .npy files, each named after its array. */
export async function openNpz(name: string, bytes: Bytes): Promise<DataFile> {
  const arrays = new Map<string, () => Promise<ArrayReader>>();
  for (const member of await zipMembers(bytes)) {
    if (!member.name.endsWith('.npy')) continue;
    const array = member.name.slice(0, -'.npy'.length);
    if (arrays.has(array)) {
      throw new DiagnosisError(
        'invalid-data',
        `The file holds two arrays named ${array}.`,
        bytes.place,
        'Save it again with np.savez.',
      );
    }
    arrays.set(array, async () => npyReader(await openMember(bytes, member)));
  }
  return namedArrays({ name, place: bytes.place }, arrays);
}
