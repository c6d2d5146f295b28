/**
 * The activations Phi on the device, split by samples into pieces of samples x W, with the sums that selections need.
 */
import type { Objective } from '../../domain/types.js';
import type { Buffers } from './buffers.js';
import type { Device, DeviceBuffer } from './device.js';
import { GATHER, RESPONSES } from './kernels/columns.js';
import { COMBINE } from './kernels/combine.js';
import { objectiveKernel } from './kernels/objective.js';
import { CHUNK, MOMENTS, PRODUCTS, REDUCE, VECTORS } from './kernels/statistics.js';
import { FLOAT, groupsOf, padded, partsOf } from './layout.js';

/** Size of an objective and its differences, in multiply-adds, for the estimate of work. */
const OBJECTIVE_WORK = 40;
/** Multiply-adds of one dispatch of objectives. */
const MOST_WORK = 2 ** 31;
/** Bytes of gathered columns that are read at a time. */
const GATHERED_BYTES = 2 ** 24;
/** The most workgroups of a dispatch in one dimension. */
const MOST_GROUPS = 65_535;

interface Piece {
  readonly phi: DeviceBuffer;
  readonly from: number;
  readonly samples: number;
  /** Number of its first chunk. */
  readonly chunk: number;
}

/** Sums over all samples, N values each. */
export interface Moments {
  readonly squaredNorms: Float64Array;
  /** <Phi_q, y> */
  readonly withLabels: Float64Array;
}

/** Of each neuron: the change of the summed objective, and the sum of the sizes of the changes. */
export interface ObjectiveChanges {
  readonly change: Float32Array;
  readonly size: Float32Array;
}

const chunksOf = (samples: number): number => Math.ceil(samples / CHUNK);

/** Samples of a piece, of which `maxBufferBytes` hold so many: whole chunks, or whole tiles if all are fewer. */
export const pieceSamples = (width: number, samples: number, maxBufferBytes: number): number =>
  Math.min(
    padded(samples),
    CHUNK * Math.max(1, Math.floor(maxBufferBytes / (FLOAT * padded(width) * CHUNK))),
  );

export class Phi {
  readonly samples: number;
  readonly width: number;
  readonly #device: Device;
  readonly #buffers: Buffers;
  readonly #pieces: Piece[] = [];
  readonly #partial: DeviceBuffer;
  readonly #reduced: DeviceBuffer;
  readonly #neurons: DeviceBuffer;
  readonly #vectors: DeviceBuffer;
  readonly #listed: DeviceBuffer;
  readonly #now: DeviceBuffer;

  constructor(device: Device, buffers: Buffers, width: number, samples: number) {
    this.samples = samples;
    this.width = width;
    this.#device = device;
    this.#buffers = buffers;
    const stride = padded(width);
    let chunk = 0;
    for (const { at, count } of partsOf(samples, pieceSamples(width, samples, device.maxBufferBytes))) {
      const phi = buffers.create(FLOAT * padded(count) * stride);
      this.#pieces.push({ phi, from: at, samples: count, chunk });
      chunk += chunksOf(count);
    }
    this.#partial = buffers.create(FLOAT * chunk * stride * VECTORS);
    this.#reduced = buffers.create(FLOAT * stride * VECTORS);
    this.#neurons = buffers.create(FLOAT * stride);
    this.#vectors = buffers.create(FLOAT * samples * VECTORS);
    this.#listed = buffers.create(FLOAT * samples);
    this.#now = buffers.create(4 * FLOAT * samples);
  }

  /** Where the outputs of samples are to be written: buffer, first sample, number of samples. */
  *parts(): Generator<{ phi: DeviceBuffer; from: number; samples: number }> {
    yield* this.#pieces;
  }

