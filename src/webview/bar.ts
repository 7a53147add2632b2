import { h } from './dom';

/** A horizontal bar on a track; `share` of 1 is the full track. Widths are set through the CSSOM, which a strict CSP allows. */
export function bar(share: number | null, role: string): HTMLElement {
  const fill = h('span', { class: `fill ${role}` });
  fill.style.inlineSize = `${Math.min(1, Math.max(0, share ?? 0)) * 100}%`;
  return h('span', { class: 'bar', 'aria-hidden': 'true' }, share !== null && share > 0 && fill);
}
