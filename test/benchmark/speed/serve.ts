import { createInterface } from 'node:readline';

/**
 * Answers lines of standard input, each the name of a task, with `{"milliseconds": ...}` or `{"error": ...}` on standard
 * output, one line each, after a first `{"ready": true}`. Resolves at the end of the input.
 */
export async function serve(tasks: Readonly<Record<string, () => number | Promise<number>>>): Promise<void> {
  const answer = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      answer({ milliseconds: await tasks[line]() });
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
