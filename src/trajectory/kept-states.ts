/** States that a trajectory has passed, to go back to without training again. */
import { createHash } from 'node:crypto';
import type { NetworkState } from '../engine/engine.js';

export interface KeptState {
  readonly t: number;
  readonly state: NetworkState;
}

export class KeptStates {
  /** By t, ascending. */
  private readonly kept: KeptState[] = [];
  /** Hashes of the states that were offered and are not kept. */
  private readonly hashes = new Map<number, string>();

  /** @param capacity the largest number of states to keep. */
  constructor(private readonly capacity: number) {}

  /** The last state at or before iteration t; null where that is the initial one. */
  nearest(t: number): KeptState | null {
    return this.kept.findLast(each => each.t <= t) ?? null;
  }

  /**
   * Keeps a state if it is worth more than another: one is worth the training from the state before it, which is what it
   * saves. Iteration 0 is free.
   */
  keep(t: number, state: NetworkState): void {
    const at = this.kept.findIndex(each => each.t >= t);
    if (this.kept[at]?.t === t) return;
    this.kept.splice(at < 0 ? this.kept.length : at, 0, { t, state });
    if (this.kept.length <= this.capacity) return;
    let least = 0;
    for (let i = 1; i < this.kept.length; i++) if (this.worth(i) < this.worth(least)) least = i;
    for (const dropped of this.kept.splice(least, 1))
      if (!this.hashes.has(dropped.t)) this.hashes.set(dropped.t, hashOf(dropped.state));
  }

  /** Whether a state at t was offered before with other bits. The first one counts. */
  differs(t: number, state: NetworkState): boolean {
    const kept = this.kept.find(each => each.t === t);
    const first = kept ? hashOf(kept.state) : this.hashes.get(t);
    return first !== undefined && first !== hashOf(state);
  }

  private worth(i: number): number {
    return this.kept[i]!.t - (i > 0 ? this.kept[i - 1]!.t : 0);
  }
}

function hashOf({ weights, signs, weightVelocity, signVelocity }: NetworkState): string {
  const hash = createHash('sha256');
  for (const array of [weights, signs, weightVelocity, signVelocity])
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}
