/** Which saved weight is which variable of the model: by name, and by order and shape where the names say nothing. */

import { tensor, type Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DiagnosisError } from '../../report/errors';
import { isContainer, type Layer } from './layerFacts';
import type { SavedWeight } from './savedWeight';

type LayerVariable = Layer['weights'][number];

interface Target {
  readonly variable: LayerVariable;
  /** Names of the models and the layer that it is in, and its own: `['encoder', 'dense', 'kernel']`. */
  readonly path: readonly string[];
  /** The same without the models around the layer: what most files name it. */
  readonly name: readonly string[];
  /** Names of the models and the layer that it is in. */
  readonly owner: readonly string[];
}

type Assignment = Map<Target, SavedWeight>;

/**
 * Fills the model's variables. Saved weights that no variable takes are left, with a note. Throws `weights-mismatch`
 * when a variable stays without a value or its shape differs.
 */
export function assignWeights(model: LayersModel, saved: readonly SavedWeight[], notes: string[]): void {
  const targets = targetsOf(model, []);
  const assignment: Assignment = new Map();
  byOwner(targets, saved, assignment);
  byName(targets, saved, assignment);
  const left = (): SavedWeight[] => {
    const used = new Set(assignment.values());
    return saved.filter((weight) => !used.has(weight));
  };
  const open = targets.filter((target) => !assignment.has(target));
  if (open.length > 0) byOrder(open, left().filter(isLearned), assignment, notes);
  check(targets, assignment, left());
  for (const [{ variable }, weight] of assignment) write(variable, weight);
  const unused = left().filter(isLearned);
  if (unused.length > 0) {
    const names = unused.slice(0, 3).map(({ name }) => `"${name}"`);
    notes.push(
      `${unused.length} saved weight${unused.length === 1 ? ' is' : 's are'} not used by any layer that was built: ${names.join(', ')}${unused.length > 3 ? ', …' : ''}.`,
    );
  }
}

/** Not the state of random generators, metrics or the optimiser, which Keras saves with the weights. */
const isLearned = ({ name }: SavedWeight): boolean =>
  !/(?:^|\/)(?:seed_generator[^/]*\/.*|seed_generator_state|count|optimizer\/.*|iterations?|learning_rate)$/.test(name);

function targetsOf(container: Layer, outer: readonly string[]): Target[] {
  const seen = new Set<number>();
  return (container as LayersModel).layers.flatMap((layer) => {
    const path = [...outer, layer.name];
    if (isContainer(layer)) return targetsOf(layer, path);
    const weights = layer.weights.filter(({ id }) => !seen.has(id));
    return weights.map((variable): Target => {
      seen.add(variable.id);
      // The scope in the variable's name is the layer's, in characters that tfjs accepts.
      const own = variable.originalName.split('/').slice(layer.name.split('/').length);
      return { variable, path: [...path, ...own], name: [layer.name, ...own], owner: path };
    });
  });
}

/** One after the other in each layer that the file names: a layer keeps its weights in a fixed order. */
function byOwner(targets: readonly Target[], saved: readonly SavedWeight[], assignment: Assignment): void {
  const key = (path: readonly string[]): string => JSON.stringify(path);
  const owned = groupBy(
    saved.filter(({ owner }) => owner !== undefined),
    ({ owner }) => key(owner!),
  );
  for (const [owner, group] of groupBy(targets, ({ owner }) => key(owner))) {
    const weights = owned.get(owner) ?? [];
    // Further weights, like the count of a Normalization, are not used in inference.
    if (group.every(({ variable }, i) => weights[i] !== undefined && sameShape(variable, weights[i]))) {
      group.forEach((target, i) => assignment.set(target, weights[i]));
    }
  }
}

const parts = (weight: SavedWeight): string[] => weight.name.split('/');

