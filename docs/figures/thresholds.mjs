/**
 * Draws docs/thresholds.svg: t* against data set size, on two logarithmic axes, from a finished sweep.
 *
 *   npx espalier run sweeps/mnist-small.yaml && node docs/figures/thresholds.mjs results/mnist-small.sqlite
 */
import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

const database = new Database(process.argv[2], { readonly: true });
const rows = database
  .prepare(
    `SELECT dataset_size, seed, target, upper FROM thresholds
     WHERE metric = 'subnet_train_loss' AND censoring IN ('interval', 'left') AND prune_method = 'greedy'
       AND subnet_size = (SELECT max(subnet_size) FROM thresholds)`,
  )
  .all();
const censored = database
  .prepare(
    `SELECT DISTINCT dataset_size, target FROM thresholds
     WHERE metric = 'subnet_train_loss' AND censoring NOT IN ('interval', 'left') AND prune_method = 'greedy'
       AND subnet_size = (SELECT max(subnet_size) FROM thresholds)`,
  )
  .all();

const x = {
  field: 'dataset_size',
  type: 'quantitative',
  scale: { type: 'log', nice: false, padding: 12 },
  title: 'data set size n',
};
const y = {
  type: 'quantitative',
  scale: { type: 'log', nice: false, padding: 12 },
  title: 'threshold t* (iterations)',
};
const color = {
  field: 'target',
  type: 'nominal',
  title: 'training loss',
  sort: { field: 'upper', order: 'descending' },
};
const isCensored = ({ dataset_size, target }) =>
  censored.some(other => other.dataset_size === dataset_size && other.target === target);

const specification = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  width: 460,
  height: 320,
  background: 'white',
  data: { values: rows.filter(row => !isCensored(row)) },
  layer: [
    {
      mark: { type: 'point', filled: true, opacity: 0.45, size: 22 },
      encoding: { x, y: { ...y, field: 'upper' }, color },
    },
    { mark: { type: 'line' }, encoding: { x, y: { ...y, field: 'upper', aggregate: 'median' }, color } },
  ],
  config: {
    font: 'sans-serif',
    axis: { grid: true, gridOpacity: 0.4 },
    legend: { symbolOpacity: 1, symbolType: 'stroke' },
  },
};
const view = new View(parse(compile(specification).spec), { renderer: 'none' });
writeFileSync(new URL('../thresholds.svg', import.meta.url), await view.toSVG());
