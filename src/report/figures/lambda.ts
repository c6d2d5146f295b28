/** Figure: the likelihood profile of lambda for the primary target, and the intervals of lambda for all targets. */

import { findMetric } from '../../domain/metrics.js';
import { textWidth } from '../style/measure.js';
import { criterion, intervalText, SYMBOL, significant, targetSign } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { FONT_SIZE } from '../style/vega-config.js';
import { type Figure, type FigureData, type FigureOptions, values } from './figure.js';
import { firstGroups, groupsOfSlice, primaryGroup } from './groups.js';

/** Lower end of the profile, in nats below the maximum log-likelihood. A lambda below it is implausible. */
const LOWEST_DROP = -12;
const LAWS = [
  { lambda: -0.5, name: 'saturating' },
  { lambda: 0, name: 'logarithmic' },
  { lambda: 0.5, name: 'square root' },
  { lambda: 1, name: 'linear' },
] as const;

export const lambdaFigure: Figure = {
  name: 'lambda',
  title: 'Profile of lambda',
  caption: data => {
    const group = primaryGroup(data);
    const lambda = group?.lambda;
    const estimate = lambda
      ? ` For the primary target lambda is ${significant(lambda.value)}, 95% interval ${intervalText(lambda.interval95)}.`
      : '';
    return (
      `Above, the log-likelihood of the primary target at fixed lambda, less its maximum; lambda = 0 is the logarithmic law. ` +
      `Below, the estimate for every target with its 95% (thin) and 90% (thick) interval over seeds; a hollow point has no ` +
      `interval. Shaded: the margin of ${group?.margin ?? 0.25} around 0 within which growth counts as logarithmic.${estimate}`
    );
  },
  across: () => 1,
  spec,
  table: data => ({
    head: ['target', 'lambda', '95% from', 'to', '90% from', 'to', 'verdict'],
    rows: groupsOfSlice(data).flatMap(({ metric, target, lambda, verdict }) =>
      lambda
        ? [
            [
              criterion(metric, target),
              round(lambda.value),
              ...[lambda.interval95, lambda.interval90].flatMap(of =>
                of ? [round(of.low), round(of.high)] : [null, null],
              ),
              verdict.label,
            ],
          ]
        : [],
    ),
  }),
};