function byName(targets: readonly Target[], saved: readonly SavedWeight[], assignment: Assignment): void {
  const used = new Set<SavedWeight>(assignment.values());
  const take = (target: Target, weight: SavedWeight): void => {
    assignment.set(target, weight);
    used.add(weight);
  };
  // Exact names; where two nested models have layers of one name, in the order of both.
  const exact = groupBy(saved, ({ name }) => name);
  const nameless = targets.filter((target) => !assignment.has(target));
  for (const [name, group] of groupBy(nameless, (target) => target.name.join('/'))) {
    const weights = exact.get(name) ?? [];
    if (weights.length === group.length) group.forEach((target, i) => take(target, weights[i]));
  }
  // Names with more in them: models around the layer (`model/dense/kernel`) or recurrent cells within it
  // (`lstm/lstm_cell/kernel`). Only what is unambiguous both ways counts.
  const weights = saved.filter((weight) => !used.has(weight));
  const open = targets.filter((target) => !assignment.has(target));
  const last = groupBy(weights, (weight) => parts(weight).pop()!);
  for (const key of ['path', 'name'] as const) {
    const fits = new Map<Target, SavedWeight[]>();
    const claims = new Map<SavedWeight, number>();
    for (const target of open) {
      if (assignment.has(target)) continue;
      const candidates = (last.get(target.name[target.name.length - 1]) ?? []).filter(
        (weight) => !used.has(weight) && isSubsequence(target[key], parts(weight)),
      );
      fits.set(target, candidates);
      for (const weight of candidates) claims.set(weight, (claims.get(weight) ?? 0) + 1);
    }
    for (const [target, candidates] of fits) {
      if (candidates.length === 1 && claims.get(candidates[0]) === 1) take(target, candidates[0]);
    }
  }
}

/** Whether `some` occurs in `all` in its order, perhaps with others between. */
function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let matched = 0;
  for (const item of all) if (item === some[matched]) matched++;
  return matched === some.length;
}

/**
 * One after the other where all shapes agree: in the order of the model, or of the names of its outermost layers, in
 * which the converter writes them.
 */
function byOrder(
  open: readonly Target[],
  weights: readonly SavedWeight[],
  assignment: Assignment,
  notes: string[],
): void {
  const alphabetical = [...open].sort((a, b) => (a.owner[0] < b.owner[0] ? -1 : a.owner[0] > b.owner[0] ? 1 : 0));
  for (const [order, words] of [
    [open, 'the order of the layers'],
    [alphabetical, "the alphabetical order of the layers' names"],
  ] as const) {
    if (order.length === weights.length && order.every(({ variable }, i) => sameShape(variable, weights[i]))) {
      order.forEach((target, i) => assignment.set(target, weights[i]));
      notes.push(
        `${weights.length} of the weights have names that do not occur in the topology; they were matched by ${words} and by shape.`,
      );
      return;
    }
  }
}

const sameShape = (variable: LayerVariable, { shape }: SavedWeight): boolean =>
  variable.shape.length === shape.length && variable.shape.every((dim, i) => dim === shape[i]);

function check(targets: readonly Target[], assignment: Assignment, left: readonly SavedWeight[]): void {
  for (const [{ variable, path }, weight] of assignment) {
    if (!sameShape(variable, weight)) {
      throw mismatch(
        `The weight "${path.join('/')}" must have the shape [${variable.shape.join(', ')}], but "${weight.name}" in the file has [${weight.shape.join(', ')}].`,
        path.join('/'),
      );
    }
  }
  const lacking = targets.filter((target) => !assignment.has(target));
  if (lacking.length === 0) return;
  const names = lacking.slice(0, 3).map(({ path, variable }) => `"${path.join('/')}" [${variable.shape.join(', ')}]`);
  const others = left.slice(0, 3).map(({ name, shape }) => `"${name}" [${shape.join(', ')}]`);
  throw mismatch(
    `${lacking.length} of ${targets.length} weights are not in the file: ${names.join(', ')}${lacking.length > 3 ? ', …' : ''}.` +
      (others.length === 0 ? '' : ` It holds ${others.join(', ')}${left.length > 3 ? ', …' : ''} instead.`),
    lacking[0].path.join('/'),
  );
}

const mismatch = (message: string, place: string): DiagnosisError =>
  new DiagnosisError(
    'weights-mismatch',
    message,
    place,
    'The topology and the weights do not belong together: use the pair that was saved together.',
  );

function write(variable: LayerVariable, { values, shape }: SavedWeight): void {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const value = tensor(floats, [...shape], 'float32');
  // Not LayerVariable.write, which would apply the layer's constraint and change what was saved.
  (variable.read() as Variable).assign(value);
  value.dispose();
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
