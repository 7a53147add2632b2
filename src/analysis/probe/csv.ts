import type { DataFile } from './arrayReader';
import type { Bytes } from './bytes';
import { CsvTable } from './csvTable';
import { tableFile } from './tableFile';

/** Opens a CSV file, one sample per record; `selected` names the columns that feed the network, see `tableFile`. */
export async function openCsv(
  name: string,
  bytes: Bytes,
  selected: readonly string[] | null = null,
): Promise<DataFile> {
  return tableFile({ name, place: bytes.place }, await CsvTable.open(bytes), selected);
}
