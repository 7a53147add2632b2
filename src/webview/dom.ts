/** Elements from plain values. Text always becomes text nodes: what a model file contains can never become markup. */

export type Child = Node | string | null | false | undefined | readonly Child[];

type Attribute = string | number | boolean | null | undefined;
type Listeners = { readonly [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void };
type Attributes = Readonly<Record<string, Attribute>>;

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (typeof child === 'string' || child instanceof Node) element.append(child);
    else append(element, child);
  }
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** An HTML element: `h('p', { class: 'muted' }, 'text')`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

/** An SVG element; numbers are rounded to hundredths of a pixel. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  const rounded = Object.entries(attributes).map(([name, value]) => [
    name,
    typeof value === 'number' ? Math.round(value * 100) / 100 : value,
  ]);
  setAttributes(element, Object.fromEntries(rounded) as Attributes);
  append(element, children);
  return element;
}

/** Adds event listeners and returns the element: `on(button, { onclick: … })`. */
export function on<E extends Element>(element: E, listeners: Listeners): E {
  for (const [name, listener] of Object.entries(listeners)) {
    element.addEventListener(name.slice(2), listener as EventListener);
  }
  return element;
}

export function replace(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** A name out of a model file, kept from reordering the text around it whatever its script. */
export const named = (name: string): HTMLElement => h('bdi', { class: 'name' }, name);

/** Width in pixels of `text` in the font of `element`. */
export function textWidth(text: string, element: Element, bold = false): number {
  const { fontFamily, fontSize } = getComputedStyle(element);
  context ??= document.createElement('canvas').getContext('2d');
  if (context === null) return text.length * parseFloat(fontSize) * 0.6;
  context.font = `${bold ? 600 : 400} ${fontSize} ${fontFamily}`;
  return context.measureText(text).width;
}

let context: CanvasRenderingContext2D | null = null;
