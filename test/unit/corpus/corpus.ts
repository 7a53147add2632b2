/** Real saved models of others with an independent measurement of them, where a checkout of the corpus lies beside the project. */

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../../../../shared/corpus');

export const corpusPresent = existsSync(path.join(ROOT, 'reference.csv'));

export const modelFolder = (name: string): string => path.join(ROOT, 'models', name);

export interface ReferenceModel {
  readonly name: string;
  readonly format: string;
  /** Kind of the reference probe, one per input. */
  readonly probe: readonly string[];
  readonly samples: number;
  readonly layers: readonly ReferenceLayer[];
}

export interface ReferenceLayer {
  readonly layer: string;
  readonly units: number;
  /** Units that are exactly 0 on every sample and position. */
  readonly deadUnits: number;
  /** Share of the values that are exactly 0, five decimals. */
  readonly zeroShare: number;
}

/** The models that the reference could load and that are LayersModels. */
export const referenceModels = (): ReferenceModel[] => modelsOf('layers');

/** The GraphModels. */
export const referenceGraphModels = (): ReferenceModel[] => modelsOf('graph');

function modelsOf(kind: 'layers' | 'graph'): ReferenceModel[] {
  if (!corpusPresent) return [];
  const layers = table('reference_layers.csv');
  return table('reference.csv')
    .filter(({ format, load }) => format.startsWith(kind) && load === 'yes')
    .map(({ name, format, probe }) => {
      const [kinds, samples] = probe.split(' ');
      return {
        name,
        format,
        probe: kinds.split('+'),
        samples: Number(samples),
        layers: layers
          .filter(({ model }) => model === name)
          .map((row) => ({
            layer: row['layer'],
            units: Number(row['units_last_axis']),
            deadUnits: Number(row['dead_units']),
            zeroShare: Number(row['zero_elem_frac']),
          })),
      };
    });
}

function table(file: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path.join(ROOT, file), 'utf8').trim().split(/\r?\n/);
  const columns = cells(head);
  return lines.map((line) => {
    const row = cells(line);
    return Object.fromEntries(columns.map((column, i) => [column, row[i]]));
  });
}

/** Cells of a line, in which quoted ones may hold commas. */
const cells = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain);
