/** The script of a report: makes figures interactive as they scroll into view. Without it they stay static. */
import { changeset, parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import type { Packed } from '../report/page/packed.js';
import type { Toggle } from '../report/page/toggles.js';
import { make } from './dom.js';
import { showTooltip } from './tooltip.js';

type LiveFigure = Packed['figures'][number];

/** The breakpoint WIDE of report/page/style.ts. */
const WIDE = window.matchMedia('(min-width: 780px)');
/** Figures become interactive this far before they are visible. */
const ROOT_MARGIN = '600px';

async function readSpecs(): Promise<ReadonlyMap<string, LiveFigure>> {
  const packed = atob(document.getElementById('specs')!.textContent!);
  const bytes = Uint8Array.from(packed, one => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const { rows, figures } = (await new Response(stream).json()) as Packed;
  for (const { narrow, wide } of figures) {
    for (const data of [...(narrow.data ?? []), ...(wide.data ?? [])] as { values?: unknown }[]) {
      // Vega writes its own mark into the row objects, so each specification gets a copy.
      if (typeof data.values === 'number') data.values = structuredClone(rows[data.values]);
    }
  }
  return new Map(figures.map(figure => [figure.name, figure]));
}

class Plot {
  private view: View | null = null;
  private readonly tools = make('div', { class: 'tools' });
  private readonly picked = new Map<Toggle, Set<string | number>>();

  constructor(
    private readonly element: HTMLElement,
    private readonly figure: LiveFigure,
  ) {
    const toggles = JSON.parse(element.dataset.toggles ?? '[]') as Toggle[];
    for (const toggle of toggles) this.tools.append(...this.buttonsOf(toggle));
    const reset = make('button', { type: 'button' }, 'Reset view');
    reset.addEventListener('click', () => void this.draw());
    this.tools.append(reset, make('span', { class: 'more hint' }, 'Ctrl and the wheel zoom, dragging moves'));
    element.after(this.tools);
  }

  async draw(): Promise<void> {
    const holder = make('div', {});
    const { wide, narrow } = this.figure;
    const view = new View(parse(WIDE.matches ? wide : narrow, undefined, { ast: true }), {
      renderer: 'svg',
      container: holder,
      expr: expressionInterpreter,
      hover: true,
    });
    view.tooltip(showTooltip);
    await view.runAsync();
    this.view?.finalize();
    this.view = view;
    this.picked.clear();
    for (const button of this.tools.querySelectorAll('button[aria-pressed]'))
      button.setAttribute('aria-pressed', 'false');
    this.element.querySelector('.live')!.replaceChildren(holder);
    this.element.classList.add('drawn');
  }

  private buttonsOf(toggle: Toggle): HTMLElement[] {
    return toggle.values.map(value => {
      const text = typeof value === 'number' ? value.toLocaleString('en-US') : value;
      const button = make('button', { type: 'button', 'aria-pressed': 'false' }, text);
      button.addEventListener('click', () => {
        const chosen = this.picked.get(toggle) ?? new Set();
        this.picked.set(toggle, chosen);
        if (!chosen.delete(value)) chosen.add(value);
        button.setAttribute('aria-pressed', String(chosen.has(value)));
        void this.select(toggle, [...chosen]);
      });
      return button;
    });
  }

  /** Writes the same selection as a click on the legend. */
  private async select({ param, field }: Toggle, values: readonly (string | number)[]): Promise<void> {
    const rows = values.map(value => ({ unit: '', fields: [{ type: 'E', field }], values: [value] }));
    await this.view
      ?.change(
        `${param}_store`,
        changeset()
          .remove(() => true)
          .insert(rows),
      )
      .runAsync();
  }
}

async function start(): Promise<void> {
  const specs = await readSpecs();
  const plots = new Map<Element, Plot>();
  const drawn = new Set<Plot>();
  const watcher = new IntersectionObserver(
    entries => {
      for (const { isIntersecting, target } of entries) {
        const plot = plots.get(target);
        if (!isIntersecting || !plot || drawn.has(plot)) continue;
        drawn.add(plot);
        void plot.draw();
      }
    },
    { rootMargin: ROOT_MARGIN },
  );
  for (const element of document.querySelectorAll<HTMLElement>('[data-figure]')) {
    const figure = specs.get(element.dataset.figure!);
    if (!figure) continue;
    plots.set(element, new Plot(element, figure));
    watcher.observe(element);
  }
  WIDE.addEventListener('change', () => {
    for (const plot of drawn) void plot.draw();
  });
}

void start();
