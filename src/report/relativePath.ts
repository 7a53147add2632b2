/**
 * The segments of a path that stays inside the folder it is relative to; null for every other path: absolute ones,
 * ones with `..`, and ones that some system reads differently (backslashes, drive letters, NUL).
 */
export function relativeSegments(path: string): readonly string[] | null {
  if (/^\/|[\\\0]|^[A-Za-z]:/.test(path)) return null;
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.includes('..') ? null : segments;
}
