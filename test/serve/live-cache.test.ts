/** The cached state agrees with SQL over the whole database. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { refreshThresholds } from '../../src/analysis/thresholds.js';
import { atOnce } from '../../src/base/steps.js';
import { readReport } from '../../src/report/read-report.js';
import { LiveCache, type View } from '../../src/serve/live-cache.js';
import { LiveReader } from '../../src/store/read/live-reader.js';
import type { Reader } from '../../src/store/read/reader.js';
import { Store } from '../../src/store/write/store.js';
import { THRESHOLD_VERSION } from '../../src/threshold/version.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  greedy,
  planned,
  random,
  sweep,
  temporaryFolders,
} from '../store/fixtures.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

const folder = temporaryFolders();

function viewOf(memory: LiveCache, live: LiveReader, params: Record<string, string> = {}): View {
  expect(atOnce(memory.update(live))).toBe(true);
  const view = atOnce(memory.select(live, params, null))!;
  atOnce(view.slice.refresh(live));
  return view;
}

describe('the figures of a run', () => {
  let work: Workplace;
  let live: LiveReader;
  beforeAll(async () => {
    work = new Workplace();
    const file = work.sweep(
      plainSweep({
        name: 'figures',
        prune: { method: ['greedy', 'random'] },
        axes: { width: [12, 24], pretrainIterations: { from: 2, to: 60, ratio: 1.5 } },
        thresholds: [
          { metric: 'subnet_train_loss', atMost: 0.35 },
          { metric: 'dense_train_loss_sum', atMost: 18 },
          { metric: 'subnet_train_loss', withinDense: 0.2 },
          { metric: 'subnet_test_accuracy', published: true },
        ],
      }),
    );
    expect((await work.run('run', file)).code).toBe(0);
    live = new LiveReader(work.path('results/figures.sqlite'));
  });
  afterAll(() => {
    live.close();
    work.remove();
  });

  it('are those of the report', async () => {
    const { slice, selection } = viewOf(new LiveCache(), live);
    const { curves, crossings } = slice.contents();
    const { figures: data } = await readReport(live.reader, live.reader.sweeps()[0]!);
    expect(selection).toMatchObject({ set: data.set, target: data.primary });
    const placed = <T extends object>(points: readonly T[]) => {
      const place = (point: T) =>
        JSON.stringify(
          Object.entries(point)
            .filter(([, one]) => typeof one !== 'object')
            .sort(),
        );
      return [...points].sort((one, other) => (place(one) < place(other) ? -1 : 1));
    };
    const rounded = (points: readonly object[]) =>
      JSON.parse(JSON.stringify(points), (_, one) =>
        typeof one === 'number' ? Number(one.toPrecision(6)) : one,
      );
    expect(rounded(placed(curves))).toEqual(rounded(placed(data.curves)));
    expect(placed(crossings)).toEqual(placed(data.crossings));
    expect(crossings.length).toBeGreaterThan(20);
    expect(crossings.some(({ target }) => target === 'published')).toBe(true);

    const valid = vi.spyOn(LiveReader.prototype, 'validThresholds').mockReturnValue(null);
    const computed = viewOf(new LiveCache(), live).slice.contents();
    expect(valid).toHaveBeenCalled();
    valid.mockRestore();
    expect(placed(computed.crossings)).toEqual(placed(crossings));
  });

  it('show the chosen slice', () => {
    const { selection, slice } = viewOf(new LiveCache(), live, {
      width: '12',
      subnet_size: '3',
      set: 'test',
    });
    expect(selection.choices.map(({ name, chosen }) => [name, chosen])).toEqual([
      ['metric', 'subnet_train_loss'],
      ['set', 'test'],
      ['width', '12'],
      ['subnet_size', '3'],
    ]);
    const greedyRow = slice
      .contents()
      .curves.find(({ network, n, t }) => network === 'greedy' && n === 40 && t === 60)!;
    const [row] = live.reader.rows<{ loss: number; seeds: number }>(
      `SELECT avg(subnet_test_loss) AS loss, count(*) AS seeds FROM results WHERE width = 12 AND subnet_size = 3
         AND prune_method = 'greedy' AND dataset_size = 40 AND pretrain_iterations = 60`,
      {},
    );
    expect(greedyRow.loss!.mean).toBeCloseTo(row!.loss, 5);
    expect(greedyRow.seeds).toBe(row!.seeds);
  });

  it('ignore choices that do not exist', () => {
    const plain = viewOf(new LiveCache(), live).selection;
    const unknown = {
      width: '13',
      subnet_size: '',
      set: 'dev',
      sweep: 'none',
      metric: '__proto__',
      constructor: 'x',
    };
    expect(viewOf(new LiveCache(), live, unknown).selection.choices).toEqual(plain.choices);
  });
});

it('counts agree with the view `progress` after every change', () => {
  const store = Store.open(`${folder()}/a.sqlite`);
  const memory = new LiveCache();
  const agree = () => {
    const live = new LiveReader(store.file);
    try {
      expect(atOnce(memory.update(live))).toBe(true);
      expect(memory.counts.progress(live)).toEqual(live.reader.progress());
      for (const ago of [0, 60_000])
        expect(live.cellsFinishedSince(Date.now() - ago)).toBe(sinceBy(live.reader, Date.now() - ago));
    } finally {
      live.close();
    }
  };
  agree();
  const plans = [0, 1, 2, 3].map(seed =>
    planned(`t${seed}`, [0, 5, 9], [greedy(3), random(3)], config(20, seed)),
  );
  store.saveSweep(sweep('one'), plans.slice(0, 3));
  agree();
  completeTrajectory(store, plans[0]!);
  agree();
  store.started('t1', ATTEMPT);
  store.rows('t1', checkpoint(0), [cell(0, greedy(3))]);
  store.flush();
  agree();
  store.rows('t1', checkpoint(5), [cell(5, greedy(3)), cell(5, random(3))]);
  store.finished('t1', { kind: 'failed', code: 'DIVERGED', message: 'not finite', stack: null });
  agree();
  // Another sweep shares cells. Then the first one evaluates more, and later contains less.
  store.saveSweep(sweep('two'), plans.slice(1));
  agree();
  completeTrajectory(store, plans[3]!);
  agree();
  store.saveSweep(
    sweep('one', { evaluate: { dense: ['train', 'pool'], subnet: ['train'] } }),
    plans.slice(0, 2),
  );
  agree();
  store.saveSweep(sweep('one'), plans.slice(2, 3));
  agree();
  completeTrajectory(store, plans[2]!);
  agree();
  store.close();
  agree();
});

const sinceBy = (reader: Reader, moment: number): number => reader.cellsFinishedSince(moment);

it('takes the thresholds that a run stores after its last curve', () => {
  const published = { metric: 'subnet_train_loss', kind: 'published', value: null, primary: true } as const;
  const store = Store.open(`${folder()}/late.sqlite`);
  const plans = [0, 1].map(seed => planned(`t${seed}`, [0, 5, 9], [greedy(3)], config(20, seed)));
  store.saveSweep(sweep('one', { thresholds: [published] }), plans);
  for (const plan of plans) completeTrajectory(store, plan);
  const cache = new LiveCache();
  const seen = () => {
    const live = new LiveReader(store.file);
    try {
      const { slice } = viewOf(cache, live);
      return { version: slice.version, crossings: slice.contents().crossings };
    } finally {
      live.close();
    }
  };
  const computed = seen();
  expect(computed.crossings).toHaveLength(2);
  expect(seen()).toEqual(computed);
  // Told apart from what would be computed.
  const data = store.toReader().thresholdData('one')!;
  const [row] = refreshThresholds(store, store.toReader().sweep('one')).rows;
  store.replaceThresholds('one', { rows: [row!], notes: [] }, { version: THRESHOLD_VERSION, data });
  const stored = seen();
  expect(stored.crossings).toHaveLength(1);
  expect(stored.version).toBeGreaterThan(computed.version);
  store.close();
});
