/** Databases of curves that follow a known law, and the verdict that they must get. */
import { expect } from 'vitest';
import { RIGHT_VERDICT, type TrueLaw } from '../../src/design/truths.js';
import { VERDICTS } from '../../src/fit/index.js';
import { runInside } from '../support/inside.js';
import type { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

/** Enough sizes, seeds and checkpoints to decide; written as `known.yaml`. */
export const DECISIVE = plainSweep({
  name: 'known',
  dataset: { name: 'digits', pool: 200_000, test: 100 },
  axes: {
    datasetSize: [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000],
    seed: { count: 10 },
    pretrainIterations: { from: 5, to: 3000, ratio: 1.12 },
    subnetSize: 20,
  },
  evaluate: { dense: ['train'], subnet: ['train'] },
  thresholds: [
    { metric: 'subnet_train_loss', atMost: 0.15 },
    { metric: 'subnet_train_accuracy', atLeast: 0.95 },
  ],
});

/** What a command prints; it must succeed without a warning. */
export async function stdoutIn(work: Workplace, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runInside(work, ...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

export const rowsIn = async (work: Workplace, db: string, sql: string) =>
  JSON.parse(await stdoutIn(work, 'query', db, sql, '--format', 'json'));

/** Writes `<law>.sqlite` and fits it. */
export async function expectRightVerdict(work: Workplace, truth: TrueLaw): Promise<void> {
  const db = `${truth}.sqlite`;
  const written = await stdoutIn(work, 'design', 'known.yaml', '--write', db, '--law', truth);
  expect(written).toBe(`${db}: 4640 cells of 80 trajectories, simulated from ${truth}\n`);
  const words = VERDICTS[RIGHT_VERDICT[truth]];
  expect(await stdoutIn(work, 'fit', db)).toContain(words[0]!.toUpperCase() + words.slice(1));
  expect(await rowsIn(work, db, 'SELECT verdict, is_primary FROM verdicts ORDER BY 2')).toEqual([
    { verdict: words, is_primary: 0 },
    { verdict: words, is_primary: 1 },
  ]);
}
