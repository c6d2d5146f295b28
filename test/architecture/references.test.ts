/** Files that documents, comments and scripts name exist. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

const git = (...args: string[]) => execFileSync('git', args, { cwd: PACKAGE_ROOT, encoding: 'utf8' });
const files = git('ls-files', '--cached', '--others', '--exclude-standard').trim().split('\n');
const ending = (...endings: string[]) =>
  files.filter(file => endings.some(end => file.endsWith(end)) && existsSync(join(PACKAGE_ROOT, file)));
const read = (file: string) => readFileSync(join(PACKAGE_ROOT, file), 'utf8');
const names = new Set(files.map(file => basename(file)));

/** Names are complete paths, or the last parts of one. */
const isKnown = (name: string): boolean =>
  name.includes('/')
    ? files.some(file => file === name || file.endsWith(`/${name}`) || file.startsWith(`${name}/`))
    : names.has(name);

const inDocument = (text: string): string[] =>
  [...text.matchAll(/`((?:src|test|docs|workers|bench|sweeps|schema)\/[\w./-]+)`/g)].map(([, path]) =>
    path!.replace(/\/$/, ''),
  );
const links = (text: string): string[] =>
  [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
const comments = (text: string): string =>
  [...text.matchAll(/\/\*\*?[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm)].map(([comment]) => comment).join('\n');
const inComment = (text: string): string[] =>
  [...text.matchAll(/(?<![\w./<*-])((?:[\w-]+\/)*[\w-]+(?:\.test)?\.(?:ts|md|mjs))\b/g)].map(
    ([, name]) => name!,
  );
const imports = (text: string): string[] =>
  [...text.matchAll(/from '(\.[^']+)'/g)].map(([, specifier]) => specifier!);

describe('files that are named', () => {
  it('are found where they are missing', () => {
    expect(inDocument('see `src/sweep.ts` and `test/kill/`')).toEqual(['src/sweep.ts', 'test/kill']);
    expect(inComment(comments('/** See run/lane.ts. */ const a = 1; // members.ts'))).toEqual([
      'run/lane.ts',
      'members.ts',
    ]);
    expect(links('[a](docs/a.md) [b](https://x.org/b.md)')).toEqual(['docs/a.md']);
    expect(isKnown('run/lane.ts')).toBe(false);
    expect(isKnown('write/store.ts')).toBe(true);
  });

  it.each(ending('.md'))('in %s exist', file => {
    const text = read(file);
    expect(inDocument(text).filter(path => !isKnown(path))).toEqual([]);
    const missing = links(text).filter(
      target => !existsSync(join(PACKAGE_ROOT, posix.join(posix.dirname(file), target))),
    );
    expect(missing).toEqual([]);
  });

  it('in comments exist', () => {
    const missing = ending('.ts', '.mjs')
      .filter(file => !file.startsWith('test/architecture/'))
      .flatMap(file =>
        inComment(comments(read(file)))
          .filter(name => !isKnown(name))
          .map(name => `${file}: ${name}`),
      );
    expect(missing).toEqual([]);
  });

  it('in the imports of scripts exist', () => {
    const missing = ending('.mjs').flatMap(file =>
      imports(read(file))
        .map(specifier => posix.join(posix.dirname(file), specifier))
        .map(path => path.replace(/^dist\/(.*)\.js$/, '$1.ts'))
        .filter(path => !existsSync(join(PACKAGE_ROOT, path)))
        .map(path => `${file}: ${path}`),
    );
    expect(missing).toEqual([]);
  });
});
