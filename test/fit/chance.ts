/** What chance explains when a share of samples misses a bound. */

/** A share that comes by chance less than once in this many studies is taken for a fault. */
const ODDS = 200;

/** The least share of `count` samples that chance explains where the true one is `share`, between 0 and 1. */
export function leastShare(share: number, count: number): number {
  // In logarithms: the first terms of the binomial distribution are too small for a number.
  let logTerm = count * Math.log1p(-share);
  let below = Math.exp(logTerm);
  let hits = 0;
  for (; hits < count && below < 1 / ODDS; hits++) {
    logTerm += Math.log(((count - hits) / (hits + 1)) * (share / (1 - share)));
    below += Math.exp(logTerm);
  }
  return hits / count;
}
