/**
 * Contiguous copies of a few neurons' outputs, in rows of the first memory block: a least recently used cache. In phi a
 * neuron's outputs are 192 bytes apart.
 */
import { paddedSamples } from './layout-parts.js';
import { type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';

/** Work of copying one distant output. */
const COPY_WORK = 2;

export class NeuronCache {
  readonly #memories: readonly MemoryBlock[];
  readonly #start: number;
  readonly #capacity: number;
  readonly #rowBytes: number;
  /** Address of each cached neuron's outputs, the least recently used first. */
  readonly #places = new Map<number, number>();

  /** `capacity` rows of n floats from `start` on, padded to groups of 16 with 0. */
  constructor(memories: readonly MemoryBlock[], start: number, capacity: number) {
    this.#memories = memories;
    this.#start = start;
    this.#capacity = capacity;
    const { f32, samples } = memories[0]!;
    this.#rowBytes = 4 * paddedSamples(samples);
    for (let row = 0; row < capacity; row++) {
      const place = (start + row * this.#rowBytes) / 4;
      f32.fill(0, place + samples, place + this.#rowBytes / 4);
    }
  }

  has(neuron: number): boolean {
    return this.#places.has(neuron);
  }

  /** The address of the neuron's outputs, f32 [n]. Valid at least until the call after next. */
  addressOf(neuron: number): number {
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
    const places = this.#places;
    if (places.size < this.#capacity) return this.#start + places.size * this.#rowBytes;
    const [oldest, place] = places.entries().next().value!;
    places.delete(oldest);
    return place;
  }
}
