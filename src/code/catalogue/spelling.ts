/** How the libraries' many spellings of one name are brought to one: `LeakyReLU`, `leakyRelu` and `leaky_relu_` are `leakyrelu`. */
export const normalized = (name: string): string => name.replace(/[_\s-]/g, '').toLowerCase();

/** A look-up by any spelling, safe against names that objects inherit. */
export function lookup<T>(rows: readonly (readonly [spellings: string, value: T])[]): (name: string) => T | null {
  const table = new Map<string, T>();
  for (const [spellings, value] of rows) for (const spelling of spellings.split(' ')) table.set(spelling, value);
  return (name) => table.get(normalized(name)) ?? null;
}
