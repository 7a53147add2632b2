import { h, on } from './dom';
import { GLOSSARY, TERMS, type Term } from './strings';

const MARGIN = 8;
const GAP = 6;

let tip: HTMLElement | null = null;
let owner: Element | null = null;

export function hideTip(): void {
  tip?.remove();
  owner?.removeAttribute('aria-describedby');
  tip = owner = null;
}

/** What the pointer leaves must not close what the keyboard has opened elsewhere. */
function hideTipOf(element: Element): void {
  if (owner === element) hideTip();
}

function showTip(element: Element, text: string): void {
  hideTip();
  owner = element;
  tip = h('div', { class: 'tip', role: 'tooltip', id: 'tip' }, text);
  document.body.append(tip);
  const target = element.getBoundingClientRect();
  const left = Math.max(MARGIN, Math.min(target.left, document.documentElement.clientWidth - tip.offsetWidth - MARGIN));
  const fitsBelow = target.bottom + GAP + tip.offsetHeight < window.innerHeight;
  const top = fitsBelow ? target.bottom + GAP : Math.max(0, target.top - tip.offsetHeight - GAP);
  tip.style.left = `${left + window.scrollX}px`;
  tip.style.top = `${top + window.scrollY}px`;
  element.setAttribute('aria-describedby', tip.id);
}

window.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') hideTip();
});

/** Explains `element` on hover and keyboard focus; Escape closes. */
export function withTip<E extends Element>(element: E, text: string): E {
  return on(element, {
    onmouseenter: () => showTip(element, text),
    onmouseleave: () => hideTipOf(element),
    onfocus: () => {
      if (element.matches(':focus-visible')) showTip(element, text);
    },
    onblur: () => hideTipOf(element),
  });
}

/** A term of art with its explanation. */
export const define = (label: string, explanation: string): HTMLElement =>
  withTip(h('dfn', { class: 'term', tabindex: 0 }, label), explanation);

export const term = (key: Term): HTMLElement => define(TERMS[key][0], TERMS[key][1]);

/** Splits sentences of a report into text and terms of art, each term explained once per explainer. */
export function explainer(): (text: string) => (string | Node)[] {
  const known = new Set<RegExp>();
  const split = (text: string): (string | Node)[] => {
    let first: { index: number; word: string; entry: (typeof GLOSSARY)[number] } | null = null;
    for (const entry of GLOSSARY) {
      if (known.has(entry.pattern)) continue;
      const match = entry.pattern.exec(text);
      if (match !== null && (first === null || match.index < first.index))
        first = { index: match.index, word: match[0], entry };
    }
    if (first === null) return unbroken(text);
    known.add(first.entry.pattern);
    const rest = text.slice(first.index + first.word.length);
    return [...unbroken(text.slice(0, first.index)), define(first.word, first.entry.explanation), ...split(rest)];
  };
  return split;
}

/** Text in which numbers with an exponent stay on one line. */
export function unbroken(text: string): (string | Node)[] {
  return text
    .split(/(\d[\d.]*e-\d+)/)
    .map((part, index) => (index % 2 === 1 ? h('span', { class: 'whole' }, part) : part))
    .filter((part) => part !== '');
}
