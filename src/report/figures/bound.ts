/** Figure: the published kind of bound and the kernel's prediction, over what was measured. */
import type { PredictedPoint } from '../../store/read/predictions.js';
import { SYMBOL, targetSign } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { logTimeAxis, sizeAxis } from './axes.js';
import { placeCrossings } from './crossings.js';
import { type Figure, type FigureData, type FigureOptions, values, zoom } from './figure.js';
import {
  meanAt,
  middleOf,
  type PredictedPanel,
  predictedPanels,
  ratioAt,
  sizeTitle,
} from './predicted-panels.js';
import { ratioPanel } from './ratio-panel.js';

const ACROSS = { 1: 1, 2: 3 } as const;

const SERIES = {
  subnet: 'measured, subnetwork',
  dense: 'measured, dense',
  kernel: 'kernel prediction',
  certificate: 'certificate',
  sharp: `${SYMBOL.lambda}₀ bound`,
  half: `${SYMBOL.lambda}₀ bound, half rate`,
} as const;

export const boundFigure: Figure = {
  name: 'bound',
  title: 'The bound, the kernel and what was measured',
  caption: data =>
    'Iterations until the training loss reaches a target, against data set size n, on two logarithmic axes, one panel for ' +
    'each target. Bars: measured, one for each seed (subnetwork filled, dense network hollow). Lines: what the kernel at ' +
    't = 0 predicts for the dense network (geometric mean over seeds); the bounds of its smallest eigenvalue lambda_0, ' +
    'with arrow heads where lambda_0 is only bounded, so that they are at least as high' +
    (hasCertificates(data) ? '; dashed: from when on greedy selection is certified to meet the target' : '') +
    '. Short grey lines: the slopes n and n² of Theorems 10 and 3 of arXiv 2108.00259v2, whose constants are unknown: ' +
    'their place means nothing. Last panel: predicted over measured t* of the dense network. The kernel predicts the ' +
    "dense network's loss, not the subnetwork's; where features move (gamma = 1) it is a reference, not a bound.",
  across: (data, columns) => Math.min(ACROSS[columns], predictedPanels(data).length + 1),
  spec,
  table: data => ({
    head: [
      'target',
      'n',
      'measured t*, subnetwork',
      'measured t*, dense',
      'kernel prediction',
      'certificate',
      'lambda_0 bound',
      'half rate',
      'lambda_0 exact',
      'kernel / dense',
    ],
    rows: predictedPanels(data).flatMap(panel =>
      panel.sizes.map(n => {
        const ratio = ratioAt(panel, n);
        return [
          `${panel.summed ? 'sum ' : ''}${targetSign(panel.target)}`,
          n,
          whole(meanAt(panel.subnet, n, middleOf)),
          whole(meanAt(panel.dense, n, middleOf)),
          whole(meanAt(panel.points, n, ({ predicted }) => predicted)),
          whole(meanAt(panel.points, n, ({ certified }) => certified)),
          whole(meanAt(panel.points, n, ({ sharp }) => sharp)),
          whole(meanAt(panel.points, n, ({ half }) => half)),
          exactnessAt(panel, n),
          ratio && Number(ratio.toFixed(3)),
        ];
      }),
    ),
  }),
};

const hasCertificates = ({ predictions }: FigureData): boolean =>
  predictions.some(({ certified }) => certified !== null && certified > 0);

const whole = (value: number | null): number | null => value && Math.round(value);
const isExactAt = ({ points }: PredictedPanel, n: number): boolean =>
  points.every(point => point.n !== n || point.isExact);
/** Null where nothing is predicted. */
function exactnessAt(panel: PredictedPanel, n: number): string | null {
  if (!panel.points.some(point => point.n === n)) return null;
  return isExactAt(panel, n) ? 'yes' : 'no: at least';
}

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const panels = predictedPanels(data);
  if (panels.length === 0) return null;
  const height = columns === 1 ? 200 : 190;
  const labels = Object.values(SERIES).filter(label => label !== SERIES.certificate || hasCertificates(data));
  const colours: Record<string, string> = {
    [SERIES.subnet]: theme.ink,
    [SERIES.dense]: theme.kinds[0]!,
    [SERIES.kernel]: theme.kinds[1]!,
    [SERIES.certificate]: theme.kinds[2]!,
    [SERIES.sharp]: theme.kinds[3]!,
    [SERIES.half]: theme.kinds[4]!,
  };
  const color: Spec = {
    field: 'series',
    type: 'nominal',
    scale: { domain: labels, range: labels.map(label => colours[label]) },
    legend: {
      title: null,
      orient: 'bottom',
      columns: columns === 1 ? 2 : 3,
      symbolType: 'stroke',
      symbolSize: 160,
    },
  };
  const across = Math.min(ACROSS[columns], panels.length + 1);
  const drawn = panels.map((panel, i) =>
    boundPanel(panel, { theme, columns, panelWidth }, { height, color, index: i, across }),
  );
  return {
    columns: across,
    spacing: columns === 1 ? 10 : 16,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared', stroke: 'independent' } },
    concat: [...drawn, ratioPanel(panels, { theme, columns, panelWidth }, height)],
  };
}

