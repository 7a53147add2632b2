import type { PanelState } from './protocol';

/** A file that the page refers to, or its text to be written into the page. */
export type PageResource = { readonly url: string } | { readonly text: string };

export interface PanelPage {
  /** dist/panel.js. */
  readonly script: PageResource;
  /** media/panel.css; for a page outside VS Code media/standalone.css before it. */
  readonly styles: readonly PageResource[];
  /** Fresh and unguessable for each page; the only scripts and inline styles that run are those that carry it. */
  readonly nonce: string;
  /** Where styles, fonts and images may come from (`webview.cspSource`); null for a page that loads nothing. */
  readonly cspSource: string | null;
  /** What to show; null when the page asks a host for it. */
  readonly state: PanelState | null;
}

/** Id of the element that holds the embedded state. */
export const STATE_ELEMENT = 'panel-state';

/** The report panel as an HTML document: for a webview with URLs, for a file of its own with everything written into it. */
export function panelPage({ script, styles, nonce, cspSource, state }: PanelPage): string {
  const attribute = escapeAttribute(nonce);
  const styleSources = [cspSource, styles.some((style) => 'text' in style) ? `'nonce-${nonce}'` : null].filter(
    (source) => source !== null,
  );
  const policy = [
    `default-src 'none'`,
    `style-src ${styleSources.join(' ') || `'none'`}`,
    `script-src 'nonce-${nonce}'`,
    ...(cspSource === null ? [] : [`font-src ${cspSource}`, `img-src ${cspSource}`]),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const lines = [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(title(state))}</title>`,
    ...styles.map((style) =>
      'url' in style
        ? `<link rel="stylesheet" href="${escapeAttribute(style.url)}">`
        : `<style nonce="${attribute}">${style.text.replace(/<\/style/gi, '<\\/style')}</style>`,
    ),
    '</head>',
    '<body>',
    '<main id="panel"></main>',
    ...(state === null
      ? []
      : [`<script type="application/json" id="${STATE_ELEMENT}" nonce="${attribute}">${embeddedJson(state)}</script>`]),
    'url' in script
      ? `<script nonce="${attribute}" src="${escapeAttribute(script.url)}"></script>`
      : `<script nonce="${attribute}">${script.text.replace(/<\/script/gi, '<\\/script')}</script>`,
    '</body>',
    '</html>',
  ];
  return `${lines.join('\n')}\n`;
}

function title(state: PanelState | null): string {
  return state?.kind === 'report' ? `${state.report.model.name} – Activation Diagnostics` : 'Activation Diagnostics';
}

/** JSON that can stand inside a script element whatever the strings in it contain. */
function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const escapeAttribute = (text: string): string => escapeText(text).replaceAll('"', '&quot;');
