/** Outputs on inputs other than the training samples, one stage of rows at a time. */
import type { InputMatrix } from '../../data/inputs.js';
import { LANES, ROW_BYTES, STAGED_ROWS } from './layout-parts.js';
import {
  copyRegion,
  initOutputs,
  type MemoryBlock,
  memoryOf,
  neuronAddress,
  writeRows,
} from './memory-block.js';

/** Blocks of neurons that are evaluated in one memory block, and the addresses of their weights and gains. */
interface Part {
  readonly memory: MemoryBlock;
  readonly blocks: number;
  /** The part's neurons; padding fills the last block. */
  readonly width: number;
  readonly weights: number;
  readonly gains: number;
}

/** The neurons of a list of picks, and for each pick the memory block and the place of its neuron in the part. */
interface Gathered {
  readonly picks: Int32Array;
  readonly parts: readonly Part[];
  readonly places: readonly { readonly memory: MemoryBlock; readonly place: number }[];
}

export class Evaluation {
  readonly #memories: readonly MemoryBlock[];
  /** The last gathered neurons, reused because callers pass a data set in pieces with the same picks. */
  #gathered: Gathered | null = null;

  constructor(memories: readonly MemoryBlock[]) {
    this.#memories = memories;
  }

  /** Drops gathered weights. The network calls it before weights or signs change. */
  invalidate(): void {
    this.#gathered = null;
  }

