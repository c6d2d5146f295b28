/** One open network: a machine's memory laid out for it, and what is done there. */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Network, NetworkState, Problem, Shape } from '../engine.js';
import { buildActivations, type WasmActivations } from './activations.js';
import { Evaluation } from './evaluation.js';
import type { Machine } from './kernels.js';
import type { Layout } from './layout.js';
import { Pace } from './pace.js';
import { KIND, packMatrix, packVector, type Site, unpackMatrix, writeRows } from './site.js';
import { Training } from './training.js';

/** The sizes of a problem. */
export function shapeOf({ inputs, width, batchSize, momentum }: Problem): Shape {
  return {
    datasetSize: inputs.rows,
    width,
    columns: inputs.columns,
    batchSize,
    momentum: momentum !== 0,
    entriesPerRow: inputs.rowStart[inputs.rows]! / inputs.rows,
  };
}

export class WasmNetwork implements Network {
  readonly #site: Site;
  readonly #training: Training;
  readonly #evaluation: Evaluation;
  readonly #hasVelocity: boolean;
  readonly #hasSignVelocity: boolean;
  #activations: WasmActivations | null = null;
  #release: (() => void) | null;

  constructor(problem: Problem, layout: Layout, machine: Machine, release: () => void) {
    const { inputs, labels, state, shares, ...settings } = problem;
    const { datasetSize, width, columns, entriesPerRow } = shapeOf(problem);
    const site: Site = {
      ...machine,
      layout,
      pace: new Pace(problem.pulse),
      samples: datasetSize,
      width,
      columns,
      entriesPerRow,
      kind: KIND[problem.activation],
    };
    this.#site = site;
    this.#release = release;
    this.#hasVelocity = problem.momentum !== 0;
    this.#hasSignVelocity = this.#hasVelocity && problem.layers === 'both';

    writeRows(site, inputs, 0, inputs.rows, layout.runs, layout.entries);
    site.f32.set(labels, layout.labels / 4);
    packMatrix(site, state.weights, layout.weights);
    packVector(site, state.signs, layout.signs);
    if (this.#hasVelocity) packMatrix(site, state.weightVelocity, layout.velocity);
    packVector(site, state.signVelocity, layout.signVelocity);
    for (const vector of [layout.gains, layout.coefficients, layout.factors]) packVector(site, null, vector);
    this.#training = new Training(site, { ...settings, shares: shares?.slice() ?? null });
    this.#training.refreshFactors(0, width);
    this.#evaluation = new Evaluation(site);
  }

  train(batches: Int32Array, steps: number): void {
    this.#checkOpen();
    this.#dropActivations();
    this.#training.run(batches, steps);
  }

  state(): NetworkState {
    this.#checkOpen();
    const { layout } = this.#site;
    return {
      weights: unpackMatrix(this.#site, layout.weights),
      signs: this.#vector(layout.signs),
      weightVelocity: this.#hasVelocity ? unpackMatrix(this.#site, layout.velocity) : null,
      signVelocity: this.#hasSignVelocity ? this.#vector(layout.signVelocity) : null,
    };
  }

  #vector(address: number): Float32Array {
    return this.#site.f32.slice(address / 4, address / 4 + this.#site.width);
  }

  activate(): Activations {
    this.#checkOpen();
    this.#dropActivations();
    this.#activations = buildActivations(this.#site);
    return this.#activations;
  }

  outputs(inputs: InputMatrix): Float64Array {
    this.#checkOpen();
    return this.#evaluation.outputs(inputs);
  }

  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#checkOpen();
    return this.#evaluation.subnetOutputs(inputs, picks, sizes);
  }

  close(): void {
    this.#dropActivations();
    this.#release?.();
    this.#release = null;
  }

  #dropActivations(): void {
    this.#activations?.invalidate();
    this.#activations = null;
  }

  #checkOpen(): void {
    if (!this.#release) throw new Error('the network is closed');
  }
}
