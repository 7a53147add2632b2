/** A replacement of a part of the text, in offsets of the unchanged text. */
export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A change of code that mends a finding; applied, it leaves code that runs. */
export interface Fix {
  /** What kind of change it is: fixes with the same id in one file can be applied together. */
  readonly id: string;
  /** Imperative, at most 60 characters. */
  readonly title: string;
  /** They do not overlap. */
  readonly edits: readonly TextEdit[];
}

/** Orders edits, leaves out repeated ones, and gives null when two of them contradict each other. */
export function combine(edits: readonly TextEdit[]): readonly TextEdit[] | null {
  const sorted = [...edits].sort((a, b) => a.from - b.from || a.to - b.to);
  const kept: TextEdit[] = [];
  for (const edit of sorted) {
    const before = kept.at(-1);
    if (before !== undefined && before.from === edit.from && before.to === edit.to && before.text === edit.text)
      continue;
    if (before !== undefined && (edit.from < before.to || (edit.from === before.from && before.to === edit.from)))
      return null;
    kept.push(edit);
  }
  return kept;
}

/** The text after the edits. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.from - b.from || a.to - b.to)) {
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at);
}

/** A fix of these edits; none where an edit is missing or they contradict each other. */
export function fixOf(id: string, title: string, edits: readonly (readonly TextEdit[] | null)[]): readonly Fix[] {
  if (edits.some((one) => one === null)) return [];
  const combined = combine((edits as readonly (readonly TextEdit[])[]).flat());
  return combined === null || combined.length === 0 ? [] : [{ id, title, edits: combined }];
}

/** One fix that does what all fixes with this id in `fixes` do, as far as they fit together. */
export function fixAll(fixes: readonly Fix[], id: string): Fix | null {
  const same = fixes.filter((fix) => fix.id === id);
  let edits: readonly TextEdit[] = [];
  for (const fix of same) edits = combine([...edits, ...fix.edits]) ?? edits;
  return same.length < 2 ? null : { id, title: `Fix all in file: ${same[0].title}`, edits };
}