function boundPanel(
  panel: PredictedPanel,
  { theme, columns, panelWidth }: FigureOptions,
  { height, color, index, across }: { height: number; color: Spec; index: number; across: number },
): Spec {
  const { sizes, points, title } = panel;
  const lines = (
    [
      [SERIES.kernel, ({ predicted }) => predicted],
      [SERIES.certificate, ({ certified }) => certified],
      [SERIES.sharp, ({ sharp }) => sharp],
      [SERIES.half, ({ half }) => half],
    ] as const satisfies readonly (readonly [string, (point: PredictedPoint) => number | null])[]
  ).flatMap(([series, of]) =>
    sizes.flatMap(n => {
      const t = meanAt(points, n, of);
      return t === null ? [] : [{ n, t, series, isExact: isExactAt(panel, n) }];
    }),
  );
  const bars = [
    ...placeCrossings(panel.subnet).map(row => ({ ...row, series: SERIES.subnet })),
    ...placeCrossings(panel.dense).map(row => ({ ...row, series: SERIES.dense })),
  ];
  const all = [
    ...lines.map(({ t }) => t),
    ...bars.flatMap(({ at, lower, upper }) => [at, lower || at, upper ?? at]),
  ];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const isLeft = index % across === 0;
  const x = sizeAxis(sizes, panelWidth, sizeTitle(columns));
  const y = logTimeAxis(low, high, height, isLeft ? `${SYMBOL.tStar} (iterations)` : null);
  const isBound = `datum.series === '${SERIES.sharp}' || datum.series === '${SERIES.half}'`;
  const of = (label: string): Spec => ({ filter: `datum.series === '${label}'` });
  return {
    width: panelWidth,
    height,
    title: { text: title, fontSize: 10.5 },
    layer: [
      ...slopeGuides(sizes, low, high, x, y, theme.muted),
      {
        data: values(lines),
        transform: [{ filter: `datum.series !== '${SERIES.certificate}'` }],
        params: [...zoom(`zoom_bound_${index}`, columns)],
        mark: { type: 'line', clip: true, strokeWidth: 1.5 },
        encoding: { x: x('n'), y: y('t'), color },
      },
      {
        data: values(lines),
        transform: [of(SERIES.certificate)],
        mark: { type: 'line', clip: true, strokeWidth: 1.4, strokeDash: [5, 3] },
        encoding: { x: x('n'), y: y('t'), color },
      },
      {
        data: values(lines),
        transform: [{ filter: `(${isBound}) && !datum.isExact` }],
        mark: { type: 'point', filled: false, shape: 'triangle-up', size: 34, strokeWidth: 1.1 },
        encoding: { x: x('n'), y: y('t'), color },
      },
      {
        data: values(bars),
        layer: [
          {
            transform: [{ filter: `datum.censoring === 'interval'` }],
            mark: { type: 'rule', clip: true, strokeWidth: 0.9, opacity: 0.6 },
            encoding: { x: x('x'), y: y('lower'), y2: { field: 'upper' }, color },
          },
          ...([SERIES.subnet, SERIES.dense] as const).map(series => ({
            transform: [of(series), { filter: `datum.censoring !== 'unreachable'` }],
            mark: { type: 'point', clip: true, filled: series === SERIES.subnet, size: 9, strokeWidth: 0.9 },
            encoding: {
              x: x('x'),
              y: y('at'),
              color,
              tooltip: [
                { field: 'series', title: 'network' },
                { field: 'n', title: 'n', format: ',' },
                { field: 'seed', title: 'seed' },
                { field: 'shown', title: 't*' },
              ],
            },
          })),
        ],
      },
    ],
  };
}

/** Lines of slopes 1 and 2 in the lower right corner, where nothing else is: only their slope means anything. */
function slopeGuides(
  sizes: readonly number[],
  low: number,
  high: number,
  x: (field: string) => Spec,
  y: (field: string) => Spec,
  colour: string,
): Spec[] {
  const [smallest, largest] = [sizes[0]!, sizes.at(-1)!];
  // The labels stand to the right of the lines.
  const last = largest * (smallest / largest) ** 0.1;
  const first = last / Math.min(3, last / smallest);
  const run = last / first;
  const base = low * (high / low) ** 0.03;
  const guides = [
    { label: `${SYMBOL.n}`, power: 1 },
    { label: `${SYMBOL.n}²`, power: 2 },
  ].filter(({ power }) => base * run ** power <= high);
  return guides.flatMap(({ label, power }) => [
    {
      data: values([
        { n: first, t: base },
        { n: last, t: base * run ** power },
      ]),
      mark: { type: 'line', clip: true, strokeWidth: 1, color: colour },
      encoding: { x: x('n'), y: y('t') },
    },
    {
      data: values([{ n: last, t: base * run ** power, label }]),
      mark: { type: 'text', align: 'left', dx: 2, fontSize: 9.5, color: colour },
      encoding: { x: x('n'), y: y('t'), text: { field: 'label' } },
    },
  ]);
}
