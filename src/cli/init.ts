/** `espalier init`: a new sweep file. */
import { writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { InputError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/paths.js';
import { shellWord } from '../base/shell-word.js';
import { sweepTemplate } from '../domain/sweep-file/template.js';

interface InitArguments {
  readonly file: string;
  readonly force: boolean;
}

/** `espalier init [FILE]`: writes a commented sweep file to start from. */
export const initCommand: CommandModule<object, InitArguments> = {
  builder: yargs =>
    yargs
      .positional('file', { type: 'string', default: 'sweep.yaml', describe: 'The file to write' })
      .option('force', { type: 'boolean', default: false, describe: 'Overwrite a file that exists' })
      .example('$0 init', 'Write sweep.yaml')
      .example('$0 init sweeps/noise.yaml', 'Write sweeps/noise.yaml, a sweep named noise'),
  handler: ({ file, force }) => {
    initSweep(file, force);
    process.stderr.write(`wrote ${file}; next: espalier plan ${shellWord(file)}\n`);
  },
};

/**
 * Writes a commented sweep file. Its base name is the sweep's name.
 *
 * @throws InputError where it exists and `force` is false, or cannot be written.
 */
export function initSweep(file: string, force: boolean): void {
  const name = basename(file)
    .replace(/\.ya?ml$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[.-]+/, '');
  const folder = dirname(resolve(file));
  const schema = relative(folder, join(PACKAGE_ROOT, 'schema', 'sweep.schema.json')).replaceAll('\\', '/');
  try {
    writeFileSync(file, sweepTemplate(name.slice(0, 100) || 'sweep', file, schema), {
      flag: force ? 'w' : 'wx',
    });
  } catch (error) {
    throw notWritten(file, error as NodeJS.ErrnoException);
  }
}

function notWritten(file: string, { code, message }: NodeJS.ErrnoException): InputError {
  const at = { path: '', source: file, value: file };
  if (code === 'EEXIST') {
    return new InputError({
      ...at,
      what: 'exists already',
      expected: 'a new file (or --force to overwrite it)',
    });
  }
  if (code === 'ENOENT')
    return new InputError({ ...at, what: 'no such folder', expected: 'a folder that exists' });
  return new InputError({ ...at, what: message, expected: 'a file that can be written' });
}
