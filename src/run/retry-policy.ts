/** Which failures are worth another attempt. */

/** What follows from the trajectory's own numbers or inputs, and would follow from them again. */
const HOPELESS: ReadonlySet<string> = new Set([
  'DIVERGED',
  'BAD_INPUT',
  'DATA_MISSING',
  'DATA_CORRUPT',
  'ENGINE_UNAVAILABLE',
]);

/** What may be due to what ran beside it. */
const CROWDED: ReadonlySet<string> = new Set(['OUT_OF_MEMORY', 'TOO_LARGE']);

/** How a failed trajectory is tried again; null: not at all. `failures` counts this one. */
export function retryAfter(
  code: string,
  failures: number,
  limit: number,
): { readonly alone: boolean } | null {
  if (failures > limit || HOPELESS.has(code)) return null;
  return { alone: CROWDED.has(code) };
}
