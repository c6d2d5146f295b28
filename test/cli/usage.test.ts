import { describe, expect, it } from 'vitest';
import { type EspalierError, EXIT } from '../../src/base/errors.js';
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
  ['run s.yaml --whatever', 'unknown option "--whatever", expected one that `espalier run --help` lists'],
  ['run s.yaml -x', 'unknown option "-x", expected one that `espalier run --help` lists'],
  ['run s.yaml -threads 2', 'unknown option "-threads" (did you mean --threads?)'],
  ['plan s.yaml --dry-run', 'unknown option "--dry-run", expected one that `espalier plan --help` lists'],
  ['data list --mirror x', 'unknown option "--mirror", expected one that `espalier data list --help` lists'],
  ['run s.yaml --db', '--db: found nothing, expected a value'],
  ['run s.yaml --db --json', '--db: found nothing, expected a value'],
  ['run --db -- s.yaml', '--db: found nothing, expected a value'],
  ['run s.yaml --db -x.sqlite', '--db: found "-x.sqlite", expected a value (--db=-x.sqlite if that is it)'],
  ['query a.sqlite --limit -Infinity', /^--limit: found "-Infinity", expected a value \(--limit=-Infinity /],
  ['run s.yaml -- --json', 'unexpected argument "--json"'],
  ['run -- s.yaml t.yaml', 'unexpected argument "t.yaml"'],
  ['--', 'which command? `espalier --help` lists them'],
  ['run s.yaml --json=maybe', '--json: found "maybe", expected true or false, or no value'],
  ['run s.yaml --help=maybe', '--help: found "maybe", expected true or false, or no value'],
  ['run s.yaml --no-db', 'unknown option "--no-db" (did you mean --db?)'],
  ['run s.yaml --no-threads', 'unknown option "--no-threads" (did you mean --threads?)'],
  ['run s.yaml --no-set', 'unknown option "--no-set" (did you mean --set?)'],
  ['run s.yaml --set', '--set: found nothing, expected a value'],
  ['run s.yaml --db a --db b', '--db is given more than once'],
  ['run s.yaml --engine pen', /^--engine: found "pen", expected one of wasm, reference/],
  ['query a.sqlite --format xml', /^--format: found "xml", expected one of table, csv, /],
  ['serve a.sqlite --port 70000', '--port: found 70000, expected a whole number from 0 to 65535'],
  ['serve a.sqlite --port -1', '--port: found -1, expected a whole number from 0 to 65535'],
  ['serve a.sqlite --port 0.5', '--port: found 0.5, expected a whole number from 0 to 65535'],
  ['export a.sqlite --output o', '--trajectory is missing'],
  ['export a.sqlite', '--trajectory is missing'],
  ['completion tcsh', /^shell: found "tcsh", expected one of bash, zsh, fish$/],
  ['constructor', /^unknown command "constructor", expected one of run, /],
  ['data toString', /^unknown command "toString", expected one of list, fetch, info$/],
  [
    'run s.yaml --constructor 3',
    'unknown option "--constructor", expected one that `espalier run --help` lists',
  ],
  ['run s.yaml --toString', 'unknown option "--toString", expected one that `espalier run --help` lists'],
  ['run s.yaml --__proto__=3', 'unknown option "--__proto__", expected one that `espalier run --help` lists'],
  ['run s.yaml --hasOwnProperty', /^unknown option "--hasOwnProperty", expected one that/],
  ['run s.yaml --engine constructor', /^--engine: found "constructor", expected one of wasm, /],
  ['completion __proto__', /^shell: found "__proto__", expected one of bash, zsh, fish$/],
  ['query a.sqlite --format toString', /^--format: found "toString", expected one of table, /],
  ['bench --only constructor', /^--only: found "constructor", expected one of /],
  ['bench --dataset constructor', /^--dataset: found "constructor", expected one of digits, mnist$/],
  ['data info constructor', /^unknown data set "constructor", expected digits, mnist, /],
  ['data fetch __proto__', /^unknown data set "__proto__", expected mnist, fashion-mnist$/],
];

/** Words that `CASES` cannot hold: empty, or with spaces. */
const WORDS: readonly (readonly [args: readonly string[], message: string | RegExp])[] = [
  [['plan', ''], 'sweep: found "", expected a value'],
  [['plan', 's.yaml', '--db', ''], '--db: found "", expected a value'],
  [['plan', 's.yaml', '--db='], '--db: found "", expected a value'],
  [['plan', 's.yaml', '--data-dir', ''], '--data-dir: found "", expected a value'],
  [['plan', 's.yaml', '--memory', ''], '--memory: found "", expected a value'],
  [['plan', 's.yaml', '--engine', ''], /^--engine: found "", expected one of wasm, /],
  [['design', 's.yaml', '--from', ''], '--from: found "", expected a value'],
  [['design', 's.yaml', '--write', '', '--law', 'linear'], '--write: found "", expected a value'],
  [['report', 'a.sqlite', '--figures', ''], '--figures: found "", expected a value'],
  [['report', 'a.sqlite', '--sweep='], '--sweep: found "", expected a value'],
  [['retry', 'a.sqlite', '--code', ''], '--code: found "", expected a value'],
  [['serve', 'a.sqlite', '--host', ''], '--host: found "", expected a value'],
  [['export', 'a.sqlite', '--output', 'o', '--trajectory', ''], '--trajectory: found "", expected a value'],
  [['status', ''], 'db: found "", expected a value'],
  [['query', 'a.sqlite', ''], 'sql: found "", expected a value'],
  [['init', ''], 'file: found "", expected a value'],
  [['data', 'info', ''], 'name: found "", expected a value'],
  [['status', 'a.sqlite', ''], 'unexpected argument ""'],
  [['query', 'a.sqlite', 'SELECT 1', 'SELECT 2, 3'], 'unexpected argument "SELECT 2, 3"'],
  [['query', 'a.sqlite', 'SELECT 1', '-- c\nSELECT 2'], 'unexpected argument "-- c\nSELECT 2"'],
  [['query', '-', 'SELECT 1'], 'db: found "-", expected the name of a file (./- for one that is called -)'],
  [['run', 's.yaml', '--db', '-'], /^--db: found "-", expected the name of a file/],
  [['design', 's.yaml', '--from=-'], /^--from: found "-", expected the name of a file/],
  [['init', '-'], /^file: found "-", expected the name of a file/],
];

const parse = async (args: readonly string[]) => (await createCli(args)).parseAsync();

describe('a command line that cannot be understood', () => {
  it.each(CASES)('%s', async (line, message) => {
    const args = line.split(' ').filter(Boolean);
    const error = await parse(args).then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ exitCode: EXIT.badInput });
    if (typeof message === 'string') expect(error!.message).toBe(message);
    else expect(error!.message).toMatch(message);
    expect(error!.message).not.toMatch(/\n/);
  });

  it.each(WORDS)('%j', async (args, message) => {
    const error = await parse(args).then(
      () => null,
      (reason: unknown) => reason as EspalierError,
    );
    expect(error).toMatchObject({ exitCode: EXIT.badInput });
    if (typeof message === 'string') expect(error!.message).toBe(message);
    else expect(error!.message).toMatch(message);
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
