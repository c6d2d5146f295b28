/** Figure: the published kind of bound and the kernel's prediction, over what was measured. */
import { SYMBOL, targetSign } from '../style/text.js';
import { logSpan, sizeTicks, tickAxis } from '../style/ticks.js';
import type { Spec } from '../style/vega-config.js';
import { logTimeAxis, SIZE_AXIS_MARGIN, sizeAxis } from './axes.js';
import { placeCrossings } from './crossings.js';
import { distinct, type Figure, type FigureData, type FigureOptions, values, zoom } from './figure.js';
import { meanAt, middleOf, type PredictedPanel, predictedPanels } from './predicted-panels.js';

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
        const kernel = meanAt(panel.points, n, ({ predicted }) => predicted);
        const dense = measuredAt(panel.dense, n);
        return [
          `${panel.summed ? 'sum ' : ''}${targetSign(panel.target)}`,
          n,
          whole(measuredAt(panel.subnet, n)),
          whole(dense),
          whole(kernel),
          whole(meanAt(panel.points, n, ({ certified }) => certified)),
          whole(meanAt(panel.points, n, ({ sharp }) => sharp)),
          whole(meanAt(panel.points, n, ({ half }) => half)),
          isExactAt(panel, n) ? 'yes' : 'no: at least',
          kernel !== null && dense !== null ? Number((kernel / dense).toFixed(3)) : null,
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

/** The geometric mean over seeds of measured middles; null unless every seed has crossed. */
function measuredAt(rows: PredictedPanel['dense'], n: number): number | null {
  const middles = rows.filter(row => row.n === n).map(middleOf);
  if (middles.length === 0 || middles.includes(null)) return null;
  return Math.exp(middles.reduce<number>((sum, middle) => sum + Math.log(middle!), 0) / middles.length);
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
    ] as const satisfies readonly (readonly [string, Parameters<typeof meanAt>[2]])[]
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
  const x = sizeAxis(sizes, panelWidth, columns === 1 ? `size ${SYMBOL.n}` : `${SYMBOL.n} (samples)`);
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

/** Predicted over measured t* of the dense network, by target. */
function ratioPanel(
  panels: readonly PredictedPanel[],
  { theme, columns, panelWidth }: FigureOptions,
  height: number,
): Spec {
  const rows = panels.flatMap(panel =>
    panel.sizes.flatMap(n => {
      const kernel = meanAt(panel.points, n, ({ predicted }) => predicted);
      const dense = measuredAt(panel.dense, n);
      return kernel === null || dense === null
        ? []
        : [{ n, ratio: kernel / dense, target: targetSign(panel.target) }];
    }),
  );
  const sizes = distinct(panels.flatMap(panel => panel.sizes));
  const [low, high] = [sizes[0]! / SIZE_AXIS_MARGIN, sizes.at(-1)! * SIZE_AXIS_MARGIN];
  const x: Spec = {
    field: 'n',
    type: 'quantitative',
    title: columns === 1 ? `size ${SYMBOL.n}` : `${SYMBOL.n} (samples)`,
    scale: { type: 'log', domain: [low, high], nice: false },
    axis: tickAxis(sizeTicks(sizes, logSpan(low, high, panelWidth, 'across'))),
  };
  const highest = Math.max(1.1, ...rows.map(({ ratio }) => 1.05 * ratio));
  const y: Spec = {
    field: 'ratio',
    type: 'quantitative',
    title: `kernel / dense ${SYMBOL.tStar}`,
    scale: { domain: [0, highest], nice: false },
    axis: { tickCount: 5, format: '~g', minExtent: 34 },
  };
  const targets = panels.map(({ target }) => targetSign(target));
  const stroke: Spec = {
    field: 'target',
    type: 'nominal',
    sort: null,
    scale: { domain: targets, range: theme.ordered(targets.length) },
    legend: {
      title: null,
      orient: 'bottom',
      columns: columns === 1 ? 4 : 2,
      symbolType: 'stroke',
      symbolSize: 120,
    },
  };
  return {
    width: panelWidth,
    height,
    title: { text: 'predicted over measured, dense', fontSize: 10.5 },
    layer: [
      {
        data: values([{ at: 1 }]),
        mark: { type: 'rule', strokeWidth: 1, color: theme.muted, strokeDash: [2, 2] },
        encoding: { y: { ...y, field: 'at' } },
      },
      {
        data: values(rows),
        mark: { type: 'line', clip: true, strokeWidth: 1.4 },
        encoding: { x, y, stroke },
      },
      {
        data: values(rows),
        mark: { type: 'point', filled: false, size: 14, strokeWidth: 1.2 },
        encoding: {
          x,
          y,
          stroke,
          tooltip: [
            { field: 'target', title: 'target' },
            { field: 'n', title: 'n', format: ',' },
            { field: 'ratio', title: 'kernel / dense', format: '.3~g' },
          ],
        },
      },
    ],
  };
}
