/* global document, getComputedStyle, NodeFilter, SVGElement */

/**
 * Runs inside the page: what a reader would see as broken, as sentences. Content past the edge, clipped content,
 * texts on top of each other, type that is too small.
 */
export function layoutFaults() {
  const faults = [];
  const width = document.documentElement.clientWidth;
  const scrollWidth = document.documentElement.scrollWidth;
  if (scrollWidth > width) faults.push(`the page is ${scrollWidth} px wide in ${width} px`);
  const name = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`;
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });

  for (const element of document.body.querySelectorAll('*')) {
    if (!shown(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (box.right > width + 0.5 || box.left < -0.5) {
      faults.push(`${name(element)} lies outside: ${Math.round(box.left)} to ${Math.round(box.right)}`);
    }
    const style = getComputedStyle(element);
    const clips = !(element instanceof SVGElement) && style.display !== 'inline' && style.overflowX !== 'visible';
    if (clips && element.scrollWidth > element.clientWidth + 1) {
      faults.push(`${name(element)} is clipped: ${element.scrollWidth} px in ${element.clientWidth} px`);
    }
  }

  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (node.data.trim() === '' || parent === null || parent.closest('script, style') !== null || !shown(parent))
      continue;
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (size < 11) faults.push(`${name(parent)} has ${size} px type`);
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width > 1 && box.height > 1) lines.push({ box, text: node.data.trim().slice(0, 40), parent });
    }
  }
  for (let i = 0; i < lines.length; i++) {
    const a = lines[i].box;
    if (a.right > width + 0.5) faults.push(`text runs out of the page: "${lines[i].text}"`);
    for (let j = i + 1; j < lines.length; j++) {
      const b = lines[j].box;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // Boxes of neighbouring lines touch: ascenders and descenders are part of them.
      if (across > 1 && down > 4) faults.push(`texts overlap: "${lines[i].text}" and "${lines[j].text}"`);
    }
  }
  return [...new Set(faults)].slice(0, 12);
}
