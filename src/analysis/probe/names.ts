/**
 * The name among `names` that means `wanted`: the same, or, if exactly one is, the same but for case, scope, the suffix
 * `:0` of tensors and the affixes `_input` and `serving_default_` that exporters add. Null when there is none.
 */
export function matchName(wanted: string, names: readonly string[]): string | null {
  if (names.includes(wanted)) return wanted;
  const same = names.filter((name) => essence(name) === essence(wanted));
  return same.length === 1 ? same[0] : null;
}

function essence(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/:\d+$/, '')
    .replace(/^serving_default_/, '')
    .replace(/(?<=.)_input$/, '');
}

/** Whether an array or column of this name holds labels by convention. */
export function isLabelName(name: string): boolean {
  return /^(y|labels?|targets?|class|classes)(_(train|test|val))?$/i.test(name);
}