  /** Weighted sums of the neurons' outputs on all samples: vectors x n. @param coefficients vectors x W */
  combine(coefficients: Float32Array): Float32Array {
    const stride = padded(this.width);
    const vectors = coefficients.length / stride;
    const coefficient = this.#buffers.createFrom(coefficients);
    const result = this.#buffers.create(FLOAT * vectors * this.samples);
    for (const { phi, from, samples } of this.#pieces) {
      for (const { at, count } of partsOf(samples, Math.min(MOST_GROUPS, CHUNK * 16))) {
        this.#device.dispatch(
          COMBINE,
          { value: phi, coefficient, result },
          { paddedWidth: stride, begin: at, stride: this.samples, at: from + at },
          [count, vectors],
          count * vectors * stride,
        );
      }
    }
    const sums = this.#device.readFloats(result, vectors * this.samples);
    this.#buffers.release(coefficient, result);
    return sums;
  }

  /** @param labels n of them */
  moments(labels: DeviceBuffer): Moments {
    for (const { phi, from, samples, chunk } of this.#pieces)
      this.#device.dispatch(
        MOMENTS,
        { phi, labels, partial: this.#partial },
        { paddedWidth: padded(this.width), samples, chunk, firstSample: from },
        [padded(this.width) / 64, chunksOf(samples)],
        2 * samples * padded(this.width),
      );
    const sums = this.#reduce(padded(this.width), true);
    const bits = new Uint32Array(sums.buffer);
    const ofNeurons = (value: (i: number) => number) =>
      Float64Array.from({ length: this.width }, (_, i) => value(i));
    return {
      // Squares of tiny outputs underflow; such a neuron is not silent.
      squaredNorms: ofNeurons(i => (bits[4 * i + 2] === 0 ? 0 : Math.max(sums[4 * i]!, Number.MIN_VALUE))),
      withLabels: ofNeurons(i => sums[4 * i + 1]!),
    };
  }

  /** The columns of the Gram matrix of at most VECTORS neurons: <Phi_q, Phi_m> of every neuron q. */
  gram(neurons: Int32Array): Float32Array[] {
    this.#device.upload(this.#neurons, neurons);
    for (const { phi, from, samples } of this.#pieces)
      this.#device.dispatch(
        GATHER,
        { phi, neurons: this.#neurons, samples: this.#listed, result: this.#vectors },
        {
          ...{ paddedWidth: padded(this.width), count: samples, listed: 0, firstSample: 0, at: from },
          ...{ sampleStride: VECTORS, neuronStride: 1 },
        },
        [groupsOf(samples), neurons.length],
        samples * VECTORS,
      );
    for (const { phi, from, samples, chunk } of this.#pieces)
      this.#device.dispatch(
        PRODUCTS,
        { phi, vectors: this.#vectors, partial: this.#partial },
        { paddedWidth: padded(this.width), samples, chunk, firstSample: from },
        [padded(this.width) / 64, chunksOf(samples)],
        VECTORS * samples * padded(this.width),
      );
    const sums = this.#reduce(2 * padded(this.width), false);
    return Array.from(neurons, (_, m) =>
      Float32Array.from({ length: this.width }, (__, q) => sums[VECTORS * q + m]!),
    );
  }

  /**
   * What each neuron would change of the objective, summed over samples.
   *
   * @param now four values for each sample (kernels/objective.ts)
   * @param listed the samples, ascending; null for all n
   */
  objectiveChanges(objective: Objective, now: Float32Array, listed: Int32Array | null): ObjectiveChanges {
    const stride = padded(this.width);
    this.#device.upload(this.#now, now);
    if (listed) this.#device.upload(this.#listed, listed);
    let chunks = 0;
    for (const { phi, firstSample, at, count } of this.#shares(listed)) {
      const chunksAtOnce = Math.max(1, Math.floor(MOST_WORK / (stride * CHUNK * OBJECTIVE_WORK)));
      for (const part of partsOf(chunksOf(count), chunksAtOnce))
        this.#device.dispatch(
          objectiveKernel(objective),
          { phi, samples: this.#listed, now: this.#now, partial: this.#partial },
          {
            ...{ paddedWidth: stride, at, count, listed: Number(listed !== null), firstSample },
            ...{ chunk: chunks, firstChunk: part.at },
          },
          [stride / 64, part.count],
          Math.min(count, part.count * CHUNK) * stride * OBJECTIVE_WORK,
        );
      chunks += chunksOf(count);
    }
    const sums = this.#reduce(stride / 2, false, chunks);
    return {
      change: Float32Array.from({ length: this.width }, (_, q) => sums[2 * q]!),
      size: Float32Array.from({ length: this.width }, (_, q) => sums[2 * q + 1]!),
    };
  }

  /** Phi of each of these neurons on all samples, or on those listed (ascending). */
  columns(neurons: Int32Array, listed: Int32Array | null): Float32Array[] {
    const length = listed?.length ?? this.samples;
    const together = Math.max(1, Math.min(this.width, Math.floor(GATHERED_BYTES / (FLOAT * length))));
    if (listed) this.#device.upload(this.#listed, listed);
    const result = this.#buffers.create(FLOAT * length * Math.min(together, neurons.length));
    const columns: Float32Array[] = [];
    for (const group of partsOf(neurons.length, together)) {
      this.#device.upload(this.#neurons, neurons.subarray(group.at, group.at + group.count));
      for (const { phi, firstSample, at, count } of this.#shares(listed))
        this.#device.dispatch(
          GATHER,
          { phi, neurons: this.#neurons, samples: this.#listed, result },
          {
            ...{ paddedWidth: padded(this.width), count, listed: Number(listed !== null), firstSample, at },
            ...{ sampleStride: 1, neuronStride: length },
          },
          [groupsOf(count), group.count],
          count * group.count,
        );
      const values = this.#device.readFloats(result, length * group.count);
      for (let m = 0; m < group.count; m++) columns.push(values.subarray(m * length, (m + 1) * length));
    }
    this.#buffers.release(result);
    return columns;
  }

  /** `Activations.responses` */
  responses(count: number): Uint32Array {
    const words = Math.ceil(count / 32);
    const result = this.#buffers.create(FLOAT * this.width * words);
    for (const { phi, from, samples } of this.#pieces) {
      if (from >= count) break;
      const own = Math.min(samples, count - from);
      this.#device.dispatch(
        RESPONSES,
        { phi, result },
        {
          ...{ paddedWidth: padded(this.width), width: this.width, samples: own },
          ...{ firstWord: from / 32, words },
        },
        [groupsOf(this.width), Math.ceil(own / 32)],
        own * this.width,
      );
    }
    const bits = this.#device.readWords(result, this.width * words);
    this.#buffers.release(result);
    return bits;
  }

  /** The listed samples by piece; all of a piece without a list. */
  *#shares(
    listed: Int32Array | null,
  ): Generator<{ phi: DeviceBuffer; firstSample: number; at: number; count: number }> {
    let at = 0;
    for (const { phi, from, samples } of this.#pieces) {
      let count = samples;
      if (listed)
        for (count = 0; at + count < listed.length && listed[at + count]! < from + samples; ) count++;
      if (count > 0) yield { phi, firstSample: from, at, count };
      at += count;
    }
  }

  /** Adds the partial sums of all chunks: `count` times four values. */
  #reduce(count: number, peaks: boolean, chunks = this.#chunks()): Float32Array {
    this.#device.dispatch(
      REDUCE,
      { partial: this.#partial, result: this.#reduced },
      { count, chunks, peaks: Number(peaks) },
      [groupsOf(count)],
      4 * count * chunks,
    );
    return this.#device.readFloats(this.#reduced, 4 * count);
  }

  #chunks(): number {
    const last = this.#pieces.at(-1)!;
    return last.chunk + chunksOf(last.samples);
  }
}
