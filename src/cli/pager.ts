/** Text for people goes through their pager where it is longer than their screen. */
import { spawn } from 'node:child_process';
import type { WriteStream } from 'node:tty';
import { type Piece, writeToStream } from './output.js';

export interface PagerOptions {
  readonly stdout: Pick<WriteStream, 'isTTY' | 'rows'> & NodeJS.WritableStream;
  /** `PAGER` names the program, with arguments as a shell reads them; empty or `cat`: none. Default: less. */
  readonly env: NodeJS.ProcessEnv;
}

/** Of less, unless `LESS` says otherwise: keep colours, leave where all fits, do not wrap wide tables. */
const LESS = 'FRSX';

/**
 * Writes a text that is held whole: straight to stdout unless that is a terminal with fewer rows than the text.
 * Returns when the pager has ended.
 */
export async function writePaged(text: string, { stdout, env }: PagerOptions): Promise<void> {
  const pager = (env.PAGER ?? 'less').trim();
  const lines = text.split('\n').length;
  const isLong = stdout.isTTY === true && lines > (stdout.rows ?? 24);
  if (!isLong || pager === '' || pager === 'cat' || !(await page(text, pager, env))) {
    await writeToStream(pieces(text), stdout as never);
  }
}

/** False where there is no such program. */
function page(text: string, pager: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(pager, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...env, LESS: env.LESS ?? LESS },
    });
    // Ctrl-C belongs to the pager; one that is left early closes its end.
    const ignore = () => {};
    process.on('SIGINT', ignore);
    child.stdin.on('error', ignore);
    child.on('error', () => ended(false));
    child.on('exit', code => ended(code !== NOT_FOUND));
    child.stdin.end(text);
    function ended(shown: boolean): void {
      process.off('SIGINT', ignore);
      resolve(shown);
    }
  });
}

/** How a shell says that there is no such program. */
const NOT_FOUND = 127;

async function* pieces(text: string): AsyncGenerator<Piece> {
  yield text;
}
