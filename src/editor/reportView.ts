import { randomBytes } from 'node:crypto';
import {
  commands,
  env,
  Uri,
  window,
  type CancellationToken,
  type Disposable,
  type WebviewView,
  type WebviewViewProvider,
  type WebviewViewResolveContext,
} from 'vscode';
import { panelPage, type PageResource } from '../report/panelPage';
import type { FromPanel, ToPanel } from '../report/protocol';
import type { Finding } from '../report/report';
import type { Diagnoses } from './diagnoses';
import { layerRanges } from './problems';

type Reveal = Extract<ToPanel, { kind: 'reveal' }>;

/** Hosts the report panel (src/webview) in the side bar and carries out what the user asks for there. */
export class ReportView implements WebviewViewProvider, Disposable {
  readonly id = 'activationDiagnostics.report';
  readonly #subscriptions: Disposable[];
  #view: WebviewView | null = null;
  /** What shall be shown as soon as the page says that it is ready. */
  #pendingReveal: Reveal | null = null;
  #ready = false;

  constructor(
    private readonly extension: Uri,
    private readonly diagnoses: Diagnoses,
  ) {
    this.#subscriptions = [
      window.registerWebviewViewProvider(this.id, this),
      diagnoses.onDidChange(() => this.#sendState()),
    ];
  }

  get visible(): boolean {
    return this.#view?.visible ?? false;
  }

  /** Opens the view, at a finding's layer if one is given. */
  async reveal(finding: Pick<Finding, 'layer' | 'rule'> | null): Promise<void> {
    if (finding !== null) this.#pendingReveal = { kind: 'reveal', layer: finding.layer, rule: finding.rule };
    await commands.executeCommand(`${this.id}.focus`);
    this.#sendReveal();
  }

  resolveWebviewView(view: WebviewView, _context: WebviewViewResolveContext, _token: CancellationToken): void {
    this.#view = view;
    this.#ready = false;
    const { webview } = view;
    const resource = (...parts: string[]): PageResource => ({
      url: webview.asWebviewUri(Uri.joinPath(this.extension, ...parts)).toString(),
    });
    const folders = ['dist', 'media'].map((folder) => Uri.joinPath(this.extension, folder));
    webview.options = { enableScripts: true, localResourceRoots: folders };
    webview.onDidReceiveMessage((message: FromPanel) => this.#receive(message));
    view.onDidDispose(() => {
      this.#view = null;
      this.#ready = false;
    });
    webview.html = panelPage({
      script: resource('dist', 'panel.js'),
      styles: [resource('media', 'panel.css')],
      nonce: randomBytes(16).toString('base64'),
      cspSource: webview.cspSource,
      state: null,
    });
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #send(message: ToPanel): void {
    if (this.#ready) void this.#view?.webview.postMessage(message);
  }

  #sendState(): void {
    this.#send({ kind: 'state', state: this.diagnoses.state });
  }

  #sendReveal(): void {
    if (!this.#ready || this.#pendingReveal === null) return;
    this.#send(this.#pendingReveal);
    this.#pendingReveal = null;
  }

  async #receive(message: FromPanel): Promise<void> {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        await this.diagnoses.restore();
        this.#sendState();
        return this.#sendReveal();
      case 'diagnose':
      case 'diagnoseWithData':
      case 'runAgain':
      case 'cancel':
        return await commands.executeCommand(`activationDiagnostics.${message.kind}`);
      case 'export':
        return await commands.executeCommand('activationDiagnostics.exportReport');
      case 'explainRule':
        return await commands.executeCommand('activationDiagnostics.explainRule', message.rule);
      case 'ignoreRule':
        return await commands.executeCommand('activationDiagnostics.turnRuleOff', message.rule);
      case 'goToLayer':
        return await this.#goToLayer(message.layer);
      case 'openFile':
        return await this.#openModel();
      case 'copyCode':
        return await env.clipboard.writeText(message.code);
    }
  }

  async #goToLayer(name: string): Promise<void> {
    const { state, subject } = this.diagnoses;
    if (state.kind !== 'report' || subject === null) return;
    const range = (await layerRanges(subject.model, state.report)).get(name);
    if (range === undefined) return await this.#openModel();
    await window.showTextDocument(subject.model, { selection: range });
  }

  /** Text models open in an editor; binary ones have nothing to show there, so the explorer points at them. */
  async #openModel(): Promise<void> {
    const model = this.diagnoses.subject?.model;
    if (model === undefined) return;
    if (model.path.endsWith('.json')) await window.showTextDocument(model);
    else await commands.executeCommand('revealInExplorer', model);
  }
}
