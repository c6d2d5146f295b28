/** Exact products of the outputs of a few neurons, one pair at a time. */
import type { MemoryBlock } from './memory-block.js';
import { NeuronCache } from './neuron-cache.js';

/** Work of one sample of a product. */
const PRODUCT_WORK = 0.125;

export class ExactCandidates {
  readonly #memories: readonly MemoryBlock[];
  readonly #width: number;
  readonly #outputs: NeuronCache;
  /** <Phi_q, Phi_u> by key q * N + u, q <= u. */
  readonly #products = new Map<number, number>();

  constructor(memories: readonly MemoryBlock[], width: number) {
    this.#memories = memories;
    this.#width = width;
    const { candidates, candidateCapacity } = memories[0]!.layout;
    this.#outputs = new NeuronCache(memories, candidates, candidateCapacity);
  }

  /** False if the network is so small that exact products cost more than they save. */
  get isWorthwhile(): boolean {
    return this.#memories[0]!.layout.candidateCapacity > 0;
  }

  /** <Phi_q, Phi_u> */
  product(q: number, u: number): number {
    const pair = Math.min(q, u) * this.#width + Math.max(q, u);
    const cached = this.#products.get(pair);
    if (cached !== undefined) return cached;
    const { kernels, budget, samples } = this.#memories[0]!;
    const a = this.#outputs.addressOf(q);
    const product = kernels.dot(a, this.#outputs.addressOf(u), samples);
    budget.spend(PRODUCT_WORK * samples);
    this.#products.set(pair, product);
    return product;
  }
}
