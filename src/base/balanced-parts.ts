/** Splits work into parts of about equal cost. */

export interface BalancedItem {
  /** Unique. */
  readonly id: string;
  readonly cost: number;
}

interface Part {
  cost: number;
  items: BalancedItem[];
}

/** Exchanges end where the dearest part is within this factor of the mean, and after this many. */
const NEAR = 1.005;
const MOST_EXCHANGES = 200;

/**
 * Gives each item, the dearest first, to the part that is cheapest so far. Then the dearest part gives an item away, or
 * exchanges one for a cheaper one, while that makes the dearer of the two parts cheaper.
 *
 * A function of ids and costs alone: the order of the items has no effect.
 */
export function balancedParts(items: readonly BalancedItem[], count: number): readonly BalancedItem[][] {
  const parts = Array.from({ length: count }, (): Part => ({ cost: 0, items: [] }));
  const dearestFirst = [...items].sort((a, b) => b.cost - a.cost || (a.id < b.id ? -1 : 1));
  for (const item of dearestFirst) {
    const cheapest = parts.reduce((best, part) => (part.cost < best.cost ? part : best));
    cheapest.cost += item.cost;
    cheapest.items.push(item);
  }
  const mean = parts.reduce((sum, { cost }) => sum + cost, 0) / count;
  for (let left = MOST_EXCHANGES; left > 0; left--) {
    const dearest = parts.reduce((best, part) => (part.cost > best.cost ? part : best));
    if (dearest.cost <= NEAR * mean || !exchange(dearest, parts)) break;
  }
  return parts.map(part => part.items);
}

/** Makes the exchange of `from` that leaves the dearer of the two parts cheapest. Returns false if there is none. */
function exchange(from: Part, parts: readonly Part[]): boolean {
  let best: { to: Part; given: BalancedItem; taken: BalancedItem | null } | null = null;
  let least = from.cost;
  for (const to of parts) {
    if (to === from) continue;
    for (const given of from.items) {
      for (const taken of [null, ...to.items]) {
        const moved = given.cost - (taken?.cost ?? 0);
        if (moved <= 0) continue;
        const after = Math.max(from.cost - moved, to.cost + moved);
        if (after >= least) continue;
        least = after;
        best = { to, given, taken };
      }
    }
  }
  if (!best) return false;
  const { to, given, taken } = best;
  move(given, from, to);
  if (taken) move(taken, to, from);
  return true;
}

function move(item: BalancedItem, from: Part, to: Part): void {
  from.items = from.items.filter(other => other !== item);
  to.items.push(item);
  from.cost -= item.cost;
  to.cost += item.cost;
}
