/** The SQL box. */
import type { LiveState, Refusal, SqlAnswer } from '../serve/messages.js';
import { find, make, setText, table, updateContent } from './dom.js';
import { counted } from './format.js';

type Relation = LiveState['relations'][number];

const EXAMPLE = `SELECT dataset_size, target, count(*) AS curves, avg(upper) AS t_star
FROM thresholds
GROUP BY 1, 2 ORDER BY 1, 2`;

let running: AbortController | null = null;

export function startSql(): void {
  const statement = find<HTMLTextAreaElement>('statement');
  statement.value = EXAMPLE;
  find('query').addEventListener('submit', event => {
    event.preventDefault();
    void run(statement.value);
  });
  statement.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void run(statement.value);
  });
  find('cancel').addEventListener('click', () => running?.abort());
}

/** The views that most people want, listed first. */
const FIRST = ['results', 'progress', 'thresholds', 'verdicts', 'fits'];

/** Shows views as buttons that fill in and run a statement; columns and tables are in a fold. */
export function showRelations(relations: readonly Relation[]): void {
  const place = ({ name }: Relation) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const views = relations.filter(({ type }) => type === 'view').sort((a, b) => place(a) - place(b));
  updateContent(find('relations'), relations, () => [
    ...views.map(button),
    make('details', {}, make('summary', {}, 'columns'), make('dl', {}, ...relations.map(described))),
  ]);
}

function button({ name }: Relation): HTMLElement {
  const element = make('button', { type: 'button', class: 'chip' }, name);
  element.addEventListener('click', () => {
    const sql = `SELECT * FROM "${name.replaceAll('"', '""')}" LIMIT 100`;
    find<HTMLTextAreaElement>('statement').value = sql;
    void run(sql);
  });
  return element;
}

const described = ({ name, type, columns }: Relation): HTMLElement =>
  make(
    'div',
    {},
    make('dt', {}, name, type === 'table' ? ' (table)' : ''),
    make('dd', {}, columns.join(', ')),
  );

async function run(sql: string): Promise<void> {
  running?.abort();
  const own = new AbortController();
  running = own;
  find('cancel').hidden = false;
  note('running', 'plain');
  try {
    const response = await fetch('/sql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sql }),
      signal: own.signal,
    });
    const answer = (await response.json()) as SqlAnswer | Refusal;
    if (running !== own) return;
    if ('error' in answer) note(answer.error, 'bad');
    else showAnswer(answer);
  } catch {
    if (running === own) note(own.signal.aborted ? 'cancelled' : 'the server cannot be reached', 'bad');
  } finally {
    if (running === own) {
      running = null;
      find('cancel').hidden = true;
    }
  }
}

function showAnswer({ columns, rows, cut, milliseconds }: SqlAnswer): void {
  const numbers = columns.map((_, i) => rows.some(row => typeof row[i] === 'number'));
  const described = columns.map((title, i) => ({ title, isNumber: numbers[i]! }));
  find('answer').replaceChildren(table('Rows', described, rows));
  note(`${counted(rows.length, 'row')} in ${milliseconds} ms${cut ? `: ${cut}` : ''}`, 'plain');
}

function note(line: string, kind: 'plain' | 'bad'): void {
  const element = find('answer-note');
  element.dataset.kind = kind;
  setText(element, line);
  if (kind === 'bad') find('answer').replaceChildren();
}
