import { TooLargeError } from '../base/errors.js';
import { counted } from '../base/units.js';
import type { Engine, Problem } from './engine.js';
import { shapeOf } from './shape.js';

const GIB = 2 ** 30;

/** @throws TooLargeError (TOO_LARGE) for a problem that needs more memory than the engine's limit */
export function refuseTooLarge(
  { name, memoryBytes, memoryLimitBytes }: Pick<Engine, 'name' | 'memoryBytes' | 'memoryLimitBytes'>,
  problem: Problem,
): void {
  const bytes = memoryBytes(shapeOf(problem));
  if (bytes <= memoryLimitBytes) return;
  const { inputs, width } = problem;
  const size = `a network of width ${width} on ${counted(inputs.rows, 'sample')}`;
  throw new TooLargeError(
    `${size} needs ${(bytes / GIB).toFixed(1)} GiB, the engine "${name}" holds at most ${memoryLimitBytes / GIB} GiB`,
  );
}
