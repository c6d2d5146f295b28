import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseNumber, SECONDS, WHOLE, wholeFrom } from '../../src/cli/numbers.js';
import { markValues, unmark, unmarkValues } from '../../src/cli/words.js';
import { type DeclaredCommand, declaredCommands } from '../support/commands.js';
import { runInside } from '../support/inside.js';
import { PROGRAM, Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

let work: Workplace;
let sweep: string;
let commands: readonly DeclaredCommand[];
beforeAll(async () => {
  work = new Workplace();
  sweep = work.sweep(plainSweep({ name: 'tiny' }));
  for (const name of ['-', '-x.yaml', '--json'])
    writeFileSync(work.path(name), readFileSync(work.path(sweep)));
  commands = await declaredCommands();
});
afterAll(() => work.remove());

describe('numbers', () => {
  it.each([
    ['5', 5],
    ['1e3', 1000],
    [' 5 ', 5],
    ['+5', 5],
    ['5.', 5],
    ['10.0', 10],
  ])('%j is %d', (text, value) => {
    expect(parseNumber('--n', text, wholeFrom(0, 1024))).toBe(value);
  });

  it.each([
    ['abc', '"abc"'],
    ['', '""'],
    [' ', '" "'],
    ['0x10', '"0x10"'],
    ['1,000', '"1,000"'],
    ['1_000', '"1_000"'],
    ['Infinity', '"Infinity"'],
    ['NaN', '"NaN"'],
    ['5 6', '"5 6"'],
    ['5x', '"5x"'],
    ['1.5', '1.5'],
    ['-1', '-1'],
    ['2000', '2000'],
    ['1e400', '1e400'],
    ['9007199254740993', '9007199254740993'],
  ])('%j is shown as it was typed', (text, shown) => {
    expect(() => parseNumber('--n', text, wholeFrom(0, 1024))).toThrow(
      `--n: found ${shown}, expected a whole number from 0 to 1024`,
    );
  });

  it('hold their limits', () => {
    expect(parseNumber('--n', '-7', WHOLE)).toBe(-7);
    for (const rule of [WHOLE, wholeFrom(0)])
      expect(() => parseNumber('--n', '9007199254740993', rule)).toThrow(
        /found 9007199254740993, expected a whole number.*, up to 9007199254740991$/,
      );
    expect(() => parseNumber('--n', '-1', wholeFrom(0))).toThrow('expected a whole number, 0 or more');
    expect(() => parseNumber('--n', '1e9', SECONDS)).toThrow('a number of seconds above 0 and below 1e9');
    expect(() => parseNumber('--n', '0', SECONDS)).toThrow('found 0,');
  });
});

describe('every option with a number', () => {
  /** Options without a type, which `numberOption` declares. */
  const numbersOf = ({ names, string, boolean, array, choices }: DeclaredCommand) =>
    names.filter(name => ![...string, ...boolean, ...array, ...choices].includes(name));

  it('is declared by numberOption, none by a type that yargs converts', () => {
    expect(commands.flatMap(({ number }) => number)).toEqual([]);
    const all = commands.flatMap(command => numbersOf(command).map(option => `${command.name} ${option}`));
    expect(all).toContain('run threads');
    expect(all).toContain('query limit');
    expect(all.length).toBeGreaterThan(15);
  });

  it.each(['abc', '', '0x10', '1,000'])('refuses %j as it was typed, with exit code 2', async word => {
    for (const command of commands) {
      const { name, positionals, demanded } = command;
      const needed = demanded.filter(option => !positionals.includes(option));
      for (const option of numbersOf(command)) {
        const args = [
          ...name.split(' '),
          ...positionals.map(() => 'x'),
          ...needed.flatMap(other => [`--${other}`, 'x']),
          ...[`--${option}`, word],
        ];
        const { code, stdout, stderr } = await runInside(work, ...args);
        expect(stderr).toContain(`espalier: --${option}: found ${JSON.stringify(word)}, expected `);
        expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
      }
    }
  });
});

describe('the words of a command line', () => {
  it('are marked where they are values that look like options, and unmarked again', () => {
    const words = ['query', '-', '-- c\nSELECT 1', '--json', '--', '-x', '--json', '--', 'y'];
    const marked = markValues(words);
    expect(marked.map(unmark)).toEqual([...words.slice(0, 4), '--verbose=false', ...words.slice(5)]);
    expect(marked.filter(word => word.startsWith('-'))).toEqual(['--json', '--verbose=false']);
    const argv: Record<string, unknown> = { a: marked[1], b: [marked[5], 3], c: true };
    unmarkValues(argv);
    expect(argv).toEqual({ a: '-', b: ['-x', 3], c: true });
  });

  it('after `--` are arguments, for every command', async () => {
    for (const { name, positionals, demanded, choices } of commands) {
      const free = positionals.filter(positional => !choices.includes(positional));
      // The page waits for a database that is not there yet.
      if (free.length === 0 || name === 'serve') continue;
      const needed = demanded.filter(option => !positionals.includes(option));
      const args = [...name.split(' '), ...needed.flatMap(option => [`--${option}`, 'x']), '--'];
      if (name === 'forget') args.splice(1, 0, '--unused');
      const { code, stderr } = await runInside(work, ...args, ...free.map(() => '-nowhere/x'));
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(stderr).toContain('-nowhere/x');
      expect(stderr).not.toMatch(/missing|unknown option/);
    }
  });

  it('may name files as options are called', async () => {
    for (const file of ['tiny.yaml', '-x.yaml', '--json', './-']) {
      const { code, stdout } = await runInside(work, 'plan', '--threads', '1', '--', file);
      expect({ file, code }).toEqual({ file, code: 0 });
      expect(stdout).toContain('expected time');
    }
    expect(await runInside(work, 'plan', './-')).toMatchObject({ code: 0 });
    expect(await runInside(work, '--', 'plan', sweep)).toMatchObject({ code: 0 });
    expect((await runInside(work, 'plan', '--json', '--', sweep)).stdout).toMatch(/^\{/);
  });
});

describe('a sweep from standard input', () => {
  const given = (text: string | Buffer, ...args: string[]) => {
    const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([text]) as never);
    return runInside(work, ...args).finally(() => stdin.mockRestore());
  };
  const content = () => readFileSync(work.path(sweep), 'utf8');

  it('is read by plan and design, and named in messages', async () => {
    const { code, stdout } = await given(content(), 'plan', '-', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sweep: 'tiny', db: join('results', 'tiny.sqlite') });
    expect(await given(content(), 'plan', '--', '-')).toMatchObject({ code: 0 });
    expect((await given('nam: x', 'plan', '-')).stderr).toMatch(
      /^espalier: standard input:1: nam: unknown key, .+did you mean name\?/,
    );
    expect((await given(Buffer.from(content(), 'utf16le'), 'plan', '-')).stderr).toMatch(
      /^espalier: standard input: this is text in UTF-16, expected a sweep file, /,
    );
    expect((await given('', 'design', '-')).stderr).toMatch(/^espalier: standard input: is empty, expected /);
    expect((await given(content(), 'run', '-', '--set', 'axes.width=0')).stderr).toMatch(
      /^espalier: --set: axes\.width: found 0, /,
    );
  });

  it('is run into the database of its name, and gone on with', async () => {
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [PROGRAM, ...args], {
        cwd: work.folder,
        input: content(),
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      });
    expect(JSON.parse(run('run', '-', '--threads', '1', '--json'))).toMatchObject({
      db: join('results', 'tiny.sqlite'),
      progress: { trajectoriesFailed: 0 },
    });
    const { stdout } = await given(content(), 'plan', '-', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ secondsLeft: 0 });
  });
});
