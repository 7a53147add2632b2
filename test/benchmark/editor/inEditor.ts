/** Runs in the extension host of a real VS Code and writes what it measured to the file that EDITOR_NUMBERS names. */

import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import {
  commands,
  extensions,
  Position,
  Range,
  Selection,
  Uri,
  version,
  window,
  workspace,
  type Hover,
  type TextDocument,
} from 'vscode';
import type { EditorNumbers, Typing } from './editorNumbers';
import { LONG_FILE, MENTIONS, PLAIN_FILE } from './longFile';

const EXTENSION = 'activation-diagnostics.activation-diagnostics';
const FILES = 5;
const LATER = 20;
const KEYSTROKES = 40;
/** Between two characters of a quick typist. */
const BETWEEN = 60;
/** Long enough for the findings to be worked out again after the last character. */
const AFTER = 4000;

export async function run(): Promise<void> {
  const start = await activation();
  const first = await open('first.py', LONG_FILE);
  const opened = performance.now();
  while (!(await hover(first, MENTIONS[0])).found) await pause(5);
  const firstFile = performance.now() - opened;
  await pause(AFTER);

  const firstHover: number[] = [];
  const firstHoverPlain: number[] = [];
  const laterHover: number[] = [];
  const emptyHover: number[] = [];
  for (let i = 0; i < FILES; i++) {
    const middle = MENTIONS[MENTIONS.length >> 1];
    firstHoverPlain.push((await hover(await open(`plain${i}.py`, PLAIN_FILE), middle)).milliseconds);
    await pause(AFTER);
    const document = await open(`long${i}.py`, LONG_FILE);
    firstHover.push((await hover(document, middle)).milliseconds);
    await pause(AFTER);
    for (let turn = 0; turn < LATER; turn++) {
      const { found, milliseconds } = await hover(document, MENTIONS[(turn * 97 + i) % MENTIONS.length]);
      if (!found) throw new Error('A tip is missing.');
      laterHover.push(milliseconds);
      emptyHover.push((await hover(document, LONG_FILE.indexOf('return model') + turn)).milliseconds);
    }
  }
  const typing = await type(await open('typing.py', LONG_FILE));
  const typingText = await type(await open('typing.txt', LONG_FILE));
  const numbers: Omit<EditorNumbers, 'panel'> = {
    editor: `VS Code ${version}`,
    ...start,
    firstFile: [firstFile],
    firstHover,
    firstHoverPlain,
    laterHover,
    emptyHover,
    typing,
    typingText,
  };
  writeFileSync(process.env['EDITOR_NUMBERS']!, JSON.stringify(numbers));
}

interface Marks {
  getMarks(): readonly { readonly name: string; readonly startTime: number }[];
}

/** VS Code marks, in whole milliseconds, when it begins and ends to load and to activate an extension. */
async function activation(): Promise<Pick<EditorNumbers, 'load' | 'activate'>> {
  const extension = extensions.getExtension(EXTENSION);
  if (extension === undefined || extension.isActive) throw new Error('The extension is missing, or active already.');
  await extension.activate();
  const marks = (globalThis as { MonacoPerformanceMarks?: Marks }).MonacoPerformanceMarks?.getMarks() ?? [];
  const between = (from: string, to: string): number[] => {
    const [start, end] = [from, to].map((name) =>
      marks.find((mark) => mark.name === `code/extHost/${name}/${EXTENSION}`),
    );
    return start === undefined || end === undefined ? [] : [end.startTime - start.startTime];
  };
  return {
    load: between('willLoadExtensionCode', 'didLoadExtensionCode'),
    activate: between('willActivateExtension', 'didActivateExtension'),
  };
}

async function open(name: string, text: string): Promise<TextDocument> {
  const uri = Uri.joinPath(workspace.workspaceFolders![0].uri, 'long', name);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document, { preview: false });
  return document;
}

async function hover(document: TextDocument, offset: number): Promise<{ found: boolean; milliseconds: number }> {
  const position = document.positionAt(offset);
  const start = performance.now();
  const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', document.uri, position);
  return { found: hovers.length > 0, milliseconds: performance.now() - start };
}

/** Types a comment in the middle of the file, as a person would, and watches how long nothing else could run. */
async function type(document: TextDocument): Promise<Typing> {
  const middle = new Position(document.lineCount >> 1, 0);
  const editor = await window.showTextDocument(document, { preview: false });
  await editor.edit((edit) => edit.insert(middle, '    # \n'));
  const end = middle.translate(0, 6);
  editor.selection = new Selection(end, end);
  editor.revealRange(new Range(end, end));
  await pause(AFTER);

  const keystroke: number[] = [];
  const typing = watchPauses();
  for (let i = 0; i < KEYSTROKES; i++) {
    const start = performance.now();
    await commands.executeCommand('type', { text: 'abcdefgh '[i % 9] });
    keystroke.push(performance.now() - start);
    await pause(BETWEEN);
  }
  const longestPause = typing();
  const judging = watchPauses();
  await pause(AFTER);
  return { keystroke, longestPause: [longestPause], longestPauseAfter: [judging()] };
}

/** @returns a function that ends the watch and tells the longest time, in milliseconds, between two turns of the event loop */
function watchPauses(): () => number {
  let longest = 0;
  let last = performance.now();
  let watching = true;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setTimeout(turn, 1);
  };
  turn();
  return () => {
    watching = false;
    return longest;
  };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
