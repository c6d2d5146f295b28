import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { expandGrid } from '../../src/domain/grid.js';
import { checkAgainstData, readSweep } from '../../src/domain/sweep-file/parse.js';
import { ENGINE, identify } from './fixtures.js';

const folder = join(PACKAGE_ROOT, 'sweeps');
const sweep = (name: string) => readSweep(join(folder, `${name}.yaml`));
const values = (name: string, path: string) => sweep(name).axes.find(axis => axis.path === path)?.values;
const targets = (name: string) => sweep(name).thresholds.map(({ metric, value }) => `${metric} ${value}`);

describe('every sweep in sweeps/', () => {
  it.each(readdirSync(folder))(
    '%s is valid, named after its file, and points editors to the schema',
    file => {
      const spec = readSweep(join(folder, file));
      expect(`${spec.name}.yaml`).toBe(file);
      expect(readFileSync(join(folder, file), 'utf8')).toMatch(
        /^# yaml-language-server: \$schema=\.\.\/schema\/sweep\.schema\.json\n/,
      );
      expect(spec.thresholds.filter(({ primary }) => primary)).toHaveLength(1);
      expect(expandGrid(spec, identify, ENGINE).length).toBeGreaterThan(0);
      checkAgainstData(spec, ({ pool }) => ({ pool: pool ?? 60000, labels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }));
    },
  );
});

describe('mnist-small', () => {
  it('has the grid and the targets that its numbers are compared at', () => {
    expect(values('mnist-small', 'datasetSize')).toEqual([125, 250, 500, 1000, 2000, 4000, 8000, 15000]);
    expect(values('mnist-small', 'width')).toEqual([1000]);
    expect(values('mnist-small', 'subnetSize')).toEqual([50, 100, 200]);
    expect(values('mnist-small', 'seed')).toHaveLength(5);
    expect(values('mnist-small', 'pretrainIterations')!.slice(0, 4)).toEqual([0, 5, 6, 7]);
    expect(values('mnist-small', 'pretrainIterations')!.at(-1)).toBe(4000);
    expect(sweep('mnist-small').thresholds.find(({ primary }) => primary)).toMatchObject({
      metric: 'subnet_train_loss',
      value: 0.15,
    });
    expect(targets('mnist-small')).toEqual([
      ...[0.2, 0.15, 0.1, 0.07].map(loss => `subnet_train_loss ${loss}`),
      ...[0.9, 0.95, 0.97, 0.98].map(accuracy => `subnet_train_accuracy ${accuracy}`),
      ...[0.2, 0.15, 0.1, 0.07].map(loss => `dense_train_loss ${loss}`),
    ]);
  });
});

describe('mnist-paper', () => {
  const PUBLISHED_SIZES = [1000, ...Array.from({ length: 10 }, (_, i) => 5000 * (i + 1))];

  it('is the published protocol', () => {
    const { settings, thresholds } = sweep('mnist-paper');
    expect(settings).toMatchObject({
      inputs: { scaling: 'normalised' },
      network: { scaling: 'ntk', initScale: 0.41 },
      train: { loss: 'logistic', batchSize: 128, momentum: 0.9 },
      prune: { method: 'greedy', objective: 'brier', sampleSize: 128 },
    });
    expect(values('mnist-paper', 'datasetSize')).toEqual(PUBLISHED_SIZES);
    expect(values('mnist-paper', 'width')).toEqual([5000, 10000, 20000]);
    expect(values('mnist-paper', 'train.learningRate')).toEqual([0.015, 0.03, 0.006]);
    expect(values('mnist-paper', 'subnetSize')).toEqual([200]);
    expect(values('mnist-paper', 'seed')).toHaveLength(3);
    expect(values('mnist-paper', 'pretrainIterations')).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(t => t * 1000),
    );
    expect(thresholds.find(({ primary }) => primary)).toMatchObject({
      metric: 'subnet_train_accuracy',
      kind: 'published',
    });
  });

  it('prunes the same trajectories by exact selection in mnist-paper-selection', () => {
    const grid = (name: string) => expandGrid(sweep(name), identify, ENGINE);
    const exact = grid('mnist-paper-selection');
    expect(exact.map(({ id }) => id).sort()).toEqual(
      grid('mnist-paper')
        .map(({ id }) => id)
        .sort(),
    );
    const objectives = new Map<number, Set<string>>();
    for (const { config, checkpoints } of exact)
      for (const { objective, sampleSize } of checkpoints.flatMap(({ variants }) => variants)) {
        expect(sampleSize).toBeNull();
        const seen = objectives.get(config.width) ?? new Set();
        objectives.set(config.width, seen.add(objective!));
      }
    expect([...objectives]).toEqual([
      [5000, new Set(['squared', 'logistic'])],
      [10000, new Set(['squared'])],
      [20000, new Set(['squared'])],
    ]);
  });

  it('asks for verdicts in mnist-paper-exact: one rate, five seeds, nine sizes, losses', () => {
    const { settings, axes, thresholds } = sweep('mnist-paper-exact');
    const name = 'mnist-paper-exact';
    expect(settings.train).toMatchObject({ loss: 'squared', momentum: 0, learningRate: 0.1 });
    expect(settings.prune).toEqual({ method: 'greedy', objective: 'training-loss', sampleSize: null });
    expect(axes.map(({ path }) => path)).not.toContain('train.learningRate');
    const sizes = values(name, 'datasetSize') as number[];
    expect([sizes.length, sizes[0], sizes.at(-1)]).toEqual([9, 250, 60000]);
    expect(sizes.filter(n => n <= 15000)).toHaveLength(7);
    expect(values(name, 'width')).toEqual([1000, 5000, 10000]);
    expect(values(name, 'seed')).toHaveLength(5);
    expect(axes.find(({ path }) => path === 'pretrainIterations')!.refined).toBeDefined();
    expect(thresholds.every(({ metric }) => metric.endsWith('_train_loss'))).toBe(true);
  });
});

describe('digits-overnight', () => {
  it('doubles n from 250 to 64,000', () => {
    expect(values('digits-overnight', 'datasetSize')).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(j => 250 * 2 ** j),
    );
    expect(values('digits-overnight', 'seed')).toHaveLength(10);
    expect(values('digits-overnight', 'pretrainIterations')!.at(-1)).toBe(12000);
  });
});

describe('digits-decades', () => {
  it('takes ten seeds at ten sizes to n = 1,000,000, from a pool four times as large', () => {
    const sizes = values('digits-decades', 'datasetSize') as number[];
    expect([sizes.length, sizes[0], sizes.at(-1)]).toEqual([10, 250, 1_000_000]);
    expect(values('digits-decades', 'seed')).toHaveLength(10);
    expect(sweep('digits-decades').settings.dataset).toMatchObject({ name: 'digits', pool: 4_000_000 });
  });
});
