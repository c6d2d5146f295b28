/** Forward passes on other inputs than the training samples. */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activation } from '../../domain/types.js';
import { distinctOf } from '../picks.js';
import { Buffers } from './buffers.js';
import type { Device, DeviceBuffer } from './device.js';
import { DeviceInputs } from './inputs.js';
import { SUBNETWORK } from './kernels/columns.js';
import { COMBINE } from './kernels/combine.js';
import { forwardKernel } from './kernels/forward.js';
import { FLOAT, groupsOf, padded, partsOf } from './layout.js';
import type { Parameters } from './parameters.js';
import { meansOfPicks } from './picks.js';
import type { Workspace } from './workspace.js';

/** A network to evaluate, with vectors of coefficients of its neurons' values. */
interface Evaluated {
  /** D x W */
  readonly weights: DeviceBuffer;
  /** W: values are sigma times it. */
  readonly scale: DeviceBuffer;
  /** vectors x W */
  readonly coefficient: DeviceBuffer;
  readonly paddedWidth: number;
  readonly vectors: number;
}

interface Settings {
  readonly width: number;
  readonly columns: number;
  readonly activation: Activation;
  readonly outputScale: number;
}

export class Evaluation {
  readonly #device: Device;
  readonly #settings: Settings;
  readonly #parameters: Parameters;
  readonly #workspace: Workspace;

  constructor(device: Device, settings: Settings, parameters: Parameters, workspace: Workspace) {
    this.#device = device;
    this.#settings = settings;
    this.#parameters = parameters;
    this.#workspace = workspace;
  }

  /** f of the whole network. */
  outputs(inputs: InputMatrix): Float64Array {
    const { weights, signs, shares } = this.#parameters;
    const evaluated = { weights, scale: signs, coefficient: shares, vectors: 1 };
    const [outputs] = this.#evaluate(inputs, { ...evaluated, paddedWidth: padded(this.#settings.width) });
    return outputs!;
  }

  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    if (sizes.length === 0) return [];
    const { width, columns, outputScale } = this.#settings;
    const { weights, signs } = this.#parameters;
    const distinct = distinctOf(picks, sizes);
    const places = new Map(Array.from(distinct, (neuron, place) => [neuron, place]));
    const subnetWidth = padded(distinct.length);
    const buffers = new Buffers(this.#device);
    try {
      const subnet = buffers.create(FLOAT * padded(columns) * subnetWidth);
      const scale = buffers.create(FLOAT * subnetWidth);
      this.#device.dispatch(
        SUBNETWORK,
        { list: buffers.createFrom(distinct), weights, signs, subnet, scale },
        { paddedWidth: padded(width), subnetWidth, count: distinct.length, outputScale },
        [groupsOf(subnetWidth), padded(columns)],
        padded(columns) * subnetWidth,
      );
      const means = meansOfPicks(picks, sizes, distinct.length, neuron => places.get(neuron)!);
      const coefficient = buffers.createFrom(means);
      const vectors = sizes.length;
      return this.#evaluate(inputs, {
        weights: subnet,
        scale,
        coefficient,
        paddedWidth: subnetWidth,
        vectors,
      });
    } finally {
      buffers.release();
    }
  }

  /** One array of inputs.rows for each vector. */
  #evaluate(inputs: InputMatrix, network: Evaluated): Float64Array[] {
    const { columns, activation } = this.#settings;
    if (inputs.columns !== columns)
      throw new RangeError(`inputs of ${inputs.columns} columns, expected ${columns}`);
    const { weights, scale, coefficient, paddedWidth, vectors } = network;
    const { slice, value, rows } = this.#workspace;
    const paddedColumns = padded(columns);
    const buffers = new Buffers(this.#device);
    const onDevice = new DeviceInputs(this.#device, inputs);
    try {
      const result = buffers.create(FLOAT * vectors * inputs.rows);
      for (const { at, count } of partsOf(inputs.rows, rows)) {
        const paddedRows = onDevice.expand({ list: null, first: at, count }, slice);
        this.#device.dispatch(
          forwardKernel(activation),
          { x: slice.byColumn, weights, scale, value },
          { paddedRows, paddedColumns, paddedWidth, at: 0 },
          [paddedWidth / 64, paddedRows / 64],
          paddedRows * paddedWidth * paddedColumns,
        );
        this.#device.dispatch(
          COMBINE,
          { value, coefficient, result },
          { paddedWidth, begin: 0, stride: inputs.rows, at },
          [count, vectors],
          count * vectors * paddedWidth,
        );
      }
      const sums = this.#device.readFloats(result, vectors * inputs.rows);
      return Array.from({ length: vectors }, (_, v) =>
        Float64Array.from(sums.subarray(v * inputs.rows, (v + 1) * inputs.rows)),
      );
    } finally {
      buffers.release();
      onDevice.release();
    }
  }
}
