import { UNKNOWN, type Arguments, type Value } from './values';

/** Loops over more rounds than this are run once, as loops of unknown length. */
export const MAXIMUM_ROUNDS = 128;

/** 0, 1, …, length - 1. */
export const indices = (length: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor(length)) }, (_, i) => i);

/** The numbers of a counting loop; null where it is longer than what is unrolled. */
export function count(from: number, to: number, step: number): readonly Value[] | null {
  const length = Math.ceil((to - from) / step);
  if (!Number.isFinite(length) || length > MAXIMUM_ROUNDS) return null;
  return indices(length).map((i) => ({ type: 'number', value: from + i * step }));
}

/** What Python's `range`, `len`, `list`, `tuple`, `reversed` and `enumerate` return; null for anything else. */
export function builtin(name: string, args: Arguments): Value | null {
  const values = args.positional.map((arg) => arg.value);
  if (name === 'range') {
    const numbers = values.map((value) => (value.type === 'number' ? value.value : NaN));
    const [from = 0, to = NaN, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
    const items = count(from, to, step);
    return items === null ? UNKNOWN : { type: 'list', items: [...items], complete: true, uncertainty: 0 };
  }
  const [first] = values;
  if (first?.type !== 'list') return name === 'len' ? UNKNOWN : null;
  if (name === 'len') return first.complete ? { type: 'number', value: first.items.length } : UNKNOWN;
  if (name === 'list' || name === 'tuple') return { ...first, items: [...first.items] };
  if (name === 'reversed') return { ...first, items: [...first.items].reverse() };
  if (name !== 'enumerate') return null;
  const items = first.items.map((item, i): Value => {
    return { type: 'list', items: [{ type: 'number', value: i }, item], complete: true, uncertainty: 0 };
  });
  return { ...first, items };
}