const round = (value: number): number => Number(value.toPrecision(4));

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const groups = firstGroups(groupsOfSlice(data).filter(({ lambda }) => lambda !== null));
  if (groups.length === 0) return null;
  const primary = primaryGroup(data);
  const profile = primary?.profile ?? null;
  const best = profile ? Math.max(...profile.logLikelihood) : 0;
  const curve = (profile?.lambda ?? []).map((lambda, i) => ({
    lambda,
    drop: profile!.logLikelihood[i]! - best,
  }));
  const plausible = curve.filter(({ drop }) => drop > LOWEST_DROP).map(({ lambda }) => lambda);
  const ends = groups.flatMap(({ lambda }) => [
    lambda!.value,
    ...(lambda!.interval95 ? [lambda!.interval95.low, lambda!.interval95.high] : []),
  ]);
  const low = Math.max(-3, Math.min(-0.7, ...ends, ...plausible) - 0.1);
  const high = Math.min(3, Math.max(1.2, ...ends, ...plausible) + 0.1);
  /** The names of the laws, 0.5 apart, do not fit next to each other. */
  const isTight = panelWidth / (high - low) < 2 * textWidth('square root', FONT_SIZE.label);
  const margin = primary?.margin ?? groups[0]!.margin;
  const x = (field: string, title: string | null): Spec => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [low, high], nice: false },
    axis: { tickCount: columns === 1 ? 6 : 10, format: '~g' },
  });
  const name = `${SYMBOL.lambda} (exponent of growth, no unit)`;
  const marginBand = (title: string | null): Spec => ({
    data: values([{ from: -margin, to: margin }]),
    mark: { type: 'rect', color: theme.shade, opacity: 0.18 },
    encoding: { x: x('from', title), x2: { field: 'to' } },
  });
  const laws = (title: string | null): Spec => ({
    data: values(LAWS.filter(({ lambda }) => lambda > low && lambda < high)),
    mark: { type: 'rule', strokeDash: [2, 3], strokeWidth: 1 },
    encoding: { x: x('lambda', title), color: { value: theme.muted } },
  });
  const labels = groups.map(({ metric, target }) => targetLabelOf(metric, target));
  const rows = groups.map(({ lambda, verdict, metric, target }, i) => ({
    label: labels[i],
    value: lambda!.value,
    low95: lambda!.interval95?.low ?? null,
    high95: lambda!.interval95?.high ?? null,
    low90: lambda!.interval90?.low ?? null,
    high90: lambda!.interval90?.high ?? null,
    known: lambda!.interval95 !== null,
    verdict: verdict.label,
    primary: metric === data.primary?.metric && target === data.primary.target,
  }));
  const color: Spec = { condition: { test: 'datum.primary', value: theme.kinds[1] }, value: theme.kinds[0] };
  const y: Spec = {
    field: 'label',
    type: 'nominal',
    sort: null,
    scale: { domain: labels },
    title: null,
    axis: { ticks: false, domain: false, grid: false, labelColor: theme.ink, labelLimit: 0, minExtent: 40 },
  };
  const identified = { filter: 'datum.known' };
  const drop = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: 'log-likelihood (nats)',
    scale: { domain: [LOWEST_DROP, 0.5], nice: false },
    axis: { tickCount: 5, format: '~g' },
  });
  const profilePanel: Spec = {
    width: panelWidth,
    height: columns === 1 ? 130 : 170,
    layer: [
      marginBand(null),
      laws(null),
      {
        data: values(LAWS.filter(({ lambda }) => lambda > low && lambda < high)),
        mark: {
          type: 'text',
          baseline: 'bottom',
          dy: -4,
          fontSize: 9.5,
          ...(isTight ? { angle: 330, align: 'left' } : {}),
        },
        encoding: {
          x: x('lambda', null),
          y: { value: 0 },
          text: { field: 'name' },
          color: { value: theme.muted },
        },
      },
      {
        data: values(curve.filter(({ lambda }) => lambda >= low && lambda <= high)),
        mark: { type: 'line', clip: true, interpolate: 'monotone', strokeWidth: 1.8, color: theme.kinds[1] },
        encoding: {
          x: x('lambda', null),
          y: drop('drop'),
          tooltip: [
            { field: 'lambda', title: 'lambda', format: '.3f' },
            { field: 'drop', title: 'log-likelihood less maximum', format: '.3f' },
          ],
        },
      },
    ],
  };
  const forest: Spec = {
    width: panelWidth,
    height: { step: 17 },
    layer: [
      marginBand(name),
      laws(name),
      {
        data: values(rows),
        transform: [identified],
        mark: { type: 'rule', clip: true, strokeWidth: 1.2 },
        encoding: {
          x: x('low95', name),
          x2: { field: 'high95' },
          y,
          color,
        },
      },
      {
        data: values(rows),
        transform: [identified],
        mark: { type: 'rule', clip: true, strokeWidth: 3.6 },
        encoding: { x: x('low90', name), x2: { field: 'high90' }, y, color },
      },
      {
        data: values(rows),
        mark: { type: 'point', size: 42, strokeWidth: 1.4, opacity: 1 },
        encoding: {
          x: x('value', name),
          y,
          stroke: color,
          fill: {
            condition: [
              { test: '!datum.known', value: theme.surface },
              { test: 'datum.primary', value: theme.kinds[1] },
            ],
            value: theme.kinds[0],
          },
          tooltip: [
            { field: 'label', title: 'target' },
            { field: 'value', title: 'lambda', format: '.3f' },
            { field: 'low95', title: '95% from', format: '.3f' },
            { field: 'high95', title: 'to', format: '.3f' },
            { field: 'verdict', title: 'verdict' },
          ],
        },
      },
    ],
  };
  return {
    columns: 1,
    spacing: 12,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'independent' } },
    concat: curve.length > 0 ? [profilePanel, forest] : [forest],
  };
}

/** `loss ≤ 0.15`; names the set unless it is the training set. */
function targetLabelOf(metric: string, target: string): string {
  const info = findMetric(metric);
  if (!info) return `${metric} ${target}`;
  const set = info.set === 'train' ? '' : `${info.set} `;
  return `${set}${info.summed ? 'summed ' : ''}${info.quantity} ${targetSign(target)}`;
}
