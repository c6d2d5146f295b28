/**
 * Pins what the threshold code gives for fixed curves. Where this fails on purpose, raise THRESHOLD_VERSION and put the
 * new hash beside it: stored thresholds of earlier versions are then computed anew.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { CurveRow, ThresholdSpec } from '../../src/domain/types.js';
import { computeThresholds } from '../../src/threshold/targets.js';
import { THRESHOLD_VERSION } from '../../src/threshold/version.js';
import { config, curve } from './fixtures.js';

const GOLDEN = { version: 3, hash: '691497e960270aa4' };

const specs: ThresholdSpec[] = [
  { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true },
  { metric: 'subnet_train_loss_sum', kind: 'atMost', value: 40, primary: false },
  { metric: 'dense_train_loss', kind: 'atMost', value: 0.1, primary: false },
  { metric: 'subnet_test_accuracy', kind: 'atLeast', value: 0.9, primary: false },
  { metric: 'subnet_train_loss', kind: 'withinDense', value: 0.02, primary: false },
  { metric: 'subnet_test_accuracy', kind: 'published', value: null, primary: false },
];

const T = [0, 1, 2, 4, 6, 9, 14, 21, 32, 48, 72, 108, 162, 243, 365, 547];

/** Noise from whole numbers, the same on every machine. */
const noise = (i: number): number => ((i * 7919 + 104_729) % 1000) / 1000 - 0.5;

function* curves(): Generator<CurveRow> {
  for (const [c, datasetSize] of [100, 200, 400, 800].entries()) {
    for (const seed of [0, 1, 2]) {
      const rate = (c + 1) * 12;
      const value = (level: number, size: number) => (t: number) =>
        level + size * (rate / (rate + t)) + 0.08 * noise(31 * c + 7 * seed + t);
      yield* curve(config({ datasetSize, seed }), T, {
        subnet_train_loss: value(0.06, 0.4),
        dense_train_loss: value(0.05, 0.45),
        subnet_test_accuracy: value(0.95, -0.45),
      });
    }
  }
}

it('thresholds of fixed curves are those of THRESHOLD_VERSION', () => {
  const { rows, notes } = computeThresholds(specs, curves());
  expect(new Set(rows.map(row => row.censoring)).size).toBeGreaterThan(1);
  expect(rows.some(row => row.flagged)).toBe(true);
  // Without the sample size of none, so that the hash stays that of rows which had no such field.
  const entries = rows.map(({ sampleSize: _, ...row }) => Object.entries(row).sort());
  const text = JSON.stringify([entries, notes]);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  expect({ version: THRESHOLD_VERSION, hash }).toEqual(GOLDEN);
});
