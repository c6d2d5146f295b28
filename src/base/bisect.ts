/**
 * The last whole number for which a test holds, by halving. Up to it the test holds, beyond it does not.
 *
 * @param holds a number for which it holds, or the one before the first that is tried
 * @param fails a larger one for which it does not; neither is tried
 */
export function lastThatHolds(holds: number, fails: number, test: (value: number) => boolean): number {
  let low = holds;
  let high = fails;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (test(middle)) low = middle;
    else high = middle;
  }
  return low;
}
