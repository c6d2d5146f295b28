/** Decides which failures are worth another attempt. */

/** Failures that follow from the trajectory's own numbers or inputs, so that every attempt repeats them. */
const DETERMINISTIC: ReadonlySet<string> = new Set([
  'DIVERGED',
  'BAD_INPUT',
  'DATA_MISSING',
  'DATA_CORRUPT',
  'ENGINE_UNAVAILABLE',
  'BITS_DIFFER',
]);

/** Failures that other trajectories, running at the same time, may have caused. */
const MEMORY_SHORTAGE: ReadonlySet<string> = new Set(['OUT_OF_MEMORY', 'TOO_LARGE']);

/** How to retry a failed trajectory; null for no retry. `failures` includes this one. */
export function retryAfter(
  code: string,
  failures: number,
  limit: number,
): { readonly alone: boolean } | null {
  if (failures > limit || DETERMINISTIC.has(code)) return null;
  return { alone: MEMORY_SHORTAGE.has(code) };
}
