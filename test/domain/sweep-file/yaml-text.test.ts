import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseSweep, readSweep } from '../../../src/domain/sweep-file/parse.js';
import { MINIMAL, messageOf } from '../fixtures.js';

const parse = (text: string) => messageOf(() => parseSweep(text, { source: 's.yaml' }));
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const LAUGHS = ['&a [1, 1, 1, 1, 1, 1, 1, 1]', ...'bcdef'.split('').map(deeper)];
function deeper(name: string): string {
  const below = String.fromCharCode(name.charCodeAt(0) - 1);
  return `&${name} [${new Array(8).fill(`*${below}`).join(', ')}]`;
}

/** MINIMAL takes lines 1 to 7. */
const TEXTS: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['two documents', `${MINIMAL}---\n${MINIMAL}`, /^s\.yaml:8:1: a second document begins here/],
  ['a tab', `${MINIMAL}train:\n\tmomentum: 0\n`, /^s\.yaml:9:1: a tab indents this line, expected spaces$/],
  ['a key twice in { }', `${MINIMAL}train: {momentum: 0, momentum: 1}`, /:8:22: the key "momentum" is given/],
  ['a line too far right', `${MINIMAL}train:\n  momentum: 0\n   layers: first\n`, /:9:13: a second "key:"/],
  ['a line too far left', `${MINIMAL}train:\n    momentum: 0\n  layers: first\n`, /:10:1: the indentation/],
  ['two keys on a line', `${MINIMAL}train: momentum: 0\n`, /:8:8: a second "key:" stands on this line/],
  ['a key without a colon', `${MINIMAL}train\n`, /:8:1: a key has no ": " after it/],
  ['a colon without a space', `${MINIMAL}train:\n  momentum:0\n  layers: x\n`, /:9:3: a text without ":"/],
  ['an open {', `${MINIMAL}train: {momentum: 0\n`, /:9:1: a "\{" above is not closed.*, expected "\}"$/],
  ['an open "', MINIMAL.replace('name: ', 'name: "'), /a text that begins with " does not end/],
  ["an open '", MINIMAL.replace('name: ', "name: '"), /a text that begins with ' does not end/],
  ['no comma', MINIMAL.replace('[1000, 2000]', '["1000" 2000]'), /there is no comma between two values/],
  ['two commas', MINIMAL.replace('[1000, 2000]', '[1000,, 2000]'), /"," is not expected here/],
  ['a closing bracket', `${MINIMAL}train: {} }\n`, /"}" is not expected here/],
  ['a comment without a space', MINIMAL.replace('[1000, 2000]', '[1000, 2000]#'), /no space before this "#"/],
  ['an escape', MINIMAL.replace('name: ', 'name: "\\q" #'), /:1:8: "\\\\q" in double quotes means nothing/],
  ['an at sign', `${MINIMAL}train: @x\n`, /:8:8: a text begins with "@", expected the text in quotes/],
  [
    'a tag of Python',
    `${MINIMAL}train: !!python/object:os.x {}\n`,
    /:8:8: the tag !!python\/object:os\.x has/,
  ],
  ['a tag of a scalar', `${MINIMAL}train: !mine 3\n`, /:8:8: the tag !mine has no meaning here/],
  ['a version', `%YAML 1.3\n---\n${MINIMAL}`, /^s\.yaml:1:7: "%YAML 1\.3" has no meaning here/],
  ['a directive', `%X y\n---\n${MINIMAL}`, /^s\.yaml:1:1: "%X y" has no meaning here/],
  ['a directive without ---', `%YAML 1.2\n${MINIMAL}`, /^s\.yaml:2:1: there is no line "---" after/],
  ['an unknown alias', `${MINIMAL}train: *gone\n`, /^s\.yaml:8: \*gone stands for nothing, expected &gone/],
  ['an alias in itself', `${MINIMAL}train: &a {loss: [*a]}\n`, /:8: \*a stands inside of what it stands for/],
  ['two anchors', `${MINIMAL}train: &a &b {}\n`, /:8:11: an anchor .* cannot stand here/],
  [
    'aliases of aliases',
    LAUGHS.map((value, i) => `k${i}: ${value}\n`).join(''),
    /:6: its aliases .* too many/,
  ],
  ['deep nesting', `${MINIMAL}train: ${nested(5000)}\n`, /:8:\d+: its values are nested too deeply/],
  ['a key of a page', `${MINIMAL}${'x'.repeat(2000)}: 1\n`, /:8:1: a key is longer than 1024 characters/],
  ['a comment alone', '# nothing\n', /^s\.yaml: is empty, expected a sweep file/],
  ['a text', 'hello\n', /^s\.yaml: found "hello", expected a sweep file, a mapping/],
];

describe('YAML that cannot be read is refused in our words:', () => {
  it.each(TEXTS)('%s', (_, text, message) => {
    const found = parse(text).replace(/^InputError: /, '');
    expect(found).toMatch(message);
    expect(found).not.toMatch(/\n|YAML\.|parse[A-Z]|\b(?:Flow|Implicit|Plain|Unresolved|Source|Map) /);
  });

  it.each([
    ['a byte order mark', `\uFEFF${MINIMAL}`],
    ['CRLF', MINIMAL.replaceAll('\n', '\r\n')],
    ['YAML 1.1', `%YAML 1.1\n---\n${MINIMAL}`],
    ['the end of the document', `---\n${MINIMAL}...\n`],
    ['a standard tag', MINIMAL.replace('name: ', 'name: !!str ')],
    ['an anchor with the name of one inside', MINIMAL.replace('[1000, 2000]', '&a [ &a 1000, 2000 ]')],
    ['an end that is not indented', `${MINIMAL}train: {\n  momentum: 0\n}\n`],
  ])('but not %s', (_, text) => {
    expect(parseSweep(text).name).toBe(parseSweep(MINIMAL).name);
  });
});

describe('a sweep file is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-yaml-'));
  const read = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return messageOf(() => readSweep(join(folder, name)));
  };
  const utf16 = Buffer.from(`\uFEFF${MINIMAL}`, 'utf16le');

  it('in UTF-8, also with a byte order mark', () => {
    const file = join(folder, 'bom.yaml');
    writeFileSync(file, `\uFEFF${MINIMAL}`);
    expect(readSweep(file).name).toBe(parseSweep(MINIMAL).name);
  });

  it.each<[string, Uint8Array, string]>([
    ['UTF-16', utf16, 'this is text in UTF-16'],
    ['UTF-16, big-endian', Buffer.from(utf16).swap16(), 'this is text in UTF-16'],
    ['UTF-16 without a mark', utf16.subarray(2), 'this is text in UTF-16'],
    ['UTF-32', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf16.subarray(2)]), 'this is text in UTF-32'],
    ['SQLite', Buffer.from('SQLite format 3\0...'), 'this is an SQLite database (`espalier status` shows'],
    ['gzip', gzipSync(MINIMAL), 'this is a gzip file'],
    ['npy', Buffer.from('\x93NUMPY\x01\0', 'latin1'), 'this is a NumPy array'],
    ['zip', Buffer.from('PK\x03\x04'), 'this is a zip archive'],
    ['zeros', Buffer.alloc(3), 'this is a binary file'],
    ['a zero', Buffer.from(`${MINIMAL}# \0\n`), 'this is a binary file'],
  ])('not as %s', (name, bytes, what) => {
    const message = read(name, bytes);
    expect(message).toContain(`${join(folder, name)}: ${what}`);
    expect(message).toMatch(/, expected a sweep file, YAML in UTF-8 \(`espalier init` writes one\)$/);
    expect(message).not.toMatch(/[^\x20-\x7e]/);
  });

  it('not in Latin-1, with the line', () => {
    const message = read('latin1.yaml', Buffer.from(`${MINIMAL}# caf\u00e9\n`, 'latin1'));
    expect(message).toContain(`${join(folder, 'latin1.yaml')}:8: this line is not UTF-8, expected`);
    // A replacement character that is written in the file is not the fault.
    const both = Buffer.concat([Buffer.from('# \uFFFD\n'), Buffer.from([0xe9])]);
    expect(read('both.yaml', both)).toContain('both.yaml:2: this line is not UTF-8');
  });
});
