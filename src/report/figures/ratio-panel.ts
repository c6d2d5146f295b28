/** The last panel of the figure `bound`: predicted over measured t* of the dense network, by target. */
import { SYMBOL, targetSign } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { sizeAxis } from './axes.js';
import { distinct, type FigureOptions, values } from './figure.js';
import { type PredictedPanel, ratioAt, sizeTitle } from './predicted-panels.js';

export function ratioPanel(
  panels: readonly PredictedPanel[],
  { theme, columns, panelWidth }: FigureOptions,
  height: number,
): Spec {
  const rows = panels.flatMap(panel =>
    panel.sizes.flatMap(n => {
      const ratio = ratioAt(panel, n);
      return ratio === null ? [] : [{ n, ratio, target: targetSign(panel.target) }];
    }),
  );
  const sizes = distinct(panels.flatMap(panel => panel.sizes));
  const x = sizeAxis(sizes, panelWidth, sizeTitle(columns))('n');
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
