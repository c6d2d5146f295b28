/** HTML templates without injection: every inserted value is escaped, unless it is `Html` itself. */

export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** Tag of an HTML template. Lists are joined; null, undefined and false insert nothing. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(pieces.map((piece, i) => piece + (i < parts.length ? rendered(parts[i]) : '')).join(''));
}

/** Marks text as HTML. Only for HTML that this program made. */
export const raw = (text: string): Html => new Html(text);

function rendered(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(rendered).join('');
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escaped = (text: string): string => text.replace(/[&<>"']/g, one => ENTITIES[one]!);
