/** Creates and updates elements. Text is only set as text: nothing from a database is parsed as HTML. */

type Child = Node | string | number | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Creates an element. `true` sets an attribute without a value; `null`, `undefined` and `false` omit it. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.filter(child => child !== null && child !== undefined && child !== false).map(text),
  );
  return element;
}

const text = (child: Node | string | number): Node | string =>
  typeof child === 'number' ? String(child) : child;

export function find<Type extends HTMLElement = HTMLElement>(id: string): Type {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as Type;
}

/** Shows a line of text; null hides the element. */
export function setText(element: HTMLElement, line: string | null): void {
  element.hidden = line === null;
  if (element.textContent !== (line ?? '')) element.textContent = line ?? '';
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** Cells are text or elements. A null cell has a class of its own, so it differs from the text `NULL`. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const kind = (i: number) => (columns[i]?.isNumber ? 'number' : null);
  return make(
    'table',
    {},
    make('caption', { class: 'hidden' }, caption),
    make(
      'thead',
      {},
      make('tr', {}, ...columns.map(({ title }, i) => make('th', { scope: 'col', class: kind(i) }, title))),
    ),
    make(
      'tbody',
      {},
      ...rows.map(row =>
        make(
          'tr',
          {},
          ...row.map((cell, i) =>
            cell === null ? make('td', { class: 'null' }, 'NULL') : make('td', { class: kind(i) }, cell),
          ),
        ),
      ),
    ),
  );
}

/** Replaces an element's content if `key` changed. An unchanged table keeps its selection and scroll position. */
export function updateContent(holder: HTMLElement, key: unknown, content: () => readonly Node[]): void {
  const text = JSON.stringify(key);
  if (holder.dataset.shown === text) return;
  holder.dataset.shown = text;
  holder.replaceChildren(...content());
}
