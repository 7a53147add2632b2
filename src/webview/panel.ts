/** The report panel: shows the states that the host sends, or the one that the page carries with it. */

import type { PanelState, ToPanel } from '../report/protocol';
import { connectHost } from './host';
import { ReportStore } from './reportStore';
import { reportView, type ReportView } from './reportView';
import { emptyView, problemView, runningView, type RunningView } from './stateViews';
import { hideTip } from './tooltip';

const root = document.getElementById('panel')!;
const host = connectHost();

type Shown =
  | { readonly kind: 'report'; readonly view: ReportView; readonly id: string }
  | { readonly kind: 'running'; readonly view: RunningView }
  | { readonly kind: 'other' };

let shown: Shown = { kind: 'other' };
/** What the reader chose in this page before it was reloaded; used once, since a later run is another report. */
let memory = host.memory;

function show(state: PanelState): void {
  if (state.kind === 'running' && shown.kind === 'running') return shown.view.update(state);
  if (state.kind === 'report' && shown.kind === 'report' && identity(state) === shown.id) {
    return shown.view.setStale(state.stale);
  }
  hideTip();
  if (shown.kind !== 'other') shown.view.dispose();
  shown = { kind: 'other' };
  switch (state.kind) {
    case 'empty':
      return root.replaceChildren(emptyView(host));
    case 'problem':
      return root.replaceChildren(problemView(state, host));
    case 'running': {
      const view = runningView(state, host);
      root.replaceChildren(view.element);
      shown = { kind: 'running', view };
      return;
    }
    case 'report': {
      const view = reportView(new ReportStore(state.report, state.ignored ?? [], host, memory), host);
      memory = null;
      root.replaceChildren(view.element);
      view.attach();
      view.setStale(state.stale);
      shown = { kind: 'report', view, id: identity(state) };
      return;
    }
  }
}

/** Two messages with the same identity carry the same report. */
function identity({ report, ignored }: Extract<PanelState, { kind: 'report' }>): string {
  const severities = report.findings.map(({ severity }) => severity);
  return JSON.stringify([report.model.file.path, report.run.startedAt, severities, ignored ?? []]);
}

if (host.post !== null) {
  window.addEventListener('message', ({ data }: MessageEvent<ToPanel>) => {
    if (data.kind === 'state') show(data.state);
    else if (shown.kind === 'report') shown.view.reveal(data);
  });
  host.post({ kind: 'ready' });
} else {
  show(host.embedded ?? { kind: 'empty' });
}
