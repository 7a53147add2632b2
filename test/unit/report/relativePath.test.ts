import { describe, expect, it } from 'vitest';
import { relativeSegments } from '../../../src/report/relativePath';

describe('relativeSegments', () => {
  it.each([
    ['weights.bin', ['weights.bin']],
    ['shards/./group1.bin', ['shards', 'group1.bin']],
    ['a//b', ['a', 'b']],
    ['', []],
    ['..a/b..', ['..a', 'b..']],
    ['%2e%2e/x', ['%2e%2e', 'x']],
    ['file:///x', ['file:', 'x']],
  ])('%j stays inside', (path, segments) => {
    expect(relativeSegments(path)).toEqual(segments);
  });

  it.each(['../x.bin', 'a/../../x', 'a/..', '/etc/passwd', '//host/share', '..\\x', 'a\\b', 'C:x', 'c:/x', 'a\0b'])(
    '%j is refused',
    (path) => {
      expect(relativeSegments(path)).toBeNull();
    },
  );
});
