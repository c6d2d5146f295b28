/** Questions to the terminal. */
import { createInterface } from 'node:readline';

/** Whether someone can answer: input is a terminal, and so is the stream of the question. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Asks a question to be answered with yes or no. Only `y` and `yes` are a yes; so an end of the input is a no. */
export function askYes(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<boolean> {
  // Not as a terminal: the system keeps its line editing, and Ctrl-C its signal.
  const lines = createInterface({ input, terminal: false });
  output.write(`${question} [y/N] `);
  return new Promise(resolve => {
    lines.once('line', line => {
      resolve(/^\s*y(es)?\s*$/i.test(line));
      lines.close();
    });
    lines.once('close', () => resolve(false));
  });
}
