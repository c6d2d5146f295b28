/** Rows that arrived over Redis: whether they are what was asked for, and their bits. */
import { createHash } from 'node:crypto';
import type { CellRow, CheckpointRow, CheckpointTask, TrajectoryTask } from '../../domain/messages.js';
import type { SetMetrics, SetName, Variant } from '../../domain/types.js';

type Evaluate = TrajectoryTask['evaluate'];

/** The cells that a checkpoint asks for, in its order; null where one is missing, or lacks a set. */
export function askedCells(
  { variants }: CheckpointTask,
  evaluate: Evaluate,
  checkpoint: CheckpointRow,
  cells: readonly CellRow[],
): CellRow[] | null {
  if (!has(checkpoint.dense, evaluate.dense)) return null;
  const byVariant = new Map(cells.map(cell => [keyOf(cell), cell]));
  const asked: CellRow[] = [];
  for (const variant of variants) {
    const cell = byVariant.get(keyOf(variant));
    if (!cell || cell.t !== checkpoint.t || !has(cell.subnet, evaluate.subnet)) return null;
    const isRetrained = variant.retrainIterations > 0;
    if (isRetrained !== (cell.retrained !== null)) return null;
    if (cell.retrained && !has(cell.retrained, evaluate.subnet)) return null;
    asked.push(cell);
  }
  return asked;
}

const has = (metrics: SetMetrics, sets: readonly SetName[]): boolean =>
  sets.every(set => metrics[set] !== undefined);

const keyOf = ({ method, objective, subnetSize, retrainIterations }: Variant): string =>
  `${method} ${objective} ${subnetSize} ${retrainIterations}`;

/** A digest of every number that must not depend on who computes it: all but times. */
export function bitsOf(evaluate: Evaluate, checkpoint: CheckpointRow, cells: readonly CellRow[]): string {
  const numbers: number[] = [];
  const add = (metrics: SetMetrics | null, sets: readonly SetName[]) => {
    for (const set of sets)
      numbers.push(metrics?.[set]?.loss ?? NOTHING, metrics?.[set]?.accuracy ?? NOTHING);
  };
  add(checkpoint.dense, evaluate.dense);
  numbers.push(checkpoint.t, checkpoint.deadNeurons, checkpoint.etaLambdaMax);
  for (const cell of cells) {
    add(cell.subnet, evaluate.subnet);
    add(cell.retrained, evaluate.subnet);
    numbers.push(cell.distinctNeurons, cell.activationPasses ?? NOTHING);
  }
  return createHash('sha1')
    .update(Float64Array.from(numbers, number => (Number.isNaN(number) ? Number.NaN : number)))
    .digest('base64');
}

/** Stands for what is not there. No metric and no count is negative infinity. */
const NOTHING = Number.NEGATIVE_INFINITY;
