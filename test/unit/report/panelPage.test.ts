import { describe, expect, it } from 'vitest';
import { panelPage, STATE_ELEMENT } from '../../../src/report/panelPage';
import { reportOf } from '../../e2e/panel/reportBuilder';

const NONCE = 'bm9uY2U=';
const base = { nonce: NONCE, state: null } as const;
const policyOf = (html: string) => /Content-Security-Policy" content="([^"]*)"/.exec(html)![1];

describe('a page for VS Code', () => {
  const html = panelPage({
    ...base,
    script: { url: 'https://host/panel.js?a=1&b="2"' },
    styles: [{ url: 'https://host/panel.css' }],
    cspSource: 'https://host',
  });

  it('allows what it loads and nothing else', () => {
    expect(policyOf(html).split('; ')).toEqual([
      "default-src 'none'",
      'style-src https://host',
      `script-src 'nonce-${NONCE}'`,
      'font-src https://host',
      'img-src https://host',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html).not.toMatch(/unsafe|<style|style="/);
  });

  it('escapes what stands in attributes', () => {
    expect(html).toContain('src="https://host/panel.js?a=1&amp;b=&quot;2&quot;"');
    expect(html).not.toContain(STATE_ELEMENT);
  });
});

describe('a page of its own', () => {
  const HOSTILE = '</script><!--<script>alert(1)</script>&\u2028';
  const state = {
    kind: 'report',
    stale: false,
    report: reportOf({ name: HOSTILE, input: [1], output: [1], parameters: 0, layers: [{ name: HOSTILE, units: 1 }] }),
  } as const;
  const html = panelPage({
    nonce: NONCE,
    cspSource: null,
    script: { text: 'const a = "</script>";' },
    styles: [{ text: 'a{}' }, { text: 'b::after{content:"</style>"}' }],
    state,
  });

  it('loads nothing', () => {
    expect(policyOf(html)).toBe(
      `default-src 'none'; style-src 'nonce-${NONCE}'; script-src 'nonce-${NONCE}'; base-uri 'none'; form-action 'none'`,
    );
    expect(html).not.toMatch(/<link|src=/);
  });

  it('carries a state that reads back the same whatever its strings contain', () => {
    const embedded = new RegExp(`id="${STATE_ELEMENT}"[^>]*>([^<]*)</script>`).exec(html)![1];
    expect(JSON.parse(embedded)).toEqual(JSON.parse(JSON.stringify(state)));
  });

  it('has exactly the elements that were meant', () => {
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html.match(/<\/style>/g)).toHaveLength(2);
    expect(html).not.toContain('<!--');
    expect(/<title>(.*)<\/title>/su.exec(html)![1]).not.toContain('<');
  });
});
