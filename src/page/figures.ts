/** The figures and the choice of their curves. Vega interprets its expressions (`ast`) and generates no code. */
import { parse, type Spec, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Drawing, Figures as Shown } from '../serve/messages.js';
import type { Choice } from '../slice/selection.js';
import { find, make, setText, table, updateContent } from './dom.js';
import { counted, whole } from './format.js';
import { showTooltip } from './tooltip.js';

const NAMES: Readonly<Record<string, string>> = {
  sweep: 'sweep',
  set: 'measured on',
  metric: 'thresholds of',
  width: 'width N',
  subnet_size: 'subnetwork size k',
};
/** From this page width on, figures are two columns of a paper wide. */
const WIDE = window.matchMedia('(min-width: 780px)');

export class Figures {
  private readonly chosen = new Map<string, string>();
  private readonly drawn = new Map<string, Drawn>();
  private latest: Shown | null = null;

  constructor(private readonly request: (params: URLSearchParams) => void) {
    find('choices').addEventListener('change', ({ target }) => {
      const { name, value } = target as HTMLSelectElement;
      // Choices of one sweep do not apply to another.
      if (name === 'sweep') this.chosen.clear();
      this.chosen.set(name, value);
      this.request(this.params());
    });
    find('choices').addEventListener('submit', event => event.preventDefault());
    WIDE.addEventListener('change', () => this.request(this.params()));
    // A figure under the pointer is not updated until the pointer leaves.
    find('figure-list').addEventListener('pointerleave', () => this.draw());
  }

  params(): URLSearchParams {
    return new URLSearchParams([...this.chosen, ['columns', WIDE.matches ? '2' : '1']]);
  }

  show(figures: Shown): void {
    this.latest = figures;
    find('figures').hidden = figures.drawings.length === 0;
    updateContent(find('choices'), figures.choices, () => figures.choices.map(select));
    setText(find('figures-note'), noteOn(figures));
    find('verdicts').hidden = figures.verdicts.length === 0;
    updateContent(find('verdicts'), figures.verdicts, () =>
      figures.verdicts.map(({ criterion, sentence }) =>
        make('li', {}, make('strong', {}, criterion), `: ${sentence}`),
      ),
    );
    this.draw();
  }

  private draw(): void {
    const holder = find('figure-list');
    for (const drawing of this.latest?.drawings ?? []) {
      let drawn = this.drawn.get(drawing.name);
      if (!drawn) {
        drawn = new Drawn();
        this.drawn.set(drawing.name, drawn);
        holder.append(drawn.element);
      }
      drawn.update(drawing);
    }
  }
}

function noteOn({ members, complete, read }: Shown): string | null {
  if (members === 0) return null;
  if (read < members) return `reading ${whole(read)} of ${counted(members, 'curve')}`;
  return `${whole(complete)} of ${counted(members, 'curve')} whole; thresholds are those of whole curves`;
}

function select({ name, options, chosen }: Choice): HTMLElement {
  const entries = options.map(option =>
    make('option', { value: option, selected: option === chosen }, option),
  );
  return make('label', {}, make('span', {}, NAMES[name] ?? name), make('select', { name }, ...entries));
}

/** One figure on the page. */
class Drawn {
  private readonly title = make('h3', {});
  private readonly plot = make('div', { class: 'plot', role: 'img' });
  private readonly caption = make('figcaption', { class: 'more' });
  private readonly data = make('div', { class: 'scroll' });
  readonly element = make(
    'figure',
    { class: 'card' },
    this.title,
    this.plot,
    this.caption,
    make('details', {}, make('summary', {}, 'data'), this.data),
  );
  private view: View | null = null;
  private shown = '';

  update(drawing: Drawing): void {
    const text = JSON.stringify(drawing);
    if (text === this.shown || (this.shown !== '' && isPointedAt(this.element))) return;
    this.shown = text;
    const { title, caption, spec, table: data } = drawing;
    setText(this.title, title);
    setText(this.caption, caption);
    this.plot.setAttribute('aria-label', `${title}. ${caption}`);
    updateContent(this.data, data, () => [
      table(
        title,
        data.head.map((name, i) => ({
          title: name,
          isNumber: data.rows.some(row => typeof row[i] === 'number'),
        })),
        data.rows.map(row => row.map(cell => (typeof cell === 'number' ? shortened(cell) : (cell ?? '–')))),
      ),
      ...(data.leftOut > 0
        ? [make('p', { class: 'more' }, `and ${counted(data.leftOut, 'more row')}: see SQL below`)]
        : []),
    ]);
    this.view?.finalize();
    this.view = null;
    if (spec === null) this.plot.replaceChildren(make('p', { class: 'empty' }, 'Nothing to draw yet.'));
    else void this.paint(spec);
  }

  private async paint(spec: object): Promise<void> {
    const holder = make('div', {});
    const { spec: vega } = compile(spec as TopLevelSpec);
    const view = new View(parse(vega as Spec, undefined, { ast: true }), {
      renderer: 'svg',
      container: holder,
      expr: expressionInterpreter,
      hover: true,
    });
    this.view = view;
    view.tooltip(showTooltip);
    await view.runAsync();
    if (this.view === view) this.plot.replaceChildren(holder);
  }
}

const isPointedAt = (element: HTMLElement): boolean =>
  window.matchMedia('(hover: hover)').matches && element.querySelector('.plot')?.matches(':hover') === true;

const shortened = (value: number): string =>
  Number.isInteger(value) ? whole(value) : String(Number(value.toPrecision(5)));
