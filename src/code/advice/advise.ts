import { sourceOf } from '../fixes/source';
import type { CodeDocument } from '../parser';
import { byteImages } from './byteImages';
import { deadBias } from './deadBias';
import type { CodeFinding, Rule } from './finding';
import { initialization } from './initialization';
import { learningRate } from './learningRate';
import { linearStack } from './linearStack';
import { outputActivation } from './outputActivation';
import { saturatingStack } from './saturatingStack';
import { symmetricUnits } from './symmetricUnits';

const RULES: readonly Rule[] = [
  saturatingStack,
  initialization,
  symmetricUnits,
  deadBias,
  learningRate,
  outputActivation,
  linearStack,
  byteImages,
];

/** Everything that the code of a file shows to be wrong, in the order of the text; nothing for code that is healthy or not understood. */
export function advise(document: CodeDocument): readonly CodeFinding[] {
  const { model } = document;
  const source = sourceOf(document);
  const found = new Map<string, CodeFinding>();
  // A layer may belong to several definitions: the network and a part of it.
  for (const rule of RULES)
    for (const finding of rule(model, source)) {
      const key = `${finding.rule}:${finding.range.from}`;
      if (!found.has(key)) found.set(key, finding);
    }
  return [...found.values()].sort((a, b) => a.range.from - b.range.from);
}
