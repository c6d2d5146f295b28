/** Values as a file writes them. A number is shown by its own text: its value may have lost digits, or its form. */
import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml';

/** The limit of a shown value, as that of `formatValue`. */
const CHARACTERS = 80;

/**
 * The text of the value at a path of a document, in the form of JSON with the numbers as they are written.
 *
 * @returns null where the document does not have this value there.
 */
export function asWritten(
  document: Document,
  path: readonly (string | number)[],
  value: unknown,
): string | null {
  let node = nodeAt(document, path);
  // A list of one may be reported as its value.
  if (typeof value === 'number' && isSeq(node) && node.items.length === 1)
    node = resolved(document, node.items[0]);
  const isNumber = isScalar(node) && typeof node.value === 'number' && Object.is(node.value, value);
  const isCollection = (isMap(node) || isSeq(node)) && typeof value === 'object' && value !== null;
  if (!isNumber && !isCollection) return null;
  const text = textOf(document, node, 0);
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS - 3)}...` : text;
}

function nodeAt(document: Document, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (node, part) => {
      if (isSeq(node)) return typeof part === 'number' ? resolved(document, node.items[part]) : undefined;
      if (!isMap(node)) return undefined;
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      return resolved(document, pair?.value);
    },
    resolved(document, document.contents),
  );
}

const resolved = (document: Document, node: unknown): unknown =>
  isAlias(node) ? node.resolve(document) : node;

/** An alias stands for its value; documents whose aliases stand inside of their values are refused before. */
function textOf(document: Document, given: unknown, length: number): string {
  const node = resolved(document, given);
  if (isScalar(node)) {
    const isNumber = typeof node.value === 'number';
    return isNumber ? (node.source ?? String(node.value)) : (JSON.stringify(node.value) ?? 'null');
  }
  const parts: string[] = [];
  let written = length;
  const add = (part: string): boolean => {
    parts.push(part);
    written += part.length + 1;
    // What follows is cut off.
    return written <= CHARACTERS;
  };
  if (isSeq(node)) {
    for (const item of node.items) if (!add(textOf(document, item, written))) break;
    return `[${parts.join(',')}]`;
  }
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = JSON.stringify(isScalar(key) ? String(key.value) : String(key));
      if (!add(`${name}:${textOf(document, value, written)}`)) break;
    }
    return `{${parts.join(',')}}`;
  }
  return 'null';
}
