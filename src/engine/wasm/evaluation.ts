/** Outputs on inputs other than the training samples, a stage of rows at a time. */
import type { InputMatrix } from '../../data/inputs.js';
import { LANES, ROW_BYTES, STAGED_ROWS } from './layout.js';
import { neuronAddress, type Site, writeRows } from './site.js';

/** Neurons that are evaluated: their blocks of weights and gains, and the place of each among them. */
interface Gathered {
  readonly blocks: number;
  readonly weights: number;
  readonly gains: number;
  readonly placeOf: (neuron: number) => number;
}

export class Evaluation {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  /** f on each row. */
  outputs(inputs: InputMatrix): Float64Array {
    const { kernels, layout, f64, pace, kind, columns, entriesPerRow } = this.#site;
    const { staged } = layout;
    const outputs = new Float64Array(inputs.rows);
    this.#forEachStage(inputs, 1, (from, rows) => {
      f64.fill(0, staged.sums / 8, staged.sums / 8 + rows);
      for (let block = 0; block < layout.blocks; block++) {
        const weights = layout.weights + block * columns * ROW_BYTES;
        const coefficients = layout.coefficients + block * ROW_BYTES;
        kernels.preactivate(weights, staged.runs, rows, staged.phi);
        kernels.addOutputs(kind, staged.phi, rows, coefficients, staged.sums);
        pace.spend(rows * entriesPerRow);
      }
      outputs.set(f64.subarray(staged.sums / 8, staged.sums / 8 + rows), from);
    });
    return outputs;
  }

  /** u_k on each row, for each k of `sizes`. Phi is summed in the order of the picks, whatever the sizes. */
  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    const { kernels, layout, f64, pace, kind, columns, entriesPerRow } = this.#site;
    const { staged } = layout;
    const outputs = sizes.map(() => new Float64Array(inputs.rows));
    const gathered = this.#gather(picks.subarray(0, sizes.at(-1) ?? 0));
    this.#forEachStage(inputs, gathered.blocks, (from, rows) => {
      for (let block = 0; block < gathered.blocks; block++) {
        const phi = staged.phi + block * rows * ROW_BYTES;
        kernels.preactivate(gathered.weights + block * columns * ROW_BYTES, staged.runs, rows, phi);
        kernels.activate(kind, phi, rows, gathered.gains + block * ROW_BYTES);
        pace.spend(rows * entriesPerRow);
      }
      const z = staged.sums / 8;
      f64.fill(0, z, z + rows);
      let picked = 0;
      sizes.forEach((k, index) => {
        for (; picked < k; picked++) {
          const place = gathered.placeOf(picks[picked]!);
          kernels.addNeuron(neuronAddress(staged.phi, place, rows), rows, staged.sums);
        }
        const means = outputs[index]!;
        for (let s = 0; s < rows; s++) means[from + s] = f64[z + s]! / k;
      });
      pace.spend((rows * picked) / LANES);
    });
    return outputs;
  }

  /** Copies rows into the stage, as many at a time as it and the outputs of `blocks` blocks have room for. */
  #forEachStage(inputs: InputMatrix, blocks: number, visit: (from: number, rows: number) => void): void {
    const { columns, layout } = this.#site;
    if (inputs.columns !== columns) {
      throw new RangeError(`inputs of ${inputs.columns} columns, expected ${columns}`);
    }
    const { staged } = layout;
    const { rowStart } = inputs;
    const mostRows = Math.min(STAGED_ROWS, Math.floor(staged.floats / (blocks * LANES)));
    for (let from = 0; from < inputs.rows; ) {
      const most = Math.min(inputs.rows, from + mostRows);
      const room = rowStart[from]! + staged.entryCapacity;
      let to = from + 1;
      while (to < most && rowStart[to + 1]! <= room) to++;
      writeRows(this.#site, inputs, from, to, staged.runs, staged.entries);
      visit(from, to - from);
      from = to;
    }
  }

  /** Gathers the distinct neurons into blocks of their own; all neurons as they are where those would be too many. */
  #gather(picks: Int32Array): Gathered {
    const { f32, layout, columns } = this.#site;
    const { staged } = layout;
    const places = new Map<number, number>();
    for (const neuron of picks) if (!places.has(neuron)) places.set(neuron, places.size);
    const blocks = Math.ceil(places.size / LANES);
    if (blocks > staged.blocks) {
      return {
        blocks: layout.blocks,
        weights: layout.weights,
        gains: layout.gains,
        placeOf: neuron => neuron,
      };
    }
    f32.fill(0, staged.weights / 4, staged.weights / 4 + blocks * columns * LANES);
    f32.fill(0, staged.gains / 4, staged.gains / 4 + blocks * LANES);
    for (const [neuron, place] of places) {
      const source = neuronAddress(layout.weights, neuron, columns) / 4;
      const target = neuronAddress(staged.weights, place, columns) / 4;
      for (let c = 0; c < columns; c++) f32[target + c * LANES] = f32[source + c * LANES]!;
      f32[staged.gains / 4 + place] = f32[layout.gains / 4 + neuron]!;
    }
    return {
      blocks,
      weights: staged.weights,
      gains: staged.gains,
      placeOf: neuron => places.get(neuron)!,
    };
  }
}
