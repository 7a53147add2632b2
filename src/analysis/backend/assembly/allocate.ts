// @ts-ignore: decorator of AssemblyScript
@external('env', 'malloc')
declare function malloc(bytes: usize): usize;

/** Gives back what `allocate` has lent. */
// @ts-ignore: decorator of AssemblyScript
@external('env', 'free')
export declare function free(pointer: usize): void;

/** Lends bytes of tfjs's heap; traps where there is no memory left. */
export function allocate(bytes: usize): usize {
  const pointer = malloc(bytes);
  if (pointer == 0) unreachable();
  return pointer;
}
