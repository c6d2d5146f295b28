/** From bytes to text to YAML values. What cannot be read is said in the user's words, with its line. */
import { isUtf8 } from 'node:buffer';
import { type Document, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { InputError } from '../../base/errors.js';
import { fileKind } from '../../base/file-kind.js';

const EXPECTED_FILE = 'a sweep file, YAML in UTF-8 (`espalier init` writes one)';

const LINE_FEED = 0x0a;

/** The text of a sweep file. @throws InputError (BAD_INPUT) unless it is UTF-8, and for files of other kinds. */
export function decodeSweepFile(bytes: Uint8Array, source: string): string {
  const refuse = (what: string, line?: number) => {
    const at = line === undefined ? source : `${source}:${line}`;
    return new InputError({ path: '', source: at, value: source, what, expected: EXPECTED_FILE });
  };
  const kind = fileKind(bytes);
  if (kind === 'an SQLite database')
    throw refuse('this is an SQLite database (`espalier status` shows what is in one)');
  if (kind !== null) throw refuse(`this is ${kind}`);
  if (isUtf8(bytes)) return Buffer.from(bytes).toString('utf8');
  let line = 1;
  for (let from = 0, to = 0; to >= 0; from = to + 1, line++) {
    to = bytes.indexOf(LINE_FEED, from);
    if (!isUtf8(bytes.subarray(from, to < 0 ? undefined : to))) break;
  }
  throw refuse('this line is not UTF-8', line);
}

/** Warnings of the library that mean a value other than the one that is written. */
const REFUSED_WARNINGS: readonly string[] = ['TAG_RESOLVE_FAILED', 'BAD_COLLECTION_TYPE', 'BAD_DIRECTIVE'];

/**
 * @param source the name of the text in errors; with `lines`, the line is added to it.
 * @throws InputError (BAD_INPUT)
 */
export function parseYaml(text: string, source: string | null, lines?: LineCounter): Document {
  const lineCounter = lines ?? new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const [error] = [
    ...document.errors,
    ...document.warnings.filter(({ code }) => REFUSED_WARNINGS.includes(code)),
  ].sort((a, b) => a.pos[0] - b.pos[0]);
  if (!error) return document;
  const [what, expected] = explain(error, text.slice(error.pos[0]), text.slice(0, error.pos[0]));
  const { line, col } = lineCounter.linePos(error.pos[0]);
  const at = lines ? [source, line, col].filter(part => part !== null).join(':') : source;
  throw new InputError({ path: '', source: at, value: text, what, expected: expected ?? 'valid YAML' });
}

/** The values of a document, aliases resolved. @throws InputError (BAD_INPUT) for aliases that cannot be. */
export function toValue(document: Document, source: string | null, lines?: LineCounter): unknown {
  const refuse = (what: string, expected: string, offset?: number) => {
    const at =
      lines && offset !== undefined && source !== null ? `${source}:${lines.linePos(offset).line}` : source;
    return new InputError({ path: '', source: at, value: null, what, expected });
  };
  let last: number | undefined;
  visit(document, {
    Alias(_, alias, ancestors) {
      last = alias.range?.[0];
      const target = alias.resolve(document);
      if (!target)
        throw refuse(`*${alias.source} stands for nothing`, `&${alias.source} at a value above it`, last);
      if (ancestors.includes(target))
        throw refuse(`*${alias.source} stands inside of what it stands for`, 'a value that ends', last);
    },
  });
  try {
    return document.toJS();
  } catch {
    // The library counts: few aliases of aliases can stand for more values than memory holds.
    throw refuse('its aliases (*name) stand for too many values', 'the values themselves', last);
  }
}

type Words = readonly [what: string, expected?: string];

/** What is wrong and what was expected, by the library's code and, where one code has several, its message. */
function explain({ code, message }: YAMLError, rest: string, before: string): Words {
  const next = JSON.stringify(/^(?:\w+|[^\s\w])/.exec(rest)?.[0] ?? (rest.trim() === '' ? 'end' : rest[0]));
  switch (code) {
    case 'MULTIPLE_DOCS':
      return ['a second document begins here (after ---)', 'one sweep in a file'];
    case 'TAB_AS_INDENT':
      return ['a tab indents this line', 'spaces'];
    case 'DUPLICATE_KEY':
      return [`the key ${keyAt(rest)} is given twice`, 'each key only once'];
    case 'KEY_OVER_1024_CHARS':
      return ['a key is longer than 1024 characters', 'a ":" after a shorter one'];
    case 'BAD_DQ_ESCAPE':
      return [
        `${JSON.stringify(/^\\.?/.exec(rest)?.[0] ?? '\\')} in double quotes means nothing`,
        'single quotes',
      ];
    case 'BAD_SCALAR_START':
      return [`a text begins with ${next}`, 'the text in quotes'];
    case 'BLOCK_IN_FLOW':
      return ['lines with "- " or "key:" cannot stand inside of [ ] or { }', '[ ] or { } there, too'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return [
        'a second "key:" stands on this line, or the next one is indented too far',
        'one key on a line, or { key: value }',
      ];
    case 'MULTILINE_IMPLICIT_KEY':
      return ['a text without ":" stands where a key is expected', 'key: value'];
    case 'TAG_RESOLVE_FAILED':
    case 'BAD_COLLECTION_TYPE':
      return [`the tag ${tagAt(rest, before)} has no meaning here`, 'the value without it'];
    case 'BAD_DIRECTIVE':
      return [`${JSON.stringify(lineAt(rest, before))} has no meaning here`, 'the text without it'];
    case 'RESOURCE_EXHAUSTION':
      return ['its values are nested too deeply', 'a sweep file, a mapping with name, dataset and axes'];
    case 'ALIAS_PROPS':
    case 'BAD_ALIAS':
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
    case 'BAD_PROP_ORDER':
      return ['an anchor (&name), alias (*name) or tag (!name) cannot stand here'];
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      return missing(message) ?? ['the indentation does not fit that of the lines above'];
    default:
      return [`${next} is not expected here`];
  }
}

/** The words for what is absent. The library gives the same code to all of these. */
function missing(message: string): Words | null {
  const [, bracket] = /end with a ([\]}])/.exec(message) ?? [];
  if (bracket) {
    const open = bracket === ']' ? '[' : '{';
    return [
      `a ${JSON.stringify(open)} above is not closed, or this line is not indented`,
      JSON.stringify(bracket),
    ];
  }
  const [, quote] = /Missing closing (['"])/.exec(message) ?? [];
  if (quote) return [`a text that begins with ${quote} does not end`, `a ${quote} at its end`];
  const found = MISSING.find(([pattern]) => pattern.test(message));
  return found ? [found[1]] : null;
}

const MISSING: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/Implicit map keys need to be followed/, 'a key has no ": " after it'],
  [/Comments must be separated/, 'there is no space before this "#"'],
  [/Missing space after :/, 'there is no space after this ":"'],
  [/Missing , /, 'there is no comma between two values'],
  [/without - indicator/, 'there is no "- " before this value of a list'],
  [/directives-end|doc-start/, 'there is no line "---" after the line with "%"'],
  [/separated from the next token/, 'there is no space after a tag (!name) or anchor (&name)'],
];

const keyAt = (rest: string): string => JSON.stringify(/^["']?([^:"'\n]*)/.exec(rest)?.[1]?.trim() ?? '');
const lineAt = (rest: string, before: string): string =>
  `${before.slice(before.lastIndexOf('\n') + 1)}${rest.split('\n', 1)[0]}`.trim();
/** The tag at the position, or the last one before it: the library points to either. */
const tagAt = (rest: string, before: string): string =>
  /^![^\s,[\]{}]*/.exec(rest)?.[0] ?? /![^\s,[\]{}]*(?=[^!]*$)/.exec(before)?.[0] ?? '!';
