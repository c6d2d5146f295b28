/** A cache of columns of the activations' Gram matrix, computed up to PANEL per pass. */
import { columnEntryBytes, PANEL } from './layout.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { broadcastRegion, type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';

/** Work of one sample of one block in a pass, and of gathering one output. */
const PASS_WORK = PANEL;
const GATHER_WORK = 2;

/** The column cache of one selection. It evicts the least recently used column. */
export class GramColumns {
  /** Passes over the activations so far. */
  passes = 0;
  readonly #memories: readonly MemoryBlock[];
  readonly #squaredNorms: Float64Array;
  /** For each neuron, the slot of its column, or -1. */
  readonly #slotOf: Int32Array;
  /** For each slot: its neuron, or -1; and the step at which it was last used or computed, or -1. */
  readonly #neuronOf: Int32Array;
  readonly #usedAt: Int32Array;
  /** 1 for each block that has a neuron that is not silent. Products with the other blocks are 0. */
  readonly #live: Uint8Array;

  constructor(memories: readonly MemoryBlock[], squaredNorms: Float64Array) {
    const width = squaredNorms.length;
    const { columnCapacity } = memories[0]!.layout;
    this.#memories = memories;
    this.#squaredNorms = squaredNorms;
    this.#slotOf = new Int32Array(width).fill(-1);
    this.#neuronOf = new Int32Array(columnCapacity).fill(-1);
    this.#usedAt = new Int32Array(columnCapacity).fill(-1);
    this.#live = new Uint8Array(Math.ceil(width / LANES));
    for (let q = 0; q < width; q++) if (squaredNorms[q] !== 0) this.#live[Math.floor(q / LANES)] = 1;
  }

  /** Whether this neuron's column needs a pass. False for a silent neuron, whose column is 0. */
  needsPass(neuron: number): boolean {
    return this.#slotOf[neuron]! < 0 && this.#squaredNorms[neuron] !== 0;
  }

  /** Marks the neuron's column as used at step `now`; steps ascend. */
  touch(neuron: number, now: number): void {
    const slot = this.#slotOf[neuron]!;
    if (slot >= 0) this.#usedAt[slot] = now;
  }

  /** g += the column of `neuron`, if it is cached. */
  addTo(g: Float64Array, neuron: number): void {
    const slot = this.#slotOf[neuron]!;
    if (slot < 0) return;
    for (const { f64, layout, first, width } of this.#memories) {
      const column = layout.columns / 8 + slot * layout.padded;
      for (let q = 0; q < width; q++) g[first + q]! += f64[column + q]!;
    }
  }

  /** Computes the columns of at most PANEL neurons in one pass over the activations, at step `now`. */
  compute(neurons: readonly number[], now: number): void {
    const slots = neurons.map(neuron => this.#takeSlot(neuron, now));
    neurons.forEach((neuron, c) => {
      this.#gather(neuron, c);
    });
    for (const memory of this.#memories) this.#pass(memory, slots);
    this.passes++;
  }

  /** Writes a neuron's outputs as column c of the pass, in every memory block. */
  #gather(neuron: number, c: number): void {
    const memories = this.#memories;
    const owner = memoryOf(memories, neuron);
    const { layout, samples } = owner;
    const phi = neuronAddress(layout.phi, neuron - owner.first, samples);
    if (memories.length > 1) {
      owner.kernels.copyNeuron(phi, samples, layout.values);
      broadcastRegion(owner, memories, 'values', samples);
    }
    for (const { kernels, layout, budget } of memories) {
      const entries = layout.columnEntries + c * columnEntryBytes(samples);
      const [source, stride] = memories.length > 1 ? [layout.values, 4] : [phi, ROW_BYTES];
      kernels.gatherColumn(source, stride, samples, entries, layout.columnRuns, c);
      budget.spend(GATHER_WORK * samples);
    }
  }

  #pass({ kernels, layout, u32, budget, samples, first }: MemoryBlock, slots: readonly number[]): void {
    for (let block = 0; block < layout.blocks; block++) {
      for (let c = 0; c < slots.length; c++) {
        u32[layout.targets / 4 + c] = layout.columns + 8 * (slots[c]! * layout.padded + block * LANES);
      }
      const rows = this.#live[first / LANES + block] === 1 ? samples : 0;
      const phi = layout.phi + block * samples * ROW_BYTES;
      kernels.gram(phi, rows, layout.columnRuns, layout.targets, slots.length, layout.columnSums);
      budget.spend(rows * PASS_WORK);
    }
  }

  /** Assigns the least recently used slot to the neuron. */
  #takeSlot(neuron: number, now: number): number {
    const usedAt = this.#usedAt;
    let slot = 0;
    for (let other = 1; other < usedAt.length; other++) if (usedAt[other]! < usedAt[slot]!) slot = other;
    const evicted = this.#neuronOf[slot]!;
    if (evicted >= 0) this.#slotOf[evicted] = -1;
    this.#neuronOf[slot] = neuron;
    this.#slotOf[neuron] = slot;
    usedAt[slot] = now;
    return slot;
  }
}