  /** f on each row. */
  outputs(inputs: InputMatrix): Float64Array {
    const memories = this.#memories;
    const last = memories.at(-1)!;
    const outputs = new Float64Array(inputs.rows);
    this.#forEachStage(memories, inputs, 1, (from, rows) => {
      let previous: MemoryBlock | null = null;
      for (const memory of memories) {
        const { kernels, layout, budget, kind, columns, entriesPerRow, sigmaWork } = memory;
        const { staged } = layout;
        initOutputs(memory, previous, rows);
        for (let block = 0; block < layout.blocks; block++) {
          const weights = layout.weights + block * columns * ROW_BYTES;
          const coefficients = layout.coefficients + block * ROW_BYTES;
          kernels.preactivate(weights, staged.runs, rows, staged.phi);
          kernels.addOutputs(kind, staged.phi, rows, coefficients, layout.f);
          budget.spend(rows * (entriesPerRow + sigmaWork));
        }
        previous = memory;
      }
      const f = last.layout.f / 8;
      outputs.set(last.f64.subarray(f, f + rows), from);
    });
    return outputs;
  }

  /** u_k on each row, for each k of `sizes`. Sums phi in the order of the picks, independently of `sizes`. */
  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    const outputs = sizes.map(() => new Float64Array(inputs.rows));
    const needed = picks.subarray(0, sizes.at(-1) ?? 0);
    if (!this.#gathered || !isSame(this.#gathered.picks, needed)) this.#gathered = this.#gather(needed);
    const { parts, places } = this.#gathered;
    const memories = parts.map(part => part.memory);
    const maxBlocks = Math.max(...parts.map(part => part.blocks));
    this.#forEachStage(memories, inputs, maxBlocks, (from, rows) => {
      for (const { memory, blocks, width, weights, gains } of parts) {
        const { kernels, layout, budget, kind, columns, entriesPerRow, sigmaWork } = memory;
        for (let block = 0; block < blocks; block++) {
          const phi = layout.staged.phi + block * rows * ROW_BYTES;
          // A few picks often end in the first half of a block.
          const isHalf = width - block * LANES <= LANES / 2;
          const preactivate = isHalf ? kernels.preactivateHalf : kernels.preactivate;
          preactivate(weights + block * columns * ROW_BYTES, layout.staged.runs, rows, phi);
          kernels.activate(kind, phi, rows, gains + block * ROW_BYTES);
          budget.spend(rows * (entriesPerRow + sigmaWork));
        }
      }
      // The sum is in the memory block of the neuron that was added last.
      let holder = memories[0]!;
      initOutputs(holder, null, rows);
      let picked = 0;
      sizes.forEach((k, index) => {
        for (; picked < k; picked++) {
          const { memory, place } = places[picked]!;
          if (memory !== holder) copyRegion(holder, memory, 'f', 2 * rows);
          holder = memory;
          const { kernels, layout } = memory;
          kernels.addNeuron(neuronAddress(layout.staged.phi, place, rows), rows, layout.f);
        }
        const means = outputs[index]!;
        const sum = holder.layout.f / 8;
        for (let s = 0; s < rows; s++) means[from + s] = holder.f64[sum + s]! / k;
      });
      holder.budget.spend((rows * picked) / 2);
    });
    return outputs;
  }

  /**
   * Copies rows into the stages of `memories` and visits them, as many at a time as the stages can hold, together
   * with the outputs of `blocks` blocks.
   */
  #forEachStage(
    memories: readonly MemoryBlock[],
    inputs: InputMatrix,
    blocks: number,
    visit: (from: number, rows: number) => void,
  ): void {
    const { inputColumns, layout } = this.#memories[0]!;
    if (inputs.columns !== inputColumns) {
      throw new RangeError(`inputs of ${inputs.columns} columns, expected ${inputColumns}`);
    }
    const { entryCapacity, floats } = layout.staged;
    const { rowStart } = inputs;
    const maxRows = Math.min(STAGED_ROWS, Math.floor(floats / (blocks * LANES)));
    for (let from = 0; from < inputs.rows; ) {
      const limit = Math.min(inputs.rows, from + maxRows);
      const room = rowStart[from]! + entryCapacity;
      let to = from + 1;
      while (to < limit && rowStart[to + 1]! <= room) to++;
      for (const memory of memories) {
        writeRows(memory, inputs, from, to, memory.layout.staged.runs, memory.layout.staged.entries);
      }
      visit(from, to - from);
      from = to;
    }
  }

  /**
   * Gathers the distinct neurons of the picks into staged blocks of the first memory block. If they do not fit there,
   * returns all neurons in place.
   */
  #gather(picks: Int32Array): Gathered {
    const memories = this.#memories;
    const target = memories[0]!;
    const { columns } = target;
    const { staged } = target.layout;
    const gathered = new Map<number, number>();
    for (const neuron of picks) if (!gathered.has(neuron)) gathered.set(neuron, gathered.size);
    const blocks = Math.ceil(gathered.size / LANES);
    if (blocks > staged.blocks) {
      return {
        picks: picks.slice(),
        parts: memories.map(memory => {
          const { blocks, weights, gains } = memory.layout;
          return { memory, blocks, width: memory.width, weights, gains };
        }),
        places: Array.from(picks, neuron => {
          const memory = memoryOf(memories, neuron);
          return { memory, place: neuron - memory.first };
        }),
      };
    }
    target.f32.fill(0, staged.weights / 4, staged.weights / 4 + blocks * columns * LANES);
    target.f32.fill(0, staged.gains / 4, staged.gains / 4 + blocks * LANES);
    for (const [neuron, place] of gathered) {
      const { f32, layout, first } = memoryOf(memories, neuron);
      const from = neuronAddress(layout.weights, neuron - first, columns) / 4;
      const to = neuronAddress(staged.weights, place, columns) / 4;
      for (let c = 0; c < columns; c++) target.f32[to + c * LANES] = f32[from + c * LANES]!;
      target.f32[staged.gains / 4 + place] = f32[layout.gains / 4 + neuron - first]!;
    }
    return {
      picks: picks.slice(),
      parts: [{ memory: target, blocks, width: gathered.size, weights: staged.weights, gains: staged.gains }],
      places: Array.from(picks, neuron => ({ memory: target, place: gathered.get(neuron)! })),
    };
  }
}

const isSame = (a: Int32Array, b: Int32Array): boolean =>
  a.length === b.length && a.every((pick, j) => pick === b[j]);
