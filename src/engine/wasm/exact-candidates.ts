/**
 * Exact products of the outputs of a few neurons, one pair at a time. A neuron's outputs are 192 bytes apart in phi,
 * so they are copied into contiguous rows of the first memory block, a least recently used cache.
 */
import { type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';

/** Work of copying one distant output, and of one sample of a product. */
const COPY_WORK = 2;
const PRODUCT_WORK = 0.125;

export class ExactCandidates {
  readonly #memories: readonly MemoryBlock[];
  readonly #width: number;
  /** Address of each cached neuron's outputs, the least recently used first. */
  readonly #places = new Map<number, number>();
  /** <Phi_q, Phi_u> by key q * N + u, q <= u. */
  readonly #products = new Map<number, number>();

  constructor(memories: readonly MemoryBlock[], width: number) {
    this.#memories = memories;
    this.#width = width;
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
    const a = this.#addressOf(q);
    const product = kernels.dot(a, this.#addressOf(u), samples);
    budget.spend(PRODUCT_WORK * samples);
    this.#products.set(pair, product);
    return product;
  }

  /** The address of the neuron's outputs, f32 [n]. Valid at least until the call after next. */
  #addressOf(neuron: number): number {
    const place = this.#places.get(neuron) ?? this.#copy(neuron);
    this.#places.delete(neuron);
    this.#places.set(neuron, place);
    return place;
  }

  #copy(neuron: number): number {
    const home = this.#memories[0]!;
    const owner = memoryOf(this.#memories, neuron);
    const { kernels, layout, f32, first, budget, samples } = owner;
    const place = this.#makeRoom();
    const phi = neuronAddress(layout.phi, neuron - first, samples);
    if (owner === home) kernels.copyNeuron(phi, samples, place);
    else {
      const values = layout.values / 4;
      kernels.copyNeuron(phi, samples, layout.values);
      home.f32.set(f32.subarray(values, values + samples), place / 4);
    }
    budget.spend(COPY_WORK * samples);
    return place;
  }

  /** The address of a free row; evicts the least recently used neuron if there is none. */
  #makeRoom(): number {
    const { layout, samples } = this.#memories[0]!;
    const places = this.#places;
    if (places.size < layout.candidateCapacity) return layout.candidates + 4 * places.size * samples;
    const [oldest, place] = places.entries().next().value!;
    places.delete(oldest);
    return place;
  }
}
