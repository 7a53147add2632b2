import type { LayerReport, Report } from '../report/report';
import { layerNote } from './catalogue/layers';
import { normalized } from './catalogue/spelling';
import type { LayerUse, ModelDefinition } from './facts';

/** How well a network in code fits a diagnosed model. */
export interface Binding {
  readonly definition: ModelDefinition;
  /** From 0 (nothing in common) to 1 (the same layers of the same sizes in the same order). */
  readonly score: number;
  /** Names of the entries in `report.layers`, by index of the definition's step. */
  readonly layers: ReadonlyMap<number, string>;
}

/** Below this a match says no more than that both are neural networks. */
export const SUFFICIENT_SCORE = 0.75;

/** Layers that are compared at most; the quadratic alignment stays quick. */
const MAXIMUM_LAYERS = 600;

interface Candidate {
  readonly key: number | string;
  readonly kind: string;
  readonly units: number | null;
  readonly name: string | null;
  readonly activation: string | null;
}

/** The definition that fits the report best; null if none fits sufficiently. */
export function bestBinding(definitions: readonly ModelDefinition[], report: Report): Binding | null {
  let best: Binding | null = null;
  for (const definition of definitions) {
    const one = bind(definition, report);
    // Of two that fit alike, the whole network and not a part of it.
    const better = best === null || one.score > best.score || (one.score === best.score && best.definition.nested);
    if (one.score >= SUFFICIENT_SCORE && better) best = one;
  }
  return best;
}

/** Aligns the layers of a definition with those of a report, in order, by kind, size and name. */
export function bind(definition: ModelDefinition, report: Report): Binding {
  const coded = definition.steps
    .map((step, i) => ({ step, i }))
    .filter(({ step }) => step.layer !== null && COMPARED.has(step.layer.role))
    .slice(0, MAXIMUM_LAYERS)
    .map(({ step, i }) => fromCode(step.layer!, i));
  const saved = report.layers.filter(isCompared).slice(0, MAXIMUM_LAYERS).map(fromReport);
  const layers = new Map<number, string>();
  if (coded.length === 0 || saved.length === 0) return { definition, score: 0, layers };
  let total = 0;
  for (const [a, b] of align(coded, saved)) {
    total += likeness(coded[a], saved[b]);
    layers.set(coded[a].key as number, saved[b].key as string);
  }
  return { definition, score: (2 * total) / (coded.length + saved.length), layers };
}

const COMPARED: ReadonlySet<string> = new Set([
  'dense',
  'convolution',
  'recurrent',
  'embedding',
  'attention',
  'normalization',
  'activation',
]);

const isCompared = (layer: LayerReport): boolean => COMPARED.has(layerNote(layer.className)?.role ?? '');

function fromCode(layer: LayerUse, key: number): Candidate {
  const { kind, units, name } = layer;
  return { key, kind: normalized(kind), units, name, activation: layer.activation?.name ?? null };
}

function fromReport(layer: LayerReport): Candidate {
  const kind = normalized(layerNote(layer.className)?.kind ?? layer.className);
  return { key: layer.name, kind, units: layer.units, name: layer.name, activation: layer.activation };
}

/** How alike two layers are: 0 for different kinds or sizes, 1 for the same; unknown sizes count half. */
function likeness(a: Candidate, b: Candidate): number {
  if (a.kind !== b.kind) return 0;
  if (a.name !== null && a.name === b.name) return 1;
  if (a.units !== null && b.units !== null && a.units !== b.units) return 0;
  const sizes = a.units !== null || b.units === null || a.kind === 'batchnormalization' ? 1 : 0.6;
  const activations = a.activation === null || b.activation === null || a.activation === b.activation ? 1 : 0.7;
  return sizes * activations;
}

/** The pairs of the alignment with the greatest total likeness, in order (Needleman and Wunsch 1970, gaps cost nothing). */
function align(a: readonly Candidate[], b: readonly Candidate[]): readonly (readonly [number, number])[] {
  const columns = b.length + 1;
  const best = new Float64Array((a.length + 1) * columns);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i * columns + j] = Math.max(
        best[(i + 1) * columns + j],
        best[i * columns + j + 1],
        likeness(a[i], b[j]) + best[(i + 1) * columns + j + 1],
      );
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const here = best[i * columns + j];
    if (likeness(a[i], b[j]) > 0 && here === likeness(a[i], b[j]) + best[(i + 1) * columns + j + 1])
      pairs.push([i++, j++]);
    else if (here === best[(i + 1) * columns + j]) i++;
    else j++;
  }
  return pairs;
}
