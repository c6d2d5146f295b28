/** Checks the imports of src against the layers that docs/architecture.md states. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

interface Import {
  readonly from: string;
  readonly to: string;
}

/** AssemblyScript has its own world; the page is a program of its own. */
const APART = /^src\/(engine|bench|theory)\/assembly\/|^src\/page\//;

const document = readFileSync(join(PACKAGE_ROOT, 'docs', 'architecture.md'), 'utf8');
const block = (name: string): string[] =>
  new RegExp(`^\`\`\`${name}\n([^\`]*)\`\`\``, 'm').exec(document)![1]!.trim().split('\n');

/** By room, the number of its line. */
const layers = new Map(block('layers').flatMap((line, i) => line.split(' ').map(room => [room, i] as const)));
/** By room, the layers of its own folders. */
const inner = new Map(
  block('layers inside').map(line => {
    const [room, order] = line.split(': ');
    const rank = order!
      .split(' < ')
      .flatMap((folders, i) => folders.split(' ').map(one => [one, i] as const));
    return [room!, new Map(rank)];
  }),
);

const files = readdirSync(join(PACKAGE_ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .map(file => posix.join('src', file))
  .filter(file => file.endsWith('.ts') && !APART.test(file));

function importsOf(file: string, source: string): Import[] {
  const specifiers = [...source.matchAll(/\b(?:from|import)\s*\(?\s*['"`](\.[^'"`]+)/g)];
  return specifiers.map(([, specifier]) => ({
    from: file,
    to: posix.join(posix.dirname(file), specifier!).replace(/\.js$/, '.ts'),
  }));
}

const roomOf = (file: string): string => file.split('/')[1]!;
const folderOf = (file: string): string => (file.split('/').length > 3 ? file.split('/')[2]! : '.');

/** Whether an import points up, to rooms that know nothing of the one that imports. */
function isAllowed({ from, to }: Import): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (from === 'src/index.ts') return true;
  if (room !== target) return layers.get(target)! < layers.get(room)!;
  const order = inner.get(room);
  const [folder, other] = [folderOf(from), folderOf(to)];
  return !order || folder === other || order.get(other)! < order.get(folder)!;
}

describe('the direction of imports', () => {
  it('is seen to be wrong where it is', () => {
    const wrong = (from: string, to: string) => !isAllowed({ from, to });
    expect(wrong('src/store/write/store.ts', 'src/run/attempt.ts')).toBe(true);
    expect(wrong('src/threshold/refine.ts', 'src/data/dataset.ts')).toBe(true);
    expect(wrong('src/threshold/refine.ts', 'src/store/write/store.ts')).toBe(true);
    expect(wrong('src/store/schema/rows.ts', 'src/store/read/reader.ts')).toBe(true);
    expect(wrong('src/store/user-sql/query.ts', 'src/store/write/store.ts')).toBe(true);
    expect(wrong('src/fit/laws/laws.ts', 'src/fit/index.ts')).toBe(true);
    expect(wrong('src/run/attempt.ts', 'src/store/write/store.ts')).toBe(false);
    for (const line of [
      "const { b } = await import('../cli/b.js');",
      "import '../cli/b.js';",
      'export * from "../cli/b.js";',
      "import { b } from '../cli/b.js';",
    ])
      expect(importsOf('src/run/a.ts', line)).toEqual([{ from: 'src/run/a.ts', to: 'src/cli/b.ts' }]);
  });

  it('every file of src lies in a room that has a layer, and no file lies loose', () => {
    expect(files.filter(file => file !== 'src/index.ts' && !layers.has(roomOf(file)))).toEqual([]);
    for (const [room, order] of inner) {
      const folders = files.filter(file => roomOf(file) === room).map(folderOf);
      expect([...new Set(folders)].filter(folder => !order.has(folder))).toEqual([]);
    }
  });

  it('every import points up', () => {
    const imports = files.flatMap(file => importsOf(file, readFileSync(join(PACKAGE_ROOT, file), 'utf8')));
    expect(imports.length).toBeGreaterThan(500);
    const wrong = imports.filter(each => !isAllowed(each)).map(({ from, to }) => `${from} -> ${to}`);
    expect(wrong).toEqual([]);
  });

  it('the page, which runs in a browser, takes values from base alone, and types from elsewhere', () => {
    const pages = readdirSync(join(PACKAGE_ROOT, 'src', 'page')).filter(file => file.endsWith('.ts'));
    const values = pages.flatMap(file => {
      const source = readFileSync(join(PACKAGE_ROOT, 'src', 'page', file), 'utf8');
      const code = source.replaceAll(/^(?:import|export) type [^;]*;/gm, '');
      return importsOf(`src/page/${file}`, code).map(({ to }) => to);
    });
    expect(pages.length).toBeGreaterThan(5);
    expect(values.filter(file => !['page', 'base'].includes(roomOf(file)))).toEqual([]);
  });

  it('workers start rooms and are imported by none', () => {
    for (const file of files)
      expect(
        importsOf(file, readFileSync(join(PACKAGE_ROOT, file), 'utf8')).filter(
          ({ to }) => !to.startsWith('src/'),
        ),
      ).toEqual([]);
  });
});
