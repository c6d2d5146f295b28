/** The public API, as its declarations have it: every export is explained, its examples compile, its types are exported. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

interface Declaration {
  /** The name that it is exported by. */
  readonly name: string;
  readonly file: string;
  /** The name that it has in its file. */
  readonly local: string;
  readonly kind: 'class' | 'const' | 'function' | 'interface' | 'type';
  readonly doc: string;
  /** Without comments and members that are marked as internal. */
  readonly text: string;
}

const read = (file: string): string => readFileSync(join(PACKAGE_ROOT, file), 'utf8');
const COMMENT = /\/\*\*(?:(?!\*\/).)*\*\//gs;
const INTERNAL = /\/\*\*(?:(?!\*\/).)*@internal(?:(?!\*\/).)*\*\/\n[^\n]*/gs;

/** Names in braces: the local one, and the one outside. */
const namesIn = (list: string): (readonly [string, string])[] =>
  list
    .split(',')
    .map(each => each.trim().replace(/^type /, ''))
    .filter(each => each !== '')
    .map(each => each.split(' as '))
    .map(([local, outer = local]) => [local!, outer!] as const);

/** name -> file and local name of what is imported from, or exported again from, other files of the project. */
function borrowed(
  file: string,
  word: 'import' | 'export',
): Map<string, readonly [file: string, local: string]> {
  const statement = new RegExp(`^${word} (?:type )?\\{([^}]*)\\} from '(\\.[^']+)';`, 'gms');
  return new Map(
    [...read(file).matchAll(statement)].flatMap(([, list, from]) => {
      const other = posix.join(posix.dirname(file), from!).replace(/\.js$/, '.d.ts');
      return namesIn(list!).map(([local, outer]) => [outer, [other, local]] as const);
    }),
  );
}

/** Where a name is declared: follows files that only pass it on. */
function origin(file: string, name: string): readonly [file: string, local: string] {
  const next = borrowed(file, 'export').get(name);
  return next ? origin(...next) : [file, name];
}

function declaration(name: string, [file, local]: readonly [string, string]): Declaration {
  const text = read(file);
  const start = new RegExp(
    `^export (?:declare )?(?:abstract )?(class|const|function|interface|type) ${local}\\b`,
    'm',
  ).exec(text);
  if (!start) throw new Error(`${file} does not declare ${local}`);
  const rest = text.slice(start.index);
  const end = /\n(?=(?:export|declare|interface|type|import)\b|\/\*\*)/.exec(rest)?.index ?? rest.length;
  const before = text.slice(0, start.index);
  const doc = before.endsWith('*/\n') ? before.slice(before.lastIndexOf('/**')) : '';
  return {
    name,
    file,
    local,
    kind: start[1] as Declaration['kind'],
    doc,
    text: rest.slice(0, end).replaceAll(INTERNAL, '').replaceAll(COMMENT, ''),
  };
}

const { exports } = JSON.parse(read('package.json')) as {
  exports: Record<string, string | { types: string }>;
};
const ENTRIES = Object.values(exports).flatMap(entry => (typeof entry === 'string' ? [] : [entry.types]));
const API = ENTRIES.flatMap(entry =>
  [...borrowed(posix.normalize(entry), 'export')].map(([name, from]) => declaration(name, origin(...from))),
);

/** Names of types in a declaration that its file imports or declares, and that no entry exports. */
function hidden(one: Declaration, api: readonly Declaration[]): string[] {
  const isPublic = (file: string, local: string) =>
    api.some(other => other.file === file && other.local === local);
  const imported = borrowed(one.file, 'import');
  const own = new Set(
    [...read(one.file).matchAll(/^(?:export )?(?:declare )?(?:class|const|interface|type) (\w+)/gm)].map(
      ([, name]) => name!,
    ),
  );
  const words = new Set(one.text.match(/\b[A-Z]\w*\b/g));
  words.delete(one.local);
  return [...words].filter(word => {
    const from = imported.get(word);
    return from ? !isPublic(...origin(...from)) : own.has(word) && !isPublic(one.file, word);
  });
}

const isError = ({ name }: Declaration): boolean => name.endsWith('Error');
const examplesOf = ({ doc }: Declaration): string[] =>
  [...doc.matchAll(/@example\n((?: \*(?: (?!@).*)?\n)+)/g)].map(([, lines]) =>
    lines!.replaceAll(/^ \* ?/gm, ''),
  );

describe('the public API', () => {
  it('is found as a whole', () => {
    expect(ENTRIES).toEqual(['./dist/src/index.d.ts']);
    const values = API.filter(({ kind }) => kind === 'function' || kind === 'const').map(({ name }) => name);
    expect(values).toEqual(
      expect.arrayContaining(['runSweep', 'FIGURES', 'fitSweep', 'createQueueExecutor']),
    );
    expect(API.length).toBeGreaterThan(130);
  });

  it('has a docstring for every export', () => {
    expect(API.filter(({ doc }) => doc.length < 20).map(({ name }) => name)).toEqual([]);
  });

  it('has an example of every value, in its docstring or in that of the function which it names', () => {
    const values = API.filter(one => (one.kind === 'function' || one.kind === 'const') && !isError(one));
    const withExample = values.filter(one => examplesOf(one).length > 0).map(({ name }) => name);
    const without = values
      .filter(({ name }) => !withExample.includes(name))
      .filter(
        ({ doc }) => !withExample.includes(/`(\w+)`\s+\*?\s*has an\s+\*?\s*example/.exec(doc)?.[1] ?? ''),
      );
    expect(without.map(({ name }) => name)).toEqual([]);
    expect(withExample.length).toBeGreaterThan(15);
  });

  it('has examples that compile', async () => {
    const examples = API.flatMap(examplesOf);
    const names = API.map(({ name, kind }) =>
      kind === 'interface' || kind === 'type' ? `type ${name}` : name,
    );
    const program = [
      `import { writeFileSync } from 'node:fs';`,
      `import { ${names.join(', ')} } from '../src/index.js';`,
      'declare const problem: Problem;',
      ...examples.map((example, i) => `export async function example${i}() {\n${example}}`),
    ].join('\n');
    const folder = mkdtempSync(join(PACKAGE_ROOT, 'dist', 'examples-'));
    try {
      writeFileSync(join(folder, 'examples.ts'), program);
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        noEmit: true,
        types: ['node'],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      const compiler = join(PACKAGE_ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
      const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).catch(
        error => error,
      );
      expect(stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('exports every type that a declaration of it names', () => {
    const faults = API.flatMap(one => hidden(one, API).map(name => `${one.name} names ${name}`));
    expect(faults).toEqual([]);
  });

  it('is found out where a type is not exported', () => {
    const run = API.find(({ name }) => name === 'runSweep')!;
    const withoutOutcome = API.filter(({ name }) => name !== 'RunOutcome');
    expect(hidden(run, withoutOutcome)).toEqual(['RunOutcome']);
    const reader = API.find(({ name }) => name === 'Reader')!;
    expect(reader.text).toContain('progress(');
    expect(reader.text).not.toContain('latestKernels');
  });
});
