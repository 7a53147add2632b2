import type { ActivationUse, LayerUse, ModelDefinition, Step } from '../facts';
import type { CodeDocument } from '../parser';
import { alternatives } from './activation';
import type { Fix } from './edits';
import { sourceOf } from './source';

/** Other activations for the one that is written at an offset; none where there is no activation or it is not understood. */
export function replacementsAt(document: CodeDocument, offset: number): readonly Fix[] {
  for (const definition of document.model.definitions)
    for (const step of definition.steps) {
      const found = activationOf(definition, step);
      if (found !== null && found.use.range.from <= offset && offset <= found.use.range.to)
        return alternatives(found.use, found.step, found.layer, sourceOf(document));
    }
  return [];
}

function activationOf(
  { steps }: ModelDefinition,
  step: Step,
): { readonly use: ActivationUse; readonly step: Step | null; readonly layer: LayerUse } | null {
  if (step.operation === 'activation') {
    // What stands before it tells the library where the activation is a function.
    const layer = step.layer ?? steps[step.inputs[0]]?.layer ?? null;
    return step.activation === null || layer === null ? null : { use: step.activation, step, layer };
  }
  const use = step.layer?.activation ?? null;
  return use === null || use.form === 'default' ? null : { use, step: null, layer: step.layer! };
}
