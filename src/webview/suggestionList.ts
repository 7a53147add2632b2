import { formatNumber } from '../report/format';
import type { Suggestion } from '../report/report';
import { bar } from './bar';
import { h, on, replace, type Child } from './dom';
import type { Host } from './host';
import type { Language, ReportStore } from './reportStore';
import { TEXT } from './strings';
import { explainer } from './tooltip';

/** Effects that span more than this factor are drawn on a log track. */
const LOG_FROM = 100;
const COPIED_FOR = 2000;

/** Fixes as a radio group with one code view for the chosen one. `group` names the radio group. */
export function suggestionList(
  suggestions: readonly Suggestion[],
  group: string,
  store: ReportStore,
  host: Host,
): HTMLElement {
  const quantities = new Set(suggestions.flatMap(({ effect }) => (effect === null ? [] : [effect.quantity])));
  const shared = quantities.size === 1 ? TEXT.effectOf([...quantities][0]) : '';
  const chosen = h('div', { class: 'chosen' });
  const show = (suggestion: Suggestion): void => {
    const explained = explainer();
    replace(
      chosen,
      h('p', {}, explained(suggestion.rationale)),
      suggestion.effect !== null && h('p', { class: 'small muted' }, suggestion.effect.how),
      codeView(suggestion, group, store, host),
    );
  };
  const single = suggestions.length === 1;
  const entries = suggestions.map((suggestion, index) => {
    const effect = effectBar(suggestion, suggestions, quantities.size > 1);
    if (single) return h('div', { class: 'fix single' }, h('b', {}, suggestion.title), effect);
    const input = h('input', { type: 'radio', name: group, checked: index === 0 });
    on(input, { onchange: () => show(suggestion) });
    return h('label', { class: 'fix' }, input, h('span', {}, suggestion.title), effect);
  });
  show(suggestions[0]);
  return h('fieldset', {}, h('legend', {}, (single ? TEXT.fix : TEXT.fixes) + shared), entries, chosen);
}

/** Before above after on one track; null while the fix has not been tried. */
function effectBar({ effect }: Suggestion, all: readonly Suggestion[], withQuantity: boolean): Child {
  if (effect === null) return null;
  const values = all.flatMap((other) =>
    other.effect?.quantity === effect.quantity ? [other.effect.before, other.effect.after] : [],
  );
  const position = track(values, COUNTED.test(effect.quantity));
  const before = formatNumber(effect.before);
  const after = formatNumber(effect.after);
  return h(
    'span',
    { class: 'fix-effect' },
    withQuantity && h('span', { class: 'small muted quantity' }, effect.quantity),
    h(
      'span',
      { class: 'bars', role: 'img', 'aria-label': `${TEXT.before} ${before}, ${TEXT.after} ${after}` },
      bar(position(effect.before), 'f-soft'),
      bar(position(effect.after), 'f-good'),
    ),
    h('span', { class: 'num' }, h('span', { class: 'muted' }, `${before} → `), h('b', {}, after)),
  );
}

/** Quantities that are counts, averaged over copies; the others span decades. */
const COUNTED = /\bunits\b/;

/** Maps values to a share of one track that all compared bars have in common. */
function track(values: readonly number[], counted: boolean): (value: number) => number {
  const highest = Math.max(...values);
  const positive = values.filter((value) => value > 0);
  const lowest = Math.min(...positive);
  if (!(highest > 0)) return () => 0;
  if (counted || positive.length < values.length || highest / lowest < LOG_FROM)
    return (value) => Math.max(0, value / highest);
  const floor = Math.floor(Math.log10(lowest)) - 0.5;
  return (value) => (Math.log10(value) - floor) / (Math.log10(highest) - floor);
}

function codeView({ code }: Suggestion, group: string, store: ReportStore, host: Host): Child {
  const languages = (['tfjs', 'keras'] as const).filter((language) => code[language] !== null);
  if (languages.length === 0) return null;
  const text = h('code', {});
  const box = h('div', { class: 'code', id: `${group}-code`, hidden: true });
  const tabs = languages.map((language) => {
    const tab = h('button', { class: 'tab', type: 'button', role: 'tab', id: `${group}-${language}` }, TEXT[language]);
    on(tab, {
      onclick: () => choose(language),
      onkeydown: ({ key }) => {
        if (languages.length < 2 || (key !== 'ArrowLeft' && key !== 'ArrowRight')) return;
        const other = languages.find((candidate) => candidate !== language)!;
        choose(other);
        tabs.find(({ tab: candidate }) => candidate.id.endsWith(other))?.tab.focus();
      },
    });
    return { language, tab };
  });
  const pre = h('pre', { role: 'tabpanel', tabindex: 0 }, text);
  const choose = (language: Language): void => {
    store.language = language;
    draw();
  };
  const draw = (): void => {
    const current = languages.find((language) => language === store.language) ?? languages[0];
    for (const { language, tab } of tabs) {
      tab.setAttribute('aria-selected', String(language === current));
      tab.tabIndex = language === current ? 0 : -1;
    }
    pre.setAttribute('aria-labelledby', `${group}-${current}`);
    text.textContent = code[current];
  };
  const toggle = h(
    'button',
    { class: 'button', type: 'button', 'aria-expanded': 'false', 'aria-controls': box.id },
    TEXT.showCode,
  );
  on(toggle, {
    onclick: () => {
      box.hidden = !box.hidden;
      toggle.setAttribute('aria-expanded', String(!box.hidden));
      toggle.textContent = box.hidden ? TEXT.showCode : TEXT.hideCode;
      draw();
    },
  });
  draw();
  const tabList = h(
    'div',
    { class: 'tabs', role: 'tablist', 'aria-label': TEXT.languages },
    tabs.map(({ tab }) => tab),
  );
  box.append(h('div', { class: 'code-head' }, tabList, ...copyButton(() => text.textContent ?? '', host)), pre);
  return [h('div', { class: 'row' }, toggle), box];
}

/** Absent where there is neither VS Code nor a clipboard to copy to. */
function copyButton(read: () => string, { post }: Host): Node[] {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (post === null && clipboard === undefined) return [];
  const button = h('button', { class: 'link', type: 'button' }, TEXT.copy);
  const confirm = (): void => {
    button.textContent = TEXT.copied;
    setTimeout(() => {
      button.textContent = TEXT.copy;
    }, COPIED_FOR);
  };
  on(button, {
    onclick: () => {
      if (post !== null) {
        post({ kind: 'copyCode', code: read() });
        confirm();
      } else {
        // Nothing is claimed when the browser refuses.
        void clipboard?.writeText(read()).then(confirm, () => undefined);
      }
    },
  });
  return [button];
}
