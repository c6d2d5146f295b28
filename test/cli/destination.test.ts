/** Where outputs go on the user's word, and what they never touch. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Destination, once } from '../../src/cli/destination.js';
import { Store } from '../../src/store/write/store.js';
import { greedy, planned, sweep } from '../store/fixtures.js';
import { runInside } from '../support/inside.js';
import { PROGRAM, type ProcessResult, Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

const place = new Workplace();
const text = (name: string) => readFileSync(place.path(name), 'utf8');
const query = (...args: string[]) => runInside(place, 'query', 'a.sqlite', ...args);

beforeAll(() => {
  const store = Store.open(place.path('a.sqlite'));
  store.saveSweep(sweep('waiting'), [planned('p', [0, 5], [greedy(3)])]);
  store.close();
});
afterAll(() => place.remove());

/** Every file with its content and mode. */
const everything = () =>
  place.files().map(name => {
    const stat = lstatSync(place.path(name));
    const content = stat.isSymbolicLink()
      ? readlinkSync(place.path(name))
      : stat.isFile()
        ? readFileSync(place.path(name), 'latin1')
        : null;
    return [name, stat.mode, content];
  });

const isRefused = ({ code, stdout, stderr }: ProcessResult, message: string) => {
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/\.part|\.espalier-/);
};

/** Where /proc is, and descriptors have names in it. */
const isLinux = process.platform === 'linux';

describe('a place that cannot be written', () => {
  const long = `${'a'.repeat(300)}.csv`;
  it.each([
    ['', '--output: found "", expected a value'],
    ['.', '--output .: this is a folder, expected a file'],
    ['new.csv/', '--output new.csv/: this is a folder, expected a file'],
    ['none/o.csv', '--output none/o.csv: there is no folder none'],
    ['a.sqlite/o.csv', '--output a.sqlite/o.csv: there is no folder a.sqlite'],
    ['a.sqlite/b/o.csv', '--output a.sqlite/b/o.csv: there is no folder a.sqlite/b'],
    [long, `--output ${long}: cannot be written (the name is too long)`],
    ...(isLinux
      ? [
          ['/proc/o.csv', '--output /proc/o.csv: cannot be written ('],
          ['/dev/full', '--output /dev/full: cannot be written (there is no room on the disk)'],
          ['/dev/fd/987', '--output /dev/fd/987: cannot be written (it is not open)'],
        ]
      : []),
    ['loop.csv', '--output loop.csv: cannot be written (too many symbolic links)'],
    ['astray.csv', '--output astray.csv: there is no folder'],
  ] as [string, string][])('%s', async (output, message) => {
    if (output === 'loop.csv') symlinkSync('loop.csv', place.path('loop.csv'));
    if (output === 'astray.csv') symlinkSync('none/o.csv', place.path('astray.csv'));
    const before = everything();
    isRefused(await query('SELECT 1', '--output', output), message);
    expect(everything()).toEqual(before);
  });

  it('is named as the user did by every command', async () => {
    writeFileSync(place.path('file'), 'mine');
    const before = everything();
    const report = (...args: string[]) => runInside(place, 'report', 'a.sqlite', ...args);
    isRefused(await report('--output', 'none/r.html'), '--output none/r.html: there is no folder none');
    isRefused(await report('--output', ''), '--output: found ""');
    isRefused(await report('--figures', 'file'), '--figures file: this is a file, expected a folder');
    isRefused(await report('--figures', ''), '--figures: found "", expected a value');
    isRefused(
      await report('--figures', 'file/x'),
      '--figures file/x: cannot be written to (a part of this path is not a folder)',
    );
    isRefused(await runInside(place, 'init', 'none/s.yaml'), 'none/s.yaml: there is no folder none');
    if (isLinux) {
      isRefused(await report('--figures', '/proc/x/y'), '--figures /proc/x/y: cannot be made (');
      isRefused(await runInside(place, 'init', '/proc/s.yaml'), '/proc/s.yaml: cannot be written (');
      isRefused(
        await runInside(place, 'data', 'fetch', 'mnist', '--data-dir', '/proc/x'),
        '/proc/x/mnist: cannot be written (',
      );
    }
    const fetch = (dir: string) => runInside(place, 'data', 'fetch', 'mnist', '--data-dir', dir);
    isRefused(await fetch(''), '--data-dir: found "", expected a value');
    isRefused(await fetch('file'), '--data-dir file: this is a file, expected a folder');
    expect(everything()).toEqual(before);
    const sweepFile = place.sweep(plainSweep({ name: 'tiny' }));
    const write = (file: string) =>
      runInside(place, 'design', sweepFile, '--write', file, '--law', 'linear', '--start', '5');
    isRefused(await write(''), '--write: found "", expected a value');
    isRefused(
      await write('file/x.sqlite'),
      'file/x.sqlite: cannot be read or written (a part of this path is not a folder)',
    );
    expect(everything().filter(([name]) => name !== sweepFile)).toEqual(before);
  });

  it('is found to be protected, though a rename could replace it', async () => {
    writeFileSync(place.path('kept.csv'), 'mine');
    chmodSync(place.path('kept.csv'), 0o444);
    const result = await query('--views', '--output', 'kept.csv');
    if (process.getuid?.() === 0) expect(result.code).toBe(0);
    else isRefused(result, '--output kept.csv: cannot be written (permission denied)');
  });
});

