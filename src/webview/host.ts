import { STATE_ELEMENT } from '../report/panelPage';
import type { FromPanel, PanelMemory, PanelState } from '../report/protocol';

interface VsCodeApi {
  postMessage(message: FromPanel): void;
  getState(): unknown;
  setState(state: PanelMemory): void;
}

declare global {
  /** Present inside a webview of VS Code only; may be called once. */
  var acquireVsCodeApi: (() => VsCodeApi) | undefined;
}

/** Where the panel stands: in VS Code, or in a page of its own that has nobody to talk to. */
export interface Host {
  /** Null in a page of its own; what needs it is then not shown. */
  readonly post: ((message: FromPanel) => void) | null;
  readonly memory: PanelMemory | null;
  remember(memory: PanelMemory): void;
  /** What the page carries with it. */
  readonly embedded: PanelState | null;
}

export function connectHost(): Host {
  const api = globalThis.acquireVsCodeApi?.();
  const element = document.getElementById(STATE_ELEMENT);
  return {
    post: api === undefined ? null : (message) => api.postMessage(message),
    memory: api === undefined ? null : readMemory(api.getState()),
    remember: (memory) => api?.setState(memory),
    embedded: element?.textContent ? (JSON.parse(element.textContent) as PanelState) : null,
  };
}

/** What an older version of the panel left behind may look different: anything unexpected is forgotten. */
function readMemory(value: unknown): PanelMemory | null {
  if (typeof value !== 'object' || value === null) return null;
  const { selectedLayer, openFindings, sort, showAllLayers } = value as Partial<Record<keyof PanelMemory, unknown>>;
  return {
    selectedLayer: typeof selectedLayer === 'string' ? selectedLayer : null,
    openFindings: Array.isArray(openFindings) ? openFindings.filter((index) => Number.isInteger(index)) : [],
    sort: readSort(sort),
    showAllLayers: showAllLayers === true,
  };
}

function readSort(value: unknown): PanelMemory['sort'] {
  if (typeof value !== 'object' || value === null) return null;
  const { column, descending } = value as { column?: unknown; descending?: unknown };
  return typeof column === 'string' ? { column, descending: descending === true } : null;
}
