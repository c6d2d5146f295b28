import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createCli } from '../../src/cli/cli.js';

const CASES: readonly (readonly [args: string, message: string | RegExp])[] = [
  ['', 'which command? `espalier --help` lists them'],
  ['--verbose', 'which command? `espalier --help` lists them'],
  [
    'rnu s.yaml',
    /^unknown command "rnu" \(did you mean run\?\), expected one of run, plan, design, status, /,
  ],
  ['quickstart --db x', /^unknown command "quickstart", expected one of run, /],
  ['data', /^data what\?/],
  ['data ftch mnist', /^unknown command "ftch" \(did you mean fetch\?\), expected one of list, fetch, info$/],
  ['data lst --json', /^unknown command "lst" \(did you mean list\?\)/],
  ['data fetch', 'an argument is missing; `espalier data fetch --help` says what is expected'],
  ['run', 'an argument is missing; `espalier run --help` says what is expected'],
  ['run --json', 'an argument is missing; `espalier run --help` says what is expected'],
  ['run s.yaml t.yaml', 'unexpected argument "t.yaml"'],
  ['run s.yaml --thread 2', 'unknown option "--thread" (did you mean --threads?)'],
  ['run s.yaml --jsn=true', 'unknown option "--jsn" (did you mean --json?)'],
  ['run --jsn s.yaml', 'unknown option "--jsn" (did you mean --json?)'],
  ['run --no-json', 'an argument is missing; `espalier run --help` says what is expected'],
  ['run s.yaml --whatever', 'unknown option "--whatever"'],
  ['run s.yaml -x', 'unknown option "-x"'],
  ['run s.yaml --db', '--db: found nothing, expected a value'],
  ['run s.yaml --set', '--set: found nothing, expected a value'],
  ['run s.yaml --db a --db b', '--db is given more than once'],
  ['run s.yaml --engine pen', /^--engine: found "pen", expected one of wasm, reference/],
  ['query a.sqlite --format xml', /^--format: found "xml", expected one of table, csv, /],
  ['export a.sqlite --output o', '--trajectory is missing'],
  ['export a.sqlite', '--trajectory is missing'],
  ['completion tcsh', /found "tcsh", expected one of bash, zsh, fish$/],
];

const parse = async (args: string[]) => (await createCli(args)).parseAsync();

describe('a command line that cannot be understood', () => {
  it.each(CASES)('%s', async (line, message) => {
    const args = line.split(' ').filter(Boolean);
    const error = await parse(args).then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).toBeInstanceOf(UsageError);
    if (typeof message === 'string') expect(error!.message).toBe(message);
    else expect(error!.message).toMatch(message);
    expect(error!.message).not.toMatch(/\n/);
  });

  it('gives an English message in any locale', async () => {
    const { LC_ALL } = process.env;
    process.env.LC_ALL = 'de_DE.UTF-8';
    try {
      await expect(parse(['run', 's.yaml', '--jsn'])).rejects.toThrow(
        'unknown option "--jsn" (did you mean --json?)',
      );
    } finally {
      if (LC_ALL === undefined) delete process.env.LC_ALL;
      else process.env.LC_ALL = LC_ALL;
    }
  });
});
