import type { Health } from '../health';
import type { Severity } from '../report';

/** How words are set off on a terminal: by ECMA-48 colours, or not at all. */
export type Role = 'strong' | 'quiet' | 'error' | 'warning' | 'good' | 'code';

export type Style = (role: Role, text: string) => string;

const CODES: Readonly<Record<Role, readonly [on: number, off: number]>> = {
  strong: [1, 22],
  quiet: [2, 22],
  error: [31, 39],
  warning: [33, 39],
  good: [32, 39],
  code: [36, 39],
};

export const coloured: Style = (role, text) => `\u001b[${CODES[role][0]}m${text}\u001b[${CODES[role][1]}m`;
export const uncoloured: Style = (_role, text) => text;

/** One column each; the shape tells them apart without colour. */
export const MARKS: Readonly<Record<Severity | Health, { readonly sign: string; readonly role: Role }>> = {
  error: { sign: '✗', role: 'error' },
  warning: { sign: '!', role: 'warning' },
  information: { sign: 'i', role: 'quiet' },
  healthy: { sign: '✓', role: 'good' },
  unjudged: { sign: '·', role: 'quiet' },
};
