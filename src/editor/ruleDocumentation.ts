import { commands, l10n, Uri, window, workspace } from 'vscode';

/** Opens the sections of docs/rules.md, which ships with the extension. Each rule has a heading that is its id. */
export class RuleDocumentation {
  readonly #file: Uri;
  #lines: Promise<ReadonlyMap<string, number>> | null = null;

  constructor(extension: Uri) {
    this.#file = Uri.joinPath(extension, 'docs', 'rules.md');
  }

  /** The section as a link that the editor can follow. */
  async location(rule: string): Promise<Uri> {
    const line = (await this.#headings()).get(rule);
    return line === undefined ? this.#file : this.#file.with({ fragment: `L${line}` });
  }

  /** Shows the section in the Markdown preview; asks which rule when none is given. */
  async explain(rule?: string): Promise<void> {
    const chosen =
      rule ??
      (await window.showQuickPick([...(await this.#headings()).keys()], {
        placeHolder: l10n.t('Which rule?'),
      }));
    if (chosen === undefined) return;
    await commands.executeCommand('markdown.showPreview', this.#file.with({ fragment: chosen }));
  }

  /** Line (from 1) of every heading that is a rule id. */
  #headings(): Promise<ReadonlyMap<string, number>> {
    return (this.#lines ??= this.#read());
  }

  async #read(): Promise<ReadonlyMap<string, number>> {
    let text: string;
    try {
      text = new TextDecoder().decode(await workspace.fs.readFile(this.#file));
    } catch {
      // A link less is no reason to keep a finding from the user.
      return new Map();
    }
    return new Map(
      text.split('\n').flatMap((line, index) => {
        const rule = /^##+ `?([a-z]+(?:-[a-z]+)+)`?\s*$/.exec(line)?.[1];
        return rule === undefined ? [] : [[rule, index + 1] as const];
      }),
    );
  }
}
