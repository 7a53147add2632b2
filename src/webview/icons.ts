import { s } from './dom';
import { TEXT } from './strings';

const CROSS = 'M5.3 4.3 8 7l2.7-2.7 1 1L9 8l2.7 2.7-1 1L8 9l-2.7 2.7-1-1L7 8 4.3 5.3z';
const CIRCLE = 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z';

type Part = { readonly d: string; readonly class: string; readonly width?: number; readonly dash?: string };

/** 16 × 16, one shape per meaning; marks inside solid shapes are holes, so that any background shows through. */
const ICONS = {
  error: [{ d: CIRCLE + CROSS, class: 'f-bad' }],
  warning: [{ d: 'M8 1.5 15.2 14.5H.8zM7.2 6h1.6v4H7.2zm0 5.2h1.6v1.6H7.2z', class: 'f-warn' }],
  information: [
    { d: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z', class: 'l-ink', width: 1.3 },
    { d: 'M8 7.2v4.1m0-6.9v1.6', class: 'l-ink', width: 1.5 },
  ],
  healthy: [
    { d: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z', class: 'l-good', width: 1.3 },
    { d: 'M5 8.2l2.1 2.1L11 6', class: 'l-good', width: 1.5 },
  ],
  unjudged: [{ d: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z', class: 'l-soft', width: 1.3, dash: '2.2 2.2' }],
  chevron: [{ d: 'M6 4l4 4-4 4', class: 'l-fg', width: 1.2 }],
  rerun: [{ d: 'M13 8a5 5 0 1 1-1.6-3.7M13 1.5v3h-3', class: 'l-current', width: 1.3 }],
  now: [
    { d: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z', class: 'l-soft', width: 1.5 },
    { d: 'M8 2.5A5.5 5.5 0 0 1 13.5 8', class: 'l-ink', width: 1.8 },
  ],
  done: [{ d: 'M3.5 8.5l3 3 6-7', class: 'l-good', width: 1.5 }],
  todo: [{ d: 'M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z', class: 'f-soft' }],
} as const satisfies Record<string, readonly Part[]>;

export type IconName = keyof typeof ICONS;

const SPOKEN: Partial<Record<IconName, string>> = {
  error: TEXT.error,
  warning: TEXT.warning,
  information: TEXT.information,
  healthy: TEXT.healthy,
  unjudged: TEXT.unjudged,
  done: TEXT.done,
};

/** An icon; severities are spoken, ornaments are hidden from screen readers. */
export function icon(name: IconName, ...classes: string[]): SVGSVGElement {
  const spoken = SPOKEN[name];
  const parts: readonly Part[] = ICONS[name];
  return s(
    'svg',
    {
      class: ['icon', ...classes].join(' '),
      viewBox: '0 0 16 16',
      ...(spoken === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': spoken }),
    },
    parts.map(({ d, class: role, width, dash }) =>
      s('path', { d, class: role, 'fill-rule': 'evenodd', 'stroke-width': width, 'stroke-dasharray': dash }),
    ),
  );
}
