/**
 * Exact products of the outputs of few neurons, one pair at a time. A neuron's outputs lie far apart: they are copied
 * side by side, and as many neurons as there is room for are held so, in the first memory.
 */
import { type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';

/** Work of copying one output from far away, and of one product. */
const COPY_WORK = 4;
const PRODUCT_WORK = 0.25;

export class ExactCandidates {
  readonly #memories: readonly MemoryBlock[];
  readonly #width: number;
  /** Where each neuron that is held is; the one that was asked for longest ago comes first. */
  readonly #places = new Map<number, number>();
  /** <Phi_q, Phi_u> by q * N + u, q <= u. */
  readonly #products = new Map<number, number>();

  constructor(memories: readonly MemoryBlock[], width: number) {
    this.#memories = memories;
    this.#width = width;
  }

  /** False where the network is so small that asking costs more than it tells. */
  get isWorthwhile(): boolean {
    return this.#memories[0]!.layout.contenderCapacity > 0;
  }

  /** <Phi_q, Phi_u> */
  product(q: number, u: number): number {
    const pair = Math.min(q, u) * this.#width + Math.max(q, u);
    const known = this.#products.get(pair);
    if (known !== undefined) return known;
    const { kernels, budget, samples } = this.#memories[0]!;
    const a = this.#hold(q);
    const product = kernels.dot(a, this.#hold(u), samples);
    budget.spend(PRODUCT_WORK * samples);
    this.#products.set(pair, product);
    return product;
  }

  /** The address of the neuron's outputs, f32 [n]. They stay there while one other neuron is asked for. */
  #hold(neuron: number): number {
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

  #makeRoom(): number {
    const { layout, samples } = this.#memories[0]!;
    const places = this.#places;
    if (places.size < layout.contenderCapacity) return layout.contenders + 4 * places.size * samples;
    const [oldest, place] = places.entries().next().value!;
    places.delete(oldest);
    return place;
  }
}
