/** What may be drawn on a terminal, and how it is left as it was found. */
import { readFileSync } from 'node:fs';

/** Time for a stop signal to suspend the process. Nothing suspends an orphaned process group. */
const SUSPEND_MS = 100;

/** Whether escape sequences may be written: a terminal that understands them, by the variable TERM. */
export function canDraw(stream: NodeJS.WriteStream): boolean {
  const { TERM = process.platform === 'win32' ? 'windows' : 'dumb' } = process.env;
  return stream.isTTY === true && TERM !== 'dumb' && TERM !== '';
}

/**
 * Whether the terminal belongs to other processes, as after ^Z and `bg`: what hides the cursor would hide the shell's.
 * False where the platform cannot tell (Linux can), or where there is no controlling terminal.
 */
export function isInBackground(): boolean {
  try {
    // Fields 5 and 8 are the process group and the terminal's foreground group. Field 2, the name, may hold spaces.
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    const [group, foreground] = [Number(fields[2]), Number(fields[5])];
    return foreground > 0 && foreground !== group;
  } catch {
    return false;
  }
}

/**
 * Calls `release` before ^Z suspends the process, and before any exit; `resume` when the process continues. Returns a
 * function that ends this.
 */
export function onRelease(release: () => void, resume: () => void = () => {}): () => void {
  let isSuspended = false;
  const suspend = () => {
    isSuspended = true;
    release();
    process.off('SIGTSTP', suspend);
    process.kill(process.pid, 'SIGTSTP');
    setTimeout(go, SUSPEND_MS).unref();
  };
  const go = () => {
    if (!isSuspended) return;
    isSuspended = false;
    process.on('SIGTSTP', suspend);
    resume();
  };
  // Windows cannot suspend. The names of its missing signals are plain events there.
  process.on('SIGTSTP', suspend).on('SIGCONT', go).prependListener('exit', release);
  return () => {
    isSuspended = false;
    process.off('SIGTSTP', suspend).off('SIGCONT', go).off('exit', release);
  };
}
