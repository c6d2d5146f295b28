/** Options that messages, descriptions and examples name exist in the command that shows them. */
import { join } from 'node:path';
import { build, transformSync } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { type DeclaredCommand, declaredCommands, GLOBAL_OPTIONS } from '../support/commands.js';

/** Of V8, git and xcode-select. */
const NOT_OURS = [
  'no-concurrent-recompilation',
  'heap-growing-percent',
  'porcelain',
  'show-prefix',
  'install',
];

/**
 * Of messages that a command never shows: kept definitions are parsed without overrides, and the database between folder and
 * files lies on any file system.
 */
const NEVER_SHOWN: Readonly<Record<string, readonly string[]>> = {
  keep: ['set', 'unsafe-filesystem'],
  restore: ['set'],
};

/** The code of a file without comments and types, its strings as they are. */
const codeOf = (source: string): string =>
  transformSync(source, { loader: 'ts', target: 'esnext', legalComments: 'none', charset: 'utf8' }).code;

/** Not a property of CSS (`--page:#fff`, `var(--page)`), nor a decrement of a field or of what is in brackets. */
const OPTION = /(?<![\w)\]-]|var\()--(?!this\.)([a-z][a-z-]*[a-z])(?![a-z-]|:\S|-\$)/g;

interface Named {
  readonly option: string;
  /** The command in front of it, as in `espalier plan --json`; null for the command that shows the text. */
  readonly command: string | null;
}

/** The options in the text of some code. */
function optionsIn(code: string): Named[] {
  return code.split('\n').flatMap(line => {
    // E.g. `espalier run`, npx espalier run, $0 run (of an example); to the backtick or the quote that ends it.
    const parts = line.split(/(?:\bespalier|\$0) (?=[a-z])/);
    return parts.flatMap((part, i) => {
      const words = /^(data [a-z]+|[a-z]+)/.exec(part);
      const command = i === 0 || !words ? null : words[1]!;
      const end = command === null ? 0 : part.search(/\\?`|["'], ["']|$/);
      const within = (text: string, of: string | null) =>
        [...text.matchAll(OPTION)].map(([, option]) => ({
          option: option!,
          command: of,
        }));
      return [...within(part.slice(0, end), command), ...within(part.slice(end), null)];
    });
  });
}

/** The code that a command can run: its file with all that it imports, without functions that it does not use. */
async function codeOfCommand(command: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(PACKAGE_ROOT, 'src', 'cli', `${command}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    packages: 'external',
    legalComments: 'none',
    charset: 'utf8',
    // A file of which nothing is used has no effect by itself.
    plugins: [
      {
        name: 'no-side-effects',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\./ }, ({ path, resolveDir }) => ({
            path: join(resolveDir, path).replace(/\.js$/, '.ts'),
            sideEffects: false,
          })),
      },
    ],
  });
  return outputFiles[0]!.text;
}

let commands: readonly DeclaredCommand[];
beforeAll(async () => {
  commands = await declaredCommands();
});

const hasOption = (command: string, option: string): boolean => {
  const bare = option.replace(/^no-/, '');
  return (
    GLOBAL_OPTIONS.includes(option) ||
    commands.some(
      ({ name, names, positionals }) =>
        (name === command || name.startsWith(`${command} `)) &&
        (names.includes(option) || names.includes(bare)) &&
        !positionals.includes(option),
    )
  );
};

describe('options that messages name', () => {
  it('are found in code', () => {
    const source = [
      '// --comment',
      'const a = `holds several, expected --sweep with one of: x`; // --comment',
      "const d = ['--width', e--, --f, f - --g, 'try `espalier plan x --json`, or --set', '--page:#fff'];",
      `y.example('$0 query my.sqlite "SELECT 1" --format csv', 'see --limit');`,
    ].join('\n');
    expect(optionsIn(codeOf(source))).toEqual([
      { option: 'sweep', command: null },
      { option: 'width', command: null },
      { option: 'json', command: 'plan' },
      { option: 'set', command: null },
      { option: 'format', command: 'query' },
      { option: 'limit', command: null },
    ]);
  });

  it('exist in the command that they are shown with', async () => {
    const roots = [...new Set(commands.map(({ name }) => name.split(' ')[0]!))];
    let count = 0;
    const wrong: string[] = [];
    for (const root of roots) {
      const others = [...NOT_OURS, ...(NEVER_SHOWN[root] ?? [])];
      const named = optionsIn(await codeOfCommand(root)).filter(({ option }) => !others.includes(option));
      count += named.length;
      for (const { option, command } of named)
        if (!hasOption(command ?? root, option)) wrong.push(`${root}: --${option} of ${command ?? root}`);
    }
    expect(count).toBeGreaterThan(150);
    expect(wrong).toEqual([]);
  });
});