describe('the ending of --output', () => {
  it.each([
    ['o.csv', 'a\n1\n'],
    ['O.CSV', 'a\n1\n'],
    ['o.json', '[\n{"a":1}\n]\n'],
    ['o.ndjson', '{"a":1}\n'],
    ['o.jsonl', '{"a":1}\n'],
  ])('decides the format: %s', async (output, content) => {
    expect(await query('SELECT 1 AS a', '--output', output)).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    expect(text(output)).toBe(content);
  });

  it.each(['o.tsv', 'o.txt', 'o.xlsx', 'o', '.csv', 'o.', 'o.csv.gz', 'o.table', 'o.constructor'])(
    'says nothing, so that --format is needed: %s',
    async output => {
      const before = everything();
      const result = await query('SELECT 1', '--output', output);
      isRefused(result, `--output ${output}: `);
      expect(result.stderr).toMatch(/expected \.csv, \.json, \.ndjson, \.jsonl, \.parquet, or --format$/m);
      expect(everything()).toEqual(before);
    },
  );

  it('may be any with --format', async () => {
    isRefused(await query('--views', '--output', 'o.txt'), '.txt is the ending of no format');
    expect(await query('--views', '--output', 'o.txt', '--format', 'csv')).toMatchObject({ code: 0 });
    expect(text('o.txt')).toMatch(/^view,column,meaning\n/);
  });

  it('must not contradict --format', async () => {
    const before = everything();
    const result = await query('SELECT 1', '--output', 'new.parquet', '--format', 'csv');
    isRefused(result, '--output new.parquet: its ending says parquet, but --format csv, expected the same');
    expect(everything()).toEqual(before);
    expect(await query('--views', '--output', 'o.jsonl', '--format', 'ndjson')).toMatchObject({ code: 0 });
  });

  it('a table in a file is whole', async () => {
    const many = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
      SELECT i, '${'x'.repeat(100)}' AS x FROM n`;
    expect(await query(many, '--format', 'table', '--output', 'all.txt')).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(text('all.txt').match(/│ +\d+ │ x{100} │/g)).toHaveLength(1500);
  });

  it('of a report is HTML', async () => {
    for (const output of ['keep.yaml', 'r.pdf', 'r']) {
      const result = await runInside(place, 'report', 'a.sqlite', '--output', output);
      isRefused(result, `--output ${output}: a report is HTML, expected a name that ends in .html or .htm`);
    }
  });
});

describe('what this tool cannot have written there', () => {
  const database = () => readFileSync(place.path('a.sqlite'));
  const csv = ['--format', 'csv'];
  const FOREIGN: readonly [string, string, () => string | Buffer, string[], string][] = [
    ['a sweep file', 'keep.yaml', () => 'name: keep\n', csv, 'this is a sweep file, expected a new file'],
    [
      'a sweep in JSON',
      'sweep.json',
      () => '{"name": "s"}',
      [],
      'expected a new file, or one that holds a JSON array',
    ],
    ['a program as NDJSON', 'p.jsonl', () => 'print()', [], 'or one that holds lines of JSON objects'],
    ['a database', 'b.csv', database, [], 'this is a database'],
    ['a database as Parquet', 'b.parquet', database, [], 'this is a database'],
    ['a text as Parquet', 'c.parquet', () => 'a,b', [], 'or one that holds Parquet'],
    ['a data file', 'idx.csv', () => Buffer.from([0, 0, 8, 3, 0, 0, 0, 1]), [], 'or one that holds CSV'],
    ['a data file, packed', 'labels.gz', () => gzipSync('labels'), csv, 'or one that holds CSV'],
    ['an array', 'w.npy', () => '\x93NUMPY\x01\0', csv, 'or one that holds CSV'],
    ['a write-ahead log', 'a.sqlite-wal', () => '', csv, 'this is a file of the database a.sqlite'],
    [
      'the log of runs',
      'a.sqlite.log',
      () => '{}\n',
      ['--format', 'ndjson'],
      'this is a file of the database a.sqlite',
    ],
  ];
  it.each(FOREIGN)('is kept: %s', async (_, name, content, args, message) => {
    writeFileSync(place.path(name), content());
    const before = everything();
    isRefused(await query('SELECT 1', '--output', name, ...args), message);
    symlinkSync(name, place.path(`to-${name}`));
    isRefused(await query('SELECT 1', '--output', `to-${name}`, ...args), message);
    expect(everything().filter(([file]) => file !== `to-${name}`)).toEqual(before);
  });

  it('is kept: the database itself, by any name', async () => {
    linkSync(place.path('a.sqlite'), place.path('hard.csv'));
    symlinkSync('a.sqlite', place.path('soft.csv'));
    const before = everything();
    for (const output of ['a.sqlite', './a.sqlite', 'hard.csv', 'soft.csv'])
      isRefused(
        await query('SELECT 1', '--output', output, ...csv),
        `--output ${output}: this is the database itself`,
      );
    expect(everything()).toEqual(before);
  });

  it('is kept by reports and figures: a page is not, nor is an empty file', async () => {
    const report = (...args: string[]) => runInside(place, 'report', 'a.sqlite', ...args);
    writeFileSync(place.path('notes.html'), 'my notes');
    mkdirSync(place.path('figures'));
    writeFileSync(place.path('figures/curves-one-column.svg'), 'my drawing');
    copyFileSync(place.path('a.sqlite'), place.path('a.html'));
    const before = everything();
    isRefused(
      await report('--output', 'notes.html'),
      '--output notes.html: this is a file that holds something else',
    );
    isRefused(
      await report('--output', 'new.html', '--figures', 'figures'),
      '--figures figures/curves-one-column.svg: ',
    );
    isRefused(await report(), 'espalier: a.html: this is a database');
    expect(everything()).toEqual(before);
    writeFileSync(place.path('r.html'), '');
    expect(await report('--output', 'r.html')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^verdict[^\n]+\nreport: r.html\n$/),
    });
    expect(await report('--output', 'r.html')).toMatchObject({ code: 0 });
    expect(text('r.html')).toMatch(/^<!doctype html>/i);
  });
});

describe('a file that is replaced', () => {
  it('keeps its mode and the links to it, and a link that leads nowhere yet gets its file', async () => {
    mkdirSync(place.path('links'));
    writeFileSync(place.path('links/r.csv'), 'old');
    chmodSync(place.path('links/r.csv'), 0o640);
    symlinkSync('r.csv', place.path('links/to.csv'));
    symlinkSync('new.csv', place.path('links/to-new.csv'));
    expect(await query('SELECT 3 AS a', '--output', 'links/to.csv')).toMatchObject({ code: 0 });
    expect(await query('SELECT 4 AS a', '--output', 'links/to-new.csv')).toMatchObject({ code: 0 });
    expect([text('links/r.csv'), text('links/new.csv')]).toEqual(['a\n3\n', 'a\n4\n']);
    expect(statSync(place.path('links/r.csv')).mode & 0o777).toBe(0o640);
    for (const [link, target] of [
      ['to.csv', 'r.csv'],
      ['to-new.csv', 'new.csv'],
    ])
      expect(readlinkSync(place.path(`links/${link}`))).toBe(target);
  });

  it('stays as it is where the query fails after its first rows', async () => {
    writeFileSync(place.path('fails.csv'), 'old');
    const before = place.files();
    const overflow = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      SELECT CASE WHEN i < 4000 THEN i ELSE abs(-9223372036854775808) END FROM n`;
    isRefused(await query(overflow, '--output', 'fails.csv'), 'integer overflow');
    expect([text('fails.csv'), place.files()]).toEqual(['old', before]);
  });

  it('may have the longest name', async () => {
    const longest = `${'a'.repeat(251)}.csv`;
    expect(await query('--views', '--output', longest)).toMatchObject({ code: 0 });
    expect(text(longest)).toMatch(/^view,column,meaning\n/);
  });
});

