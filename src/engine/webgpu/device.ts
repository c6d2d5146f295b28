/** A thread's device: synchronous, by waiting for the host (host.ts) that owns it. */
import { BroadcastChannel, type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import { DeviceError, EngineUnavailableError, TooLargeError } from '../../base/errors.js';
import { Dispatches } from './dispatches.js';
import type { Kernel } from './kernel.js';
import {
  type ConnectRequest,
  type Failure,
  HOST_CHANNEL,
  MAX_DISPATCHES,
  type Reply,
  type Request,
} from './protocol.js';
import { ensureHost } from './start-host.js';

/** How often `pulse` is called while the device computes. */
const PULSE_MS = 100;
/** Submissions that may be under way: the device computes one while the next is prepared. */
const MAX_PENDING = 2;
/** Dispatches of one submission to a processor, which takes milliseconds for each: a stop waits for what is under way. */
const SOFTWARE_DISPATCHES = 32;
/**
 * Multiply-adds of one submission, and the most of one dispatch: about 1 ms on a fast GPU, 50 ms on a slow one. Drivers
 * reset a device whose dispatch takes seconds.
 */
export const SUBMISSION_WORK = 2 ** 31;

/** Bytes of the device, zero at first. */
export interface DeviceBuffer {
  readonly id: number;
  readonly bytes: number;
}

type Parameters<P extends string> = Readonly<Record<P, number>>;
type Bindings<B extends string> = Readonly<Record<B, DeviceBuffer>>;

let connections = 0;

export class Device {
  readonly description: string;
  readonly isSoftware: boolean;
  readonly maxBufferBytes: number;
  /** Called between submissions and while waiting for one. It may throw. */
  pulse: () => void = () => {};
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #channel: BroadcastChannel;
  readonly #dispatches = new Dispatches();
  readonly #kernels = new Map<Kernel, number>();
  readonly #replies = new Map<number, Reply>();
  /** Sequence numbers of submissions that have not ended. */
  readonly #pending: number[] = [];
  #sequence = 0;
  #buffers = 0;
  #work = 0;
  #failure: Failure | null = null;

  /** @throws EngineUnavailableError (ENGINE_UNAVAILABLE) */
  constructor() {
    try {
      ensureHost();
    } catch (error) {
      throw unavailable((error as Error).message);
    }
    const name = `${HOST_CHANNEL}-${threadId}-${connections++}`;
    // Created before the host learns of it: a channel receives what is sent from then on.
    this.#channel = new BroadcastChannel(name);
    this.#channel.unref();
    const announcement = new BroadcastChannel(HOST_CHANNEL);
    const request: ConnectRequest = { channel: name, threadId, signal: this.#signal };
    announcement.postMessage(request);
    announcement.close();
    const { failure, adapter } = this.#receive(0);
    if (failure) throw unavailable(failure.message);
    this.description = adapter!.description;
    this.isSoftware = adapter!.isSoftware;
    this.maxBufferBytes = adapter!.maxBufferBytes;
  }

  /** Whether a failure has made the device useless: everything on it is gone. */
  get isBroken(): boolean {
    return this.#failure !== null;
  }

  /** @throws TooLargeError (TOO_LARGE) for more than `maxBufferBytes`; a device without room is found out later */
  create(bytes: number): DeviceBuffer {
    const padded = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (padded > this.maxBufferBytes)
      throw new TooLargeError(
        `engine "webgpu": a buffer of ${padded} bytes, the device allows ${this.maxBufferBytes}`,
      );
    const buffer = { id: this.#buffers++, bytes: padded };
    this.#send({ kind: 'create', buffer: buffer.id, bytes: padded });
    return buffer;
  }

  /** Never calls `pulse`. */
  destroy(buffer: DeviceBuffer): void {
    this.#post();
    this.#send({ kind: 'destroy', buffer: buffer.id, groups: this.#dispatches.forget(buffer.id) });
  }

  /** Copies values to the device, from byte `at` on. */
  upload(buffer: DeviceBuffer, values: ArrayBufferView, at = 0): void {
    if (values.byteLength === 0) return;
    this.#submit();
    let bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (bytes.length % 4 !== 0) {
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      padded.set(bytes);
      bytes = padded;
    }
    this.#send({ kind: 'upload', buffer: buffer.id, at, bytes });
  }

  /** A new buffer that holds the values. */
  createFrom(values: ArrayBufferView): DeviceBuffer {
    const buffer = this.create(values.byteLength);
    this.upload(buffer, values);
    return buffer;
  }

  /**
   * Runs a kernel after all earlier ones. `work` (multiply-adds) decides when what has been collected is submitted.
   *
   * @throws what `pulse` throws, or the device's failure
   */
  dispatch<P extends string, B extends string>(
    kernel: Kernel<P, B>,
    buffers: Bindings<NoInfer<B>>,
    params: Parameters<NoInfer<P>>,
    [x, y = 1]: readonly [number, number?],
    work: number,
  ): void {
    const most = this.isSoftware ? SOFTWARE_DISPATCHES : MAX_DISPATCHES;
    if (this.#dispatches.count >= most || this.#work + work > SUBMISSION_WORK) this.#submit();
    this.#work += work;
    const ids = kernel.buffers.map(name => buffers[name].id);
    const group = this.#dispatches.groupOf(kernel, ids, created => {
      const known = this.#kernels.get(kernel);
      const number = known ?? this.#kernels.size;
      if (known === undefined) {
        this.#kernels.set(kernel, number);
        const { name, wgsl, writes } = kernel;
        this.#send({ kind: 'kernel', kernel: number, source: { name, wgsl, writes } });
      }
      this.#send({ kind: 'group', group: created, kernel: number, buffers: ids });
    });
    this.#dispatches.add(kernel, group, params, x, y);
  }

  /** Float32 values from index `from` of a buffer, once all that was dispatched has ended. */
  readFloats(buffer: DeviceBuffer, count: number, from = 0): Float32Array {
    return new Float32Array(this.#read(buffer, 4 * from, 4 * count));
  }

  readWords(buffer: DeviceBuffer, count: number): Uint32Array {
    return new Uint32Array(this.#read(buffer, 0, 4 * count));
  }

  /** Waits until all that was dispatched has ended, and all that was created is there. */
  finish(): void {
    this.#submit();
    while (this.#pending.length > 0) this.#awaitSubmission();
    this.#throwFailure();
  }

  /** Makes the device fail as a driver that resets it does; for tests. */
  lose(): void {
    this.#send({ kind: 'lose' });
  }

  close(): void {
    this.#send({ kind: 'close' });
    this.#channel.close();
  }

  #read(buffer: DeviceBuffer, at: number, bytes: number): ArrayBuffer {
    this.#submit();
    const seq = ++this.#sequence;
    this.#send({ kind: 'read', seq, buffer: buffer.id, at, bytes });
    const reply = this.#receive(seq);
    this.#throwFailure();
    return reply.bytes!.buffer as ArrayBuffer;
  }

  /** Hands over what was dispatched, without waiting. */
  #post(): void {
    if (this.#dispatches.count === 0) return;
    const { dispatches, params } = this.#dispatches.take();
    this.#work = 0;
    const seq = ++this.#sequence;
    this.#send({ kind: 'run', seq, dispatches, params });
    this.#pending.push(seq);
  }

  #submit(): void {
    this.#post();
    while (this.#pending.length > MAX_PENDING) this.#awaitSubmission();
    this.#throwFailure();
  }

  #awaitSubmission(): void {
    const seq = this.#pending.shift()!;
    this.#receive(seq);
  }

  /** The reply with this number. Calls `pulse` after it, and every PULSE_MS before. */
  #receive(seq: number): Reply {
    for (;;) {
      const seen = Atomics.load(this.#signal, 0);
      for (const reply of this.#arrived()) this.#replies.set(reply.seq, reply);
      const reply = this.#replies.get(seq);
      if (reply) {
        this.#replies.delete(seq);
        if (seq > 0) this.#failure ??= reply.failure;
        this.pulse();
        return reply;
      }
      if (Atomics.wait(this.#signal, 0, seen, PULSE_MS) === 'timed-out') this.pulse();
    }
  }

  *#arrived(): Generator<Reply> {
    // Node takes a broadcast channel here, its types only a port.
    const channel = this.#channel as unknown as MessagePort;
    for (let next = receiveMessageOnPort(channel); next; next = receiveMessageOnPort(channel))
      yield next.message as Reply;
  }

  #throwFailure(): void {
    if (this.#failure === null) return;
    const { kind, message } = this.#failure;
    if (kind === 'memory') throw new TooLargeError(`engine "webgpu": the device has no room: ${message}`);
    throw new DeviceError(`engine "webgpu": the device ${kind === 'lost' ? 'is lost' : 'fails'}: ${message}`);
  }

  #send(request: Request): void {
    this.#channel.postMessage(request);
  }
}

/** @param trouble ends with what to do, after a semicolon */
function unavailable(trouble: string): EngineUnavailableError {
  return new EngineUnavailableError(`engine "webgpu" is not available: ${trouble}`);
}
