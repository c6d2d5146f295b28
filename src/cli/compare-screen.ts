/** Prints a comparison with a published table: for people, and as JSON. */

import { groupBy } from '../base/group-by.js';
import { counted } from '../base/units.js';
import type { WidthComparison } from '../compare/compare.js';
import type { DatabaseComparison } from '../compare/compare-database.js';
import type { Crossing } from '../compare/crossings.js';
import type { CellPlace } from '../compare/published-table.js';
import type { Summary } from '../compare/summary.js';
import { settingValueText } from '../domain/setting-value.js';
import { metricLabel } from '../report/style/text.js';
import { renderTable } from './output.js';

type Settings = Readonly<Record<string, unknown>>;

export function renderComparison(comparison: DatabaseComparison, csv: string, from: number | null): string {
  const { sweep, metric, settings, widths, missing } = comparison;
  const shared = sharedBy([...settings.values()]);
  const head = `${sweep} against ${csv}: ${metricLabel(metric.name)}${settingsText(shared)}\n`;
  const sections = widths.map(width => {
    const own = Object.entries(settings.get(width.width)!).filter(([path]) => !Object.hasOwn(shared, path));
    const seeds = comparison.cells.filter(cell => cell.width === width.width).map(cell => cell.seeds);
    const title = `N = ${number(width.width)}${settingsText(Object.fromEntries(own))}, means of ${seedsText(seeds)}`;
    return `\n${title}\n${renderWidth(width, from)}`;
  });
  return [
    head,
    ...sections,
    missingText('in the table, not in the sweep', missing.ours),
    missingText('in the sweep, not in the table', missing.published),
  ].join('');
}

function renderWidth({ all, from, byT, thresholds }: WidthComparison, first: number | null): string {
  const differences = renderTable(
    ['t', 'cells', 'mean difference', 'median |difference|', 'worst', 'at n'],
    byT.map(row => [
      row.t,
      row.cells,
      signed(row.meanDifference!),
      digits(row.medianAbsolute!),
      digits(row.worstAbsolute!),
      row.worstAt!.n,
    ]),
  );
  const { sizes, largestSize, publishedLevel, level, compared, withinOneCheckpoint } = thresholds;
  const crossings = renderTable(
    ['n', 't* published', 't* ours', 't* of each seed'],
    sizes.map(({ n, published, ours, seeds }) => [
      n,
      crossingText(published),
      crossingText(ours),
      seeds.map(({ crossing }) => crossingText(crossing)).join(', '),
    ]),
  );
  const ours = level === null ? 'unknown: checkpoints of the table are missing there' : digits(level);
  const near = `at most one checkpoint apart at ${withinOneCheckpoint} of ${counted(compared, 'size')}`;
  return [
    `  ${summaryText(all)}\n`,
    from === null ? '' : `  t >= ${number(first!)}: ${summaryText(from)}\n`,
    differences,
    `t*: the first t that is as good as the best at n = ${number(largestSize)} (published ${digits(publishedLevel)}, ours ${ours})`,
    compared === 0 ? '\n' : `; ${near}\n`,
    crossings,
  ].join('');
}

function summaryText({ cells, medianAbsolute, worstAbsolute, worstAt, meanDifference }: Summary): string {
  if (worstAt === null) return 'no cells compared';
  return (
    `${counted(cells, 'cell')} compared: median |difference| ${digits(medianAbsolute!)}, worst ${digits(worstAbsolute!)} ` +
    `(n = ${number(worstAt.n)}, t = ${number(worstAt.t)}), mean difference ${signed(meanDifference!)}`
  );
}

const number = (value: number): string => value.toLocaleString('en-US');
const digits = (value: number): string => value.toFixed(4);
/** With its sign, unless it is 0 to these digits. */
const signed = (value: number): string => {
  const text = digits(Math.abs(value));
  return `${Number(text) === 0 ? '' : value < 0 ? '-' : '+'}${text}`;
};

/** `-` where it is not known. */
const crossingText = (crossing: Crossing | null): string =>
  crossing === null ? '-' : crossing.at === null ? 'never' : String(crossing.at);

const seedsText = (counts: readonly number[]): string => {
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return low === high ? counted(low, 'seed') : `${low} to ${counted(high, 'seed')}`;
};

const sharedBy = (all: readonly Settings[]): Settings =>
  Object.fromEntries(
    Object.entries(all[0] ?? {}).filter(([path, value]) =>
      all.every(one => Object.hasOwn(one, path) && JSON.stringify(one[path]) === JSON.stringify(value)),
    ),
  );

const settingsText = (settings: Settings): string =>
  Object.entries(settings)
    .map(([path, value]) => `, ${path} ${settingValueText(value)}`)
    .join('');

/** Lists checkpoints by width and n; sizes with the same checkpoints share a line. */
function missingText(what: string, places: readonly CellPlace[]): string {
  if (places.length === 0) return '';
  const lines = [...groupBy(places, ({ width }) => width)].flatMap(([width, atWidth]) => {
    const bySize = [...groupBy(atWidth, ({ n }) => n)].map(([n, cells]) => ({ n, times: timesText(cells) }));
    return [...groupBy(bySize, ({ times }) => times)].map(
      ([times, sizes]) =>
        `  N = ${number(width)}, n = ${sizes.map(({ n }) => number(n)).join(', ')}: t = ${times}\n`,
    );
  });
  return `\n${counted(places.length, 'cell')} ${what}:\n${lines.join('')}`;
}

/** At most nine checkpoints. */
function timesText(cells: readonly CellPlace[]): string {
  const times = cells.map(({ t }) => number(t));
  return times.length <= 9
    ? times.join(', ')
    : `${times.slice(0, 3).join(', ')} ... ${times.at(-1)} (${times.length})`;
}

/** The shape of `compare --json`, see docs/compare.md. */
export function comparisonJson(
  { sweep, metric, settings, widths, cells, missing }: DatabaseComparison,
  { db, table, from }: { readonly db: string; readonly table: string; readonly from: number | null },
): string {
  const result = {
    shape: 1,
    db,
    table,
    sweep,
    metric: metric.name,
    fromT: from,
    widths: widths.map(({ width, ...rest }) => ({ width, settings: settings.get(width), ...rest })),
    cells,
    missing,
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}
