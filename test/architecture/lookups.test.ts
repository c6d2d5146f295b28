/** `in` finds what every object inherits (`toString`), so words of users are never looked up with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { transformSync } from 'esbuild';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

/** `name in object`, but not the guard of a type, `'to' in form`, nor a loop, `for (const name in object)`. */
function lookupsIn(source: string): string[] {
  const { code } = transformSync(source, {
    loader: 'ts',
    target: 'esnext',
    legalComments: 'none',
    minifyWhitespace: true,
  });
  const withoutTexts = code.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');
  return (
    withoutTexts
      .replaceAll(/for\((?:const|let) \w+ in /g, '')
      .match(/[^;]{0,60}[\w)\]] in [\w(][^;]{0,40}/g) ?? []
  );
}

it('are found', () => {
  expect(
    lookupsIn('a(key in AXES); // in b\nb("x in y", "to" in form); for (const c in d) e();'),
  ).toHaveLength(1);
});

it('do not exist', () => {
  const found = readdirSync(join(PACKAGE_ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !/\/assembly\//.test(file))
    .flatMap(file =>
      lookupsIn(readFileSync(join(PACKAGE_ROOT, 'src', file), 'utf8')).map(
        code => `${posix.join('src', file)}: ${code}`,
      ),
    );
  expect(found).toEqual([]);
});
