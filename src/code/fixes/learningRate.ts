import type { OptimizerNote } from '../catalogue/optimizers';
import type { OptimizerUse } from '../facts';
import { fixOf, type Fix } from './edits';
import { pathTo, type Source } from './source';

/** Sets the learning rate to what the library uses when none is given. */
export function lowerLearningRate(use: OptimizerUse, note: OptimizerNote, source: Source): readonly Fix[] {
  const library = use.library === 'tensorflow' ? 'keras' : use.library;
  const rate = note.defaults[library] ?? note.defaults.keras ?? note.usual[0];
  const written =
    use.learningRate === null ? undefined : pathTo(source.module, use.learningRate.range)?.expressions.at(-1);
  const literal = written?.type === 'name' ? source.names.constant(written.name) : written;
  if (literal?.type !== 'number') return [];
  return fixOf('lower-learning-rate', `Lower the learning rate to ${rate}`, [
    [{ from: literal.from, to: literal.to, text: String(rate) }],
  ]);
}
