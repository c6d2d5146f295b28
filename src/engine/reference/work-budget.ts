/** Calls `pulse` regularly by counting work instead of reading a clock. */

/** Multiply-adds between two calls of `pulse`: less than 100 ms on any current machine. */
const SLICE = 20_000_000;

/** Records finished work (roughly, in multiply-adds) and calls `pulse` whenever a slice is full. */
export type SpendWork = (work: number) => void;

export function workBudget(pulse: () => void): SpendWork {
  let left = SLICE;
  return work => {
    left -= work;
    if (left > 0) return;
    left = SLICE;
    pulse();
  };
}