describe.skipIf(!isLinux)('standard output, devices and pipes', () => {
  const shell = (script: string) => {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
      cwd: place.folder,
      encoding: 'utf8',
      env: { ...process.env, E: `${process.execPath} ${PROGRAM} query a.sqlite --format csv --output` },
    });
    return { status, stdout, stderr };
  };
  const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });

  it('a redirected file keeps the lines before and after', () => {
    const both = (out: string) => `(echo a; $E ${out} 'SELECT 1 AS x'; echo b)`;
    expect(shell(`${both('/dev/stdout')} > log; ${both('/proc/self/fd/1')} >> log; cat log`)).toEqual(
      done('a\nx\n1\nb\na\nx\n1\nb\n'),
    );
    expect(shell(`echo old > log3; exec 3>> log3; ${both('/dev/fd/3')}; cat log3`)).toEqual(
      done('a\nb\nold\nx\n1\n'),
    );
    // The descriptor of another process, here of the shell.
    expect(shell('echo old > log4; exec 4>> log4; $E /proc/$$/fd/4 "SELECT 1 AS x"; cat log4')).toEqual(
      done('old\nx\n1\n'),
    );
  });

  it('a pipe takes what is written, by any of its names', () => {
    expect(shell('for o in - /dev/stdout; do $E $o "SELECT 1 AS x"; done | cat')).toEqual(
      done('x\n1\nx\n1\n'),
    );
    expect(shell('$E /dev/stderr "SELECT 1 AS x" 2>&1 > /dev/null | cat')).toEqual(done('x\n1\n'));
    expect(
      shell(
        '$E >(sed s/1/one/ > sub.txt; echo > sub.done) "SELECT 1 AS x"; until [ -e sub.done ]; do sleep .05; done; cat sub.txt',
      ),
    ).toEqual(done('x\none\n'));
    const many =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n';
    expect(shell(`mkfifo fifo; $E fifo '${many}' & tail -n 1 fifo; wait $!`)).toEqual(done('200000\n'));
    // A reader that leaves early is no error.
    expect(shell(`$E fifo '${many}' & head -n 1 fifo; wait $!`)).toEqual(done('i\n'));
    expect(place.files()).toContain('fifo');
  });

  it('have the format and the limits of stdout where nothing says another', async () => {
    expect(await query('SELECT 1 AS x', '--output', '/proc/self/fd/1')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('│ x │'),
    });
    expect(await query('--views', '--output', '/dev/null')).toMatchObject({ code: 0, stdout: '' });
    const page = await runInside(place, 'report', 'a.sqlite', '--output', '-');
    expect(page).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^<!doctype html>.*<\/html>\s*$/is),
    });
    const fresh = await runInside(place, 'init', '/dev/stdout');
    expect(fresh).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('\nname: sweep\n') });
  });

  it('a statement is not overwritten by its answer', () => {
    writeFileSync(place.path('q.sql'), 'SELECT 1');
    expect(shell('$E q.sql - < q.sql')).toMatchObject({
      status: 2,
      stderr: 'espalier: --output q.sql: the statement is read from it\n',
    });
  });

  it('a stop ends the wait for a reader', async () => {
    spawnSync('mkfifo', [place.path('lonely')]);
    const stop = new AbortController();
    const writing = Destination.at(place.path('lonely'), '--output').write(once('all'), stop.signal);
    setTimeout(() => stop.abort(), 100);
    await expect(writing).rejects.toThrow('stopped on request');
  });
});

it('bytes that the system refuses are told with the name that the user gave', async () => {
  async function* full(): AsyncGenerator<string> {
    yield 'half';
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
  }
  const before = place.files();
  const destination = Destination.at(place.path('full.csv'), '--output');
  await expect(destination.write(full())).rejects.toThrow(
    `--output ${place.path('full.csv')}: cannot be written (there is no room on the disk)`,
  );
  expect(place.files()).toEqual(before);
  await Destination.at(place.path('full.csv'), '--output').write(once('all'));
  expect(text('full.csv')).toBe('all');
});
