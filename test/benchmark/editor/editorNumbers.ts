/** What was measured in a real VS Code. Milliseconds throughout; lists hold one value per repetition. */
export interface EditorNumbers {
  /** Which VS Code. */
  readonly editor: string;
  /** Of one window each: reading and running dist/extension.js, and its `activate()`. */
  readonly load: readonly number[];
  readonly activate: readonly number[];
  /** From the opening of the window's first file of training code to the first tip, with loading what understands it. */
  readonly firstFile: readonly number[];
  /** The first tip in a file of 5,000 lines that was just opened. */
  readonly firstHover: readonly number[];
  /** The first hover in such a file without training code, which this extension leaves alone. */
  readonly firstHoverPlain: readonly number[];
  /** Later tips in the file of training code. */
  readonly laterHover: readonly number[];
  /** Of a later hover where nobody has anything to say: what VS Code itself takes. */
  readonly emptyHover: readonly number[];
  readonly typing: Typing;
  /** The same in a text file, which this extension leaves alone. */
  readonly typingText: Typing;
  /** Null where no browser could be driven. */
  readonly panel: readonly PanelTimes[] | null;
}

export interface Typing {
  /** From the command that types a character to its end, in the extension host. */
  readonly keystroke: readonly number[];
  /** How long the extension host was busy at a stretch: while typing, and when the file is judged after the last character. */
  readonly longestPause: readonly number[];
  readonly longestPauseAfter: readonly number[];
}

export interface PanelTimes {
  readonly model: string;
  /** From the key or click that starts the diagnosis to the report on the screen: in a window that has diagnosed nothing yet, and again. */
  readonly first: readonly number[];
  readonly warm: readonly number[];
}
