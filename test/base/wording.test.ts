import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { shellWord } from '../../src/base/shell-word.js';
import { counted } from '../../src/base/units.js';

it.each([
  [0, 'thread', undefined, '0 threads'],
  [1, 'thread', undefined, '1 thread'],
  [2, 'thread', undefined, '2 threads'],
  [1, 'trajectory is', 'trajectories are', '1 trajectory is'],
  [3, 'trajectory is', 'trajectories are', '3 trajectories are'],
])('%s %s', (count, noun, plural, text) => expect(counted(count, noun, plural)).toBe(text));

// Constants, whose count is known, are written in capitals.
const COUNT =
  /\$\{(?![A-Z_]{2,}[.}])([^{}]+)\} (?:more )?(threads|trajectories|seeds|files|rows|curves|images|labels)\b/g;
/** Counts that are more than one. */
const SEVERAL = ['serve/sql.ts: maxRows', 'data/idx.ts: dimensions[0]', 'data/inputs.ts: count'];

it('messages never say "1 threads"', () => {
  const folder = join(PACKAGE_ROOT, 'src');
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .flatMap(file =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(COUNT)]
        .map(([, count]) => `${file}: ${count}`)
        .filter(one => !SEVERAL.includes(one)),
    );
  expect(found).toEqual([]);
});

it.each([
  'plain.yaml',
  'a/b-c_d.sqlite',
  'x y.yaml',
  "it's",
  '$HOME',
  '`x`',
  'a"b',
  '~',
  '*',
  'é',
  '',
  '(a) & b;',
])('a shell reads the word of %j as it was', text => {
  const word = shellWord(text);
  expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(text);
  if (/^[a-z./_-]+$/.test(text)) expect(word).toBe(text);
});

it('a name that begins like an option is suggested as a file', () => {
  expect(shellWord('-x.yaml')).toBe('./-x.yaml');
  expect(shellWord('--a b')).toBe("'./--a b'");
});
