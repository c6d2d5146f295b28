import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';

let work: Workplace;
beforeAll(() => {
  work = new Workplace();
});
afterAll(() => work.remove());

const COMMANDS = ['run', 'plan', 'status', 'serve', 'query', 'export', 'data', 'init', 'completion'];
const lines = (text: string) => text.split('\n').filter(line => line !== '');

async function complete(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runInside(work, '--get-yargs-completions', 'espalier', ...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return lines(stdout).map(line => line.split(':')[0]!);
}

describe('help', () => {
  it('lists the commands', async () => {
    const { code, stdout, stderr } = await work.run('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +espalier ${command}\\b`, 'm'));
    expect(stdout).not.toContain('completion-script');
  });

  it('of every command describes it and shows an example', async () => {
    for (const command of [...(await complete('')), 'data list', 'data fetch', 'data info']) {
      const { code, stdout, stderr } = await runInside(work, ...command.split(' '), '--help');
      expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
      const [synopsis, what] = lines(stdout);
      expect(synopsis).toContain(`espalier ${command}`);
      expect(what).toMatch(/^[A-Z].{10,}/);
      const examples = stdout.slice(stdout.indexOf('Examples:'));
      expect(examples).toMatch(new RegExp(`^Examples:\n +espalier ${command}\\b`));
    }
    expect(work.files()).toEqual([]);
  });

  it('--version', async () => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
    expect(await work.run('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('completion', () => {
  it.each([
    ['bash', /^complete .*-F \S+ espalier$/m],
    ['zsh', /^ *compdef \S+ espalier$/m],
    ['fish', /^complete .*-c espalier /m],
  ])('prints a script for %s', async (shell, registers) => {
    const { code, stdout, stderr } = await runInside(work, 'completion', shell);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(registers);
    expect(stdout).toContain('espalier --get-yargs-completions');
    // bash parses its script; other shells may not be installed.
    if (shell === 'bash') execFileSync('bash', ['-n'], { input: stdout });
  });

  it('completes commands, subcommands, options and choices', async () => {
    expect(await complete('')).toEqual(expect.arrayContaining(COMMANDS));
    const options = await complete('run', '--');
    for (const option of ['db', 'threads', 'engine', 'set', 'data-dir', 'dry-run', 'json'])
      expect(options).toContain(`--${option}`);
    expect(await complete('run', '--engine', '')).toEqual(expect.arrayContaining(['wasm', 'reference']));
    expect((await complete('data', '')).slice(0, 3)).toEqual(['list', 'fetch', 'info']);
    expect(await complete('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });
});
