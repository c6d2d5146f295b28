/**
 * What the threads of a process and the host of its devices tell each other.
 *
 * A thread announces itself on HOST_CHANNEL and then has a channel of its own. Requests are carried out in the order in
 * which they were sent. After each reply the host raises the connection's `signal`, on which the thread waits.
 */

/** Name of the broadcast channel on which the host listens for new connections. */
export const HOST_CHANNEL = 'espalier-webgpu';
/** Where worker threads see that their process has a host: `getEnvironmentData`. */
export const HOST_RUNS = 'espalier-webgpu-host';
/** The most dispatches of one `run`. */
export const MAX_DISPATCHES = 512;
/** Bytes from the parameters of one dispatch to those of the next: the largest alignment that WebGPU allows a device. */
export const PARAMS_STRIDE = 256;

export interface ConnectRequest {
  readonly channel: string;
  readonly threadId: number;
  /** One Int32 of shared memory, raised by 1 after each reply. */
  readonly signal: Int32Array;
}

/** What the host has to know of a kernel. Binding 0 holds the parameters, binding i the buffer i - 1. */
export interface KernelSource {
  readonly name: string;
  readonly wgsl: string;
  /** Which buffers the kernel writes. */
  readonly writes: readonly boolean[];
}

/** Buffers, kernels and groups of bindings are known by numbers that the thread chooses. */
export type Request =
  | { readonly kind: 'create'; readonly buffer: number; readonly bytes: number }
  | { readonly kind: 'destroy'; readonly buffer: number; readonly groups: readonly number[] }
  | { readonly kind: 'upload'; readonly buffer: number; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'kernel'; readonly kernel: number; readonly source: KernelSource }
  | {
      readonly kind: 'group';
      readonly group: number;
      readonly kernel: number;
      readonly buffers: readonly number[];
    }
  | {
      readonly kind: 'run';
      readonly seq: number;
      /** For each dispatch: its group of bindings, and workgroups in x and y. */
      readonly dispatches: Uint32Array;
      /** PARAMS_STRIDE bytes for each dispatch. */
      readonly params: Uint8Array;
    }
  | {
      readonly kind: 'read';
      readonly seq: number;
      readonly buffer: number;
      readonly at: number;
      readonly bytes: number;
    }
  | { readonly kind: 'lose' }
  | { readonly kind: 'close' };

export interface Failure {
  /** `memory`: the device has no room; `lost`: the device is gone; `fault`: anything else. */
  readonly kind: 'memory' | 'lost' | 'fault';
  readonly message: string;
}

export interface AdapterFacts {
  /** Backend, adapter and driver, in one line of at most 100 characters. */
  readonly description: string;
  /** Whether the adapter computes on the processor. */
  readonly isSoftware: boolean;
  /** The largest buffer that a kernel can be given. */
  readonly maxBufferBytes: number;
}

/** The reply to a ConnectRequest has seq 0. */
export interface Reply {
  readonly seq: number;
  readonly failure: Failure | null;
  readonly adapter?: AdapterFacts;
  readonly bytes?: Uint8Array;
}

/** From the main thread to the host. */
export type Control = { readonly kind: 'threadEnded'; readonly threadId: number } | { readonly kind: 'stop' };

export interface HostData {
  /** One Int32 of shared memory: 1 when the host listens, 2 when it has stopped. */
  readonly state: Int32Array;
}
