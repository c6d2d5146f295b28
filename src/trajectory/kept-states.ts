/** States that a trajectory has passed, to go back to without training again. */
import { crc32 } from 'node:zlib';
import type { NetworkState } from '../engine/engine.js';

export interface KeptState {
  readonly t: number;
  readonly state: NetworkState;
}

export class KeptStates {
  /** By t, ascending. */
  private readonly kept: KeptState[] = [];
  /** Of the states that were offered and are not kept. */
  private readonly checksums = new Map<number, number>();
  private unused: NetworkState | null = null;

  /** @param capacity the largest number of states to keep. */
  constructor(private readonly capacity: number) {}

  /** The last state at or before iteration t; null where that is the initial one. */
  nearest(t: number): KeptState | null {
    return this.kept.findLast(each => each.t <= t) ?? null;
  }

  /** A state whose arrays may be written; null without one. It is handed out once. */
  spare(): NetworkState | null {
    const { unused } = this;
    this.unused = null;
    return unused;
  }

  /**
   * Keeps a state if it is worth more than another: one is worth the training from the state before it, which is what it
   * saves. Iteration 0 is free.
   */
  keep(t: number, state: NetworkState): void {
    const at = this.kept.findIndex(each => each.t >= t);
    if (this.kept[at]?.t === t) {
      this.unused = state;
      return;
    }
    this.kept.splice(at < 0 ? this.kept.length : at, 0, { t, state });
    if (this.kept.length <= this.capacity) return;
    let least = 0;
    for (let i = 1; i < this.kept.length; i++) if (this.worth(i) < this.worth(least)) least = i;
    for (const dropped of this.kept.splice(least, 1)) {
      if (!this.checksums.has(dropped.t)) this.checksums.set(dropped.t, checksum(dropped.state));
      this.unused = dropped.state;
    }
  }

  /** Whether a state at t was offered before with other bits. The first one counts. */
  differs(t: number, state: NetworkState): boolean {
    const kept = this.kept.find(each => each.t === t);
    const first = kept ? checksum(kept.state) : this.checksums.get(t);
    return first !== undefined && first !== checksum(state);
  }

  private worth(i: number): number {
    return this.kept[i]!.t - (i > 0 ? this.kept[i - 1]!.t : 0);
  }
}

function checksum({ weights, signs, weightVelocity, signVelocity }: NetworkState): number {
  return [weights, signs, weightVelocity, signVelocity].reduce(
    (sum, array) =>
      array ? crc32(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), sum) : sum,
    0,
  );
}
