/** Documents say what holds: links, anchors, commands, options, scripts, generated pages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { type DeclaredCommand, declaredCommands, GLOBAL_OPTIONS } from '../support/commands.js';
import { blocksIn, DOCUMENTS, documentsBelow } from '../support/documents.js';

const read = (file: string) => readFileSync(join(PACKAGE_ROOT, file), 'utf8');

const withoutCode = (text: string) => text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors of headings, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
  [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Lines that call espalier in blocks of shell, without comments; a statement in quotes may go on on the next line. */
function commandLines(text: string): string[] {
  return [...text.matchAll(/^```sh.*?\n(.*?)^```/gms)].flatMap(([, block]) =>
    [
      ...block!
        .replaceAll(/"[^"]*"|'[^']*'/g, quoted => quoted.replaceAll(/[\n#]/g, ' '))
        .matchAll(/\bespalier (?!\.$).*/gm),
    ].map(([line]) => line.replace(/\s#.*$/, '').trim()),
  );
}

let commands: readonly DeclaredCommand[];
beforeAll(async () => {
  commands = await declaredCommands();
});

/** What is wrong with a command line; null for nothing. */
function fault(line: string): string | null {
  const words = line
    .replaceAll(/"[^"]*"|'[^']*'/g, 'TEXT')
    .split(/\s+/)
    .slice(1);
  if (words[0]?.startsWith('--')) return null;
  const command = commands.find(({ name }) => name === words[0] || name === words.slice(0, 2).join(' '));
  if (!command) return `no command ${words[0]}`;
  const options = words.flatMap(word => /^--(?:no-)?([a-z-]+)/.exec(word)?.[1] ?? []);
  const unknown = options.filter(option => ![...command.names, ...GLOBAL_OPTIONS].includes(option));
  return unknown.length > 0 ? `${command.name} has no --${unknown[0]}` : null;
}

/** Blocks that `commands.slow.ts` would not find: of another shell, with another mark, indented in place of fenced. */
function hiddenCommands(text: string): string[] {
  const fences = blocksIn(text).flatMap(({ language, name }) =>
    /^(?:bash|console|shell|zsh)$/.test(language) || (language === 'sh' && !['', 'long'].includes(name))
      ? [`${language} ${name}`]
      : [],
  );
  const indented = text
    .replaceAll(/^```.*?^```/gms, '')
    .match(/^ {4,}(?:\S+ )*?(?:docker|espalier|kubectl|node|npm|npx|redis-server|sbatch|ssh) .*$/gm);
  return [...fences, ...(indented ?? [])];
}

describe('documents', () => {
  it.each(DOCUMENTS)('%s has its commands in blocks that are typed by a test or marked as long', file => {
    const text = read(file);
    expect(hiddenCommands(text)).toEqual([]);
    const scripts = [...text.matchAll(/\bnode ((?:bench|dist|docs|examples)\/[\w/-]+\.mjs)/g)].map(
      ([, script]) => script!,
    );
    expect(scripts.filter(script => !existsSync(join(PACKAGE_ROOT, script)))).toEqual([]);
  });

  it.each(DOCUMENTS)('%s names commands and options that there are', file => {
    expect(commandLines(read(file)).flatMap(line => fault(line)?.concat(`: ${line}`) ?? [])).toEqual([]);
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...read(file).matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)].map(
      ([, name]) => name!,
    );
    expect(named.filter(name => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it.each(DOCUMENTS)('%s links to anchors that there are', file => {
    const links = [...withoutCode(read(file)).matchAll(/\]\(([^)\s:]*)#([^)\s]+)\)/g)];
    const missing = links.filter(([, target, anchor]) => {
      const at = target === '' ? file : posix.join(posix.dirname(file), target!);
      return !anchorsOf(read(at)).includes(anchor!);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('faults in them are found', () => {
    expect(hiddenCommands('text\n\n    npx espalier fit a\n')).toEqual(['    npx espalier fit a']);
    expect(hiddenCommands('text\n\n    A=b espalier fit a\n')).toHaveLength(1);
    expect(hiddenCommands('```bash\nls\n```\n```sh slow\nls\n```\n')).toEqual(['bash ', 'sh slow']);
    expect(hiddenCommands('```sh\nls\n```\n```sh long\nls\n```\n    f(x) = 1\n')).toEqual([]);
    expect(fault('espalier fit a.sqlite --jsn')).toBe('fit has no --jsn');
    expect(fault('espalier fot a.sqlite')).toBe('no command fot');
    expect(fault('espalier data fetch mnist --data-dir x')).toBeNull();
    expect(anchorsOf('## What a `cell` costs, 2 ways\n')).toEqual(['what-a-cell-costs-2-ways']);
    expect(commandLines('```sh\nnpx espalier query a "SELECT\n 1" # --x\n```\n')).toEqual([
      'espalier query a "SELECT  1"',
    ]);
  });

  it('are all in the list by kind, and the README is short', () => {
    const list = read('docs/README.md');
    const unlisted = readdirSync(join(PACKAGE_ROOT, 'docs')).filter(
      name => name.endsWith('.md') && name !== 'README.md' && !list.includes(`](${name})`),
    );
    expect(unlisted).toEqual([]);
    expect(read('README.md').split(/\s+/).length).toBeLessThan(700);
    for (const record of documentsBelow('docs/decisions'))
      expect(read(record).split('\n').length).toBeLessThan(25);
  });

  it('that are generated are current (npm run docs)', async () => {
    const { viewsMarkdown, errorsMarkdown } = await import(join(PACKAGE_ROOT, 'docs', 'reference.mjs'));
    expect(read('docs/views.md')).toBe(viewsMarkdown());
    expect(read('docs/errors.md')).toBe(errorsMarkdown(read('src/base/errors.ts')));
    // Every class has its row.
    const classes = read('src/base/errors.ts').match(/^export class /gm)!;
    expect(read('docs/errors.md').match(/^\| `\w+Error`/gm)).toHaveLength(classes.length);
  });
});
