/** Compares results that were computed twice. */
import { createHash } from 'node:crypto';
import type { CellRow, CheckpointRow, TrajectoryTask } from '../domain/messages.js';
import type { SetMetrics, SetName } from '../domain/types.js';

/** The code of a trajectory that two machines computed differently. */
export const BITS_DIFFER = 'BITS_DIFFER';

/** @param first, second who computed it. */
export const differingBits = (t: number, first: string, second: string, column?: string): string =>
  `the numbers at iteration ${t} from ${first} and from ${second} differ${column ? ` (${column})` : ''}: ` +
  'one of the two computes wrongly';

/** A digest of every number that must not depend on who computes it: all but times and work. */
export function bitsOf(
  evaluate: TrajectoryTask['evaluate'],
  checkpoint: CheckpointRow,
  cells: readonly CellRow[],
): string {
  const numbers: number[] = [];
  const add = (metrics: SetMetrics | null, sets: readonly SetName[]) => {
    for (const set of sets)
      numbers.push(metrics?.[set]?.loss ?? NOTHING, metrics?.[set]?.accuracy ?? NOTHING);
  };
  add(checkpoint.dense, evaluate.dense);
  const { t, deadNeurons, etaLambdaMax, gatesChanged, neuronVariance } = checkpoint;
  numbers.push(t, deadNeurons, etaLambdaMax, gatesChanged ?? NOTHING, neuronVariance ?? NOTHING);
  for (const cell of cells) {
    add(cell.subnet, evaluate.subnet);
    add(cell.retrained, evaluate.subnet);
    numbers.push(cell.distinctNeurons, cell.certifiedLoss ?? NOTHING);
  }
  return createHash('sha1')
    .update(Float64Array.from(numbers, number => (Number.isNaN(number) ? Number.NaN : number)))
    .digest('base64');
}

/** Stands for what is not there. No metric and no count is negative infinity. */
const NOTHING = Number.NEGATIVE_INFINITY;
