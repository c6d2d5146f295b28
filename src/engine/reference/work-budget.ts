/** Multiply-adds between two calls of `pulse`: below 100 ms on any machine of this century. */
const SLICE = 20_000_000;

/** Tells how much work was just done (multiply-adds, roughly), and calls `pulse` whenever a slice is full. */
export type Spend = (work: number) => void;

export function workBudget(pulse: () => void): Spend {
  let left = SLICE;
  return work => {
    left -= work;
    if (left > 0) return;
    left = SLICE;
    pulse();
  };
}
