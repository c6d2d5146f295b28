/**
 * What the last pass of logistic selection says about later steps: S, T and F of every neuron (logistic-bounds.ts) at
 * the l'' and l''' of that pass. With w = l'' + floor there, W_q = sum w Phi_q^4 and now the present derivatives, by
 * Cauchy-Schwarz and |Phi_q| <= peak_q:
 *
 *   T_q(now)  >=  T_q - peak_q   |(l'''(now) - l''') / sqrt(w)| sqrt(W_q)
 *   F_q(now)  <=  F_q + peak_q^2 |max(l''(now) - l'', 0) / sqrt(w)| sqrt(W_q)
 */
import { LANES, paddedSamples } from './layout-parts.js';
import type { MemoryBlock } from './memory-block.js';

/** floor as a share of the mean of l''. */
const FLOOR = 1e-3;

export class LogisticReference {
  readonly #memories: readonly MemoryBlock[];
  readonly #second: Float32Array;
  readonly #third: Float32Array;
  /** 1 / w */
  readonly #inverse: Float32Array;
  /** sum Phi_q^4 */
  readonly #fourthPowers: Float64Array;
  #floor = 0;
  /** Whether a pass was made. */
  #taken = false;

  constructor(memories: readonly MemoryBlock[], width: number) {
    const { samples } = memories[0]!;
    this.#memories = memories;
    this.#second = new Float32Array(samples);
    this.#third = new Float32Array(samples);
    this.#inverse = new Float32Array(samples);
    this.#fourthPowers = new Float64Array(width);
  }

  /** l'' of the last pass at sample s, and its mean. */
  curvatureAt(s: number): number {
    return this.#second[s]!;
  }

  get meanCurvature(): number {
    return this.#floor / FLOOR;
  }

  get fourthPowers(): Float64Array {
    return this.#fourthPowers;
  }

  /** S and F of the memory block's neuron i in the last pass. */
  secondMoment(memory: MemoryBlock, i: number): number {
    return memory.f64[momentAddress(memory, i) + LANES]!;
  }

  fourthMoment(memory: MemoryBlock, i: number): number {
    return Math.max(0, memory.f64[momentAddress(memory, i) + 3 * LANES]!);
  }

  /** Takes over the derivatives that a pass was made at; its moments stay where they are. The first must be at z = 0. */
  take(): void {
    const { f32, layout, samples } = this.#memories[0]!;
    const second = layout.derivatives / 4 + paddedSamples(samples);
    const third = second + paddedSamples(samples);
    this.#second.set(f32.subarray(second, second + samples));
    this.#third.set(f32.subarray(third, third + samples));
    let sum = 0;
    for (let s = 0; s < samples; s++) sum += this.#second[s]!;
    this.#floor = (FLOOR * sum) / samples;
    for (let s = 0; s < samples; s++) this.#inverse[s] = 1 / (this.#second[s]! + this.#floor);
    if (this.#taken) return;
    this.#taken = true;
    // l'' is 1/4 at every sample.
    for (const memory of this.#memories)
      for (let i = 0; i < memory.width; i++)
        this.#fourthPowers[memory.first + i] = 4 * this.fourthMoment(memory, i);
  }

  /** The sizes of what changed since the last pass, as in the bounds above. */
  changes(): { third: number; rise: number } {
    const { f32, layout, samples } = this.#memories[0]!;
    const second = layout.derivatives / 4 + paddedSamples(samples);
    const third = second + paddedSamples(samples);
    const [heldSecond, heldThird, inverse] = [this.#second, this.#third, this.#inverse];
    let changes = 0;
    let rises = 0;
    for (let s = 0; s < samples; s++) {
      const rise = Math.max(0, f32[second + s]! - heldSecond[s]!);
      rises += rise * rise * inverse[s]!;
      const change = f32[third + s]! - heldThird[s]!;
      changes += change * change * inverse[s]!;
    }
    return { third: Math.sqrt(changes), rise: Math.sqrt(rises) };
  }

  /** sqrt(W_q) of the memory block's neuron i. */
  weight(memory: MemoryBlock, i: number): number {
    return Math.sqrt(this.fourthMoment(memory, i) + this.#floor * this.#fourthPowers[memory.first + i]!);
  }
}

/** The index of the neuron's first moment in f64; the others follow at distances of LANES. */
export function momentAddress({ layout }: MemoryBlock, i: number): number {
  const lane = i % LANES;
  return layout.moments / 8 + 4 * (i - lane) + lane;
}
