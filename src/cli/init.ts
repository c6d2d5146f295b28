/** `espalier init`: a new sweep file. */
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { InputError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/paths.js';
import { shellWord } from '../base/shell-word.js';
import { sweepTemplate } from '../domain/sweep-file/template.js';
import { Destination, once } from './destination.js';
import { refuseForeign } from './overwrite.js';

interface InitArguments {
  readonly file: string;
  readonly force: boolean;
}

/** `espalier init [FILE]`: writes a commented sweep file to start from. */
export const initCommand: CommandModule<object, InitArguments> = {
  builder: yargs =>
    yargs
      .positional('file', {
        type: 'string',
        default: 'sweep.yaml',
        describe: 'The file to write',
      })
      .option('force', { type: 'boolean', default: false, describe: 'Overwrite a file that exists' })
      .example('$0 init', 'Write sweep.yaml')
      .example('$0 init sweeps/noise.yaml', 'Write sweeps/noise.yaml, a sweep named noise'),
  handler: async ({ file, force }) => {
    const isFile = await initSweep(file, force);
    if (isFile) process.stderr.write(`wrote ${file}; next: espalier plan ${shellWord(file)}\n`);
  },
};

/**
 * Writes a commented sweep file. Its base name is the sweep's name.
 *
 * @returns false where it went to a pipe or a device.
 * @throws InputError, UsageError where it exists and `force` is false, is no sweep file, or cannot be written.
 */
export async function initSweep(file: string, force: boolean): Promise<boolean> {
  const destination = Destination.at(file, null);
  if (destination.exists && !force) {
    throw new InputError({
      path: '',
      source: file,
      value: file,
      what: 'exists already',
      expected: 'a new file (or --force to overwrite it)',
    });
  }
  refuseForeign(destination, 'sweep');
  const isFile = destination.file !== null;
  const path = isFile ? file : 'sweep.yaml';
  const name = basename(path)
    .replace(/\.ya?ml$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[.-]+/, '');
  const folder = dirname(resolve(path));
  const schema = relative(folder, join(PACKAGE_ROOT, 'schema', 'sweep.schema.json')).replaceAll('\\', '/');
  await destination.write(once(sweepTemplate(name.slice(0, 100) || 'sweep', path, schema)));
  return isFile;
}
