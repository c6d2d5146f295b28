/** Runs a command in this process, for tests that would only wait for another one to start. */
import { vi } from 'vitest';
import { createCli } from '../../src/cli/cli.js';
import { reportFailure } from '../../src/cli/failure.js';
import type { ProcessResult, Workplace } from './program.js';

/** As `work.run`, without a child process. One at a time: folder and streams belong to the whole process. */
export async function runInside(work: Workplace, ...args: string[]): Promise<ProcessResult> {
  const folder = process.cwd();
  const written = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text, encoding?: unknown, done?: unknown) => {
      written[name] += text;
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') callback();
      return true;
    });
  vi.stubEnv('ESPALIER_DATA_DIR', undefined);
  vi.stubEnv('XDG_CACHE_HOME', work.cache);
  // `completion` changes these; they are restored below.
  for (const name of ['SHELL', 'ZSH_NAME']) vi.stubEnv(name, process.env[name]);
  // yargs prints by it, and vitest keeps it from stdout.
  const log = vi.spyOn(console, 'log').mockImplementation(text => {
    written.stdout += `${text}\n`;
  });
  const spies = [collect('stdout'), collect('stderr'), log];
  process.chdir(work.folder);
  let code = 0;
  try {
    await (await createCli(args)).parseAsync();
    code = Number(process.exitCode ?? 0);
  } catch (error) {
    code = reportFailure(error, false);
  } finally {
    process.exitCode = undefined;
    process.chdir(folder);
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return { code, signal: null, ...written };
}
