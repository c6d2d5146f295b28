/** A network on the device. Only numbers come back: outputs, sums over samples, and the activations of close candidates. */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Network, NetworkState, Problem } from '../engine.js';
import { lowestEqualNeuron } from '../equal-neurons.js';
import { WebgpuActivations } from './activations.js';
import { Buffers } from './buffers.js';
import type { Device, DeviceBuffer } from './device.js';
import { Evaluation } from './evaluation.js';
import { DeviceInputs } from './inputs.js';
import { SCALE } from './kernels/columns.js';
import { forwardKernel } from './kernels/forward.js';
import { FLOAT, groupsOf, padded, partsOf, rowsAtOnce } from './layout.js';
import { Parameters, sharesOf } from './parameters.js';
import { Phi } from './phi.js';
import { Training } from './training.js';
import { createWorkspace, type Workspace } from './workspace.js';

const NO_PULSE = () => {};

export class WebgpuNetwork implements Network {
  readonly #device: Device;
  readonly #problem: Pick<Problem, 'width' | 'activation' | 'outputScale' | 'shares' | 'pulse'>;
  readonly #samples: number;
  readonly #columns: number;
  readonly #labels: Float32Array;
  readonly #buffers: Buffers;
  readonly #inputs: DeviceInputs;
  readonly #parameters: Parameters;
  readonly #workspace: Workspace;
  readonly #training: Training;
  readonly #evaluation: Evaluation;
  readonly #deviceLabels: DeviceBuffer;
  readonly #scale: DeviceBuffer;
  /** Of the last activations; null if there are none. */
  #activations: Buffers | null = null;
  #isOpen = true;

  constructor(device: Device, problem: Problem) {
    const { width, inputs, labels, activation, outputScale } = problem;
    const { columns, rows } = inputs;
    device.pulse = NO_PULSE;
    this.#device = device;
    const { shares, pulse } = problem;
    this.#problem = { width, activation, outputScale, shares: shares?.slice() ?? null, pulse };
    this.#samples = rows;
    this.#columns = columns;
    this.#labels = labels.slice();
    this.#buffers = new Buffers(device);
    this.#inputs = new DeviceInputs(device, inputs);
    this.#parameters = new Parameters(device, this.#buffers, problem);
    const atOnce = Math.min(padded(rows), rowsAtOnce(width, columns));
    this.#workspace = createWorkspace(this.#buffers, atOnce, width, columns);
    this.#training = new Training(device, this.#buffers, problem, {
      inputs: this.#inputs,
      parameters: this.#parameters,
      workspace: this.#workspace,
    });
    const settings = { width, columns, activation, outputScale };
    this.#evaluation = new Evaluation(device, settings, this.#parameters, this.#workspace);
    this.#deviceLabels = this.#buffers.createFrom(labels);
    this.#scale = this.#buffers.create(FLOAT * padded(width));
    try {
      device.finish();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  train(batches: Int32Array, steps: number): void {
    this.#begin();
    this.#dropActivations();
    this.#training.run(batches, steps);
  }

  state(): NetworkState {
    this.#begin(NO_PULSE);
    return this.#parameters.read();
  }

  restore(state: NetworkState): void {
    this.#begin(NO_PULSE);
    this.#dropActivations();
    this.#parameters.write(state);
  }

  activate(): Activations {
    this.#begin();
    this.#dropActivations();
    const buffers = new Buffers(this.#device);
    try {
      const phi = new Phi(this.#device, buffers, this.#problem.width, this.#samples);
      this.#device.finish();
      this.#fill(phi);
      const moments = phi.moments(this.#deviceLabels);
      const activations = new WebgpuActivations(phi, moments, {
        shares: sharesOf(this.#problem),
        labels: this.#labels,
        lowestEqual: this.#lowestEqual(),
        begin: () => {
          if (this.#activations !== buffers)
            throw new Error('these activations were dropped by a later train, activate or close');
          this.#begin();
        },
      });
      this.#activations = buffers;
      return activations;
    } catch (error) {
      buffers.release();
      throw error;
    }
  }

  outputs(inputs: InputMatrix): Float64Array {
    this.#begin();
    return this.#evaluation.outputs(inputs);
  }

  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#begin();
    return this.#evaluation.subnetOutputs(inputs, picks, sizes);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#device.isBroken) return;
    this.#device.pulse = NO_PULSE;
    this.#dropActivations();
    this.#inputs.release();
    this.#buffers.release();
  }

  #begin(pulse = this.#problem.pulse): void {
    if (!this.#isOpen) throw new Error('the network is closed');
    this.#device.pulse = pulse;
  }

  /** Phi = outputScale * b * sigma(X W) */
  #fill(phi: Phi): void {
    const { width, activation, outputScale } = this.#problem;
    const { weights, signs } = this.#parameters;
    const { slice, rows } = this.#workspace;
    const [paddedWidth, paddedColumns] = [padded(width), padded(this.#columns)];
    this.#device.dispatch(
      SCALE,
      { given: signs, result: this.#scale },
      { factor: outputScale },
      [groupsOf(paddedWidth)],
      paddedWidth,
    );
    for (const piece of phi.parts()) {
      for (const { at, count } of partsOf(piece.samples, rows)) {
        const first = piece.from + at;
        const paddedRows = this.#inputs.expand({ list: null, first, count }, slice);
        this.#device.dispatch(
          forwardKernel(activation),
          { x: slice.byColumn, weights, scale: this.#scale, value: piece.phi },
          { paddedRows, paddedColumns, paddedWidth, at },
          [paddedWidth / 64, paddedRows / 64],
          paddedRows * paddedWidth * paddedColumns,
        );
      }
    }
  }

  /** Computed when it is asked for first. */
  #lowestEqual(): () => Int32Array {
    let known: Int32Array | null = null;
    return () => {
      if (known === null) {
        const { weights, signs } = this.#parameters.read();
        known = lowestEqualNeuron(weights, signs);
      }
      return known;
    };
  }

  #dropActivations(): void {
    this.#activations?.release();
    this.#activations = null;
  }
}
