import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadDataset } from '../../src/data/dataset.js';
import { parseSweep } from '../../src/domain/sweep-file/parse.js';
import { loadData } from '../../src/run/load-data.js';
import { prepareSweep } from '../../src/run/prepare.js';
import { plainSweep } from '../support/small-sweeps.js';

const warnings: Error[] = [];
const note = (warning: Error) => warnings.push(warning);
beforeEach(() => {
  warnings.length = 0;
  process.on('warning', note);
});
afterEach(() => {
  process.off('warning', note);
});

const prepared = () =>
  prepareSweep(
    parseSweep(JSON.stringify(plainSweep({ dataset: { name: 'digits', pool: 30_500, test: 2_500 } }))),
  );

it('draws the same digits on one thread and on several, with any number of ranges', async () => {
  const sweep = await prepared();
  const [dataset] = [...(await loadData(sweep, 2, new AbortController().signal)).values()];
  const [data] = [...sweep.data.values()];
  const expected = loadDataset(data!.settings);
  for (const set of ['pool', 'test'] as const) {
    // toEqual would compare millions of bytes one by one.
    expect(Buffer.compare(dataset![set].images, expected[set].images)).toBe(0);
    expect(Buffer.compare(dataset![set].labels, expected[set].labels)).toBe(0);
  }
  expect(warnings).toEqual([]);
});

it('rejects when it is aborted', async () => {
  const controller = new AbortController();
  const loading = loadData(await prepared(), 2, controller.signal);
  setTimeout(() => controller.abort(), 20);
  await expect(loading).rejects.toThrow();
  expect(warnings).toEqual([]);
});
