import type { WriteStream } from 'node:tty';
import type { Progress } from '../report/protocol';
import { plainText, shorten } from '../report/render/plainText';
import type { Stage } from '../report/report';

const STAGES: Readonly<Record<Stage, string>> = {
  load: 'Loading the model',
  probe: 'Choosing the probe',
  forward: 'Running forward',
  backward: 'Running backward',
  judge: 'Judging each layer',
  experiment: 'Testing the causes',
};

const START_OF_LINE = '\r\u001b[K';

/** One line on a terminal that says what is being done; nothing anywhere else. */
export class ProgressLine {
  private shown = '';

  constructor(private readonly stream: WriteStream) {}

  show({ stage, done, detail }: Progress): void {
    if (!this.stream.isTTY) return;
    const share = done === null ? '' : ` ${Math.round(done * 100)}%`;
    const line = plainText(`${STAGES[stage]}${share}${detail === null ? '' : `: ${detail}`}`);
    if (line === this.shown) return;
    this.shown = line;
    // Some terminals do not tell their width.
    this.stream.write(START_OF_LINE + shorten(line, (this.stream.columns || 80) - 1));
  }

  clear(): void {
    if (this.shown !== '') this.stream.write(START_OF_LINE);
    this.shown = '';
  }
}
