/** One thread's device, on the side of the host: carries out its requests in order. */
import { firstLine } from '../../base/first-line.js';
import { type Failure, MAX_DISPATCHES, PARAMS_STRIDE, type Reply, type Request } from './protocol.js';

interface LoadedKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

interface Group {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
}

/** The host itself ends a connection. */
type Carried = Exclude<Request, { kind: 'close' }>;

export class Connection {
  readonly #device: GPUDevice;
  readonly #send: (reply: Reply) => void;
  readonly #params: GPUBuffer;
  readonly #buffers = new Map<number, GPUBuffer>();
  readonly #kernels = new Map<number, LoadedKernel>();
  readonly #groups = new Map<number, Group>();
  /** The package ends the process if a thread ends while one of its promises is pending. */
  readonly #pending = new Set<Promise<unknown>>();
  #failure: Failure | null = null;
  #isClosed = false;

  constructor(device: GPUDevice, send: (reply: Reply) => void) {
    this.#device = device;
    this.#send = send;
    const { UNIFORM, COPY_DST } = GPUBufferUsage;
    this.#params = device.createBuffer({
      size: MAX_DISPATCHES * PARAMS_STRIDE,
      usage: UNIFORM | COPY_DST,
    });
    device.addEventListener('uncapturederror', ({ error }) => {
      const isMemory = error instanceof GPUOutOfMemoryError;
      this.#fail({ kind: isMemory ? 'memory' : 'fault', message: firstLine(error) });
    });
    void device.lost.then(({ message }) => this.#fail({ kind: 'lost', message: firstLine(message) }));
  }

  handle(request: Carried): void {
    if (this.#isClosed) return;
    try {
      this.#carryOut(request);
    } catch (error) {
      this.#fail({ kind: 'fault', message: firstLine(error) });
      if ('seq' in request) this.#reply(request.seq);
    }
  }

  #carryOut(request: Carried): void {
    switch (request.kind) {
      case 'create':
        this.#create(request.buffer, request.bytes);
        return;
      case 'destroy':
        for (const group of request.groups) this.#groups.delete(group);
        this.#buffers.get(request.buffer)?.destroy();
        this.#buffers.delete(request.buffer);
        return;
      case 'upload':
        this.#device.queue.writeBuffer(
          this.#buffers.get(request.buffer)!,
          request.at,
          request.bytes as Uint8Array<ArrayBuffer>,
        );
        return;
      case 'kernel':
        this.#kernels.set(request.kernel, this.#load(request.source));
        return;
      case 'group':
        this.#groups.set(request.group, this.#bind(request.kernel, request.buffers));
        return;
      case 'run':
        this.#run(request);
        return;
      case 'read':
        this.#read(request);
        return;
      case 'lose':
        // Asked for by tests: the device goes as it does when a driver resets it.
        this.#device.destroy();
        return;
    }
  }

  #create(buffer: number, bytes: number): void {
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    this.#device.pushErrorScope('out-of-memory');
    const created = this.#device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
    this.#buffers.set(buffer, created);
    this.#keep(
      this.#device.popErrorScope().then(error => {
        if (error) this.#fail({ kind: 'memory', message: firstLine(error) });
      }),
    );
  }

  #load({ name, wgsl, writes }: Extract<Request, { kind: 'kernel' }>['source']): LoadedKernel {
    const buffer = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type, hasDynamicOffset: binding === 0 },
    });
    const layout = this.#device.createBindGroupLayout({
      label: name,
      entries: [
        buffer(0, 'uniform'),
        ...writes.map((isWritten, i) => buffer(i + 1, isWritten ? 'storage' : 'read-only-storage')),
      ],
    });
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.#device.createShaderModule({ label: name, code: wgsl }) },
    });
    return { pipeline, layout };
  }

  #bind(kernel: number, buffers: readonly number[]): Group {
    const { pipeline, layout } = this.#kernels.get(kernel)!;
    const entries = buffers.map((id, i) => ({
      binding: i + 1,
      resource: { buffer: this.#buffers.get(id)! },
    }));
    const params = { binding: 0, resource: { buffer: this.#params, size: PARAMS_STRIDE } };
    const bindings = this.#device.createBindGroup({ layout, entries: [params, ...entries] });
    return { pipeline, bindings };
  }

  #run({ seq, dispatches, params }: Extract<Request, { kind: 'run' }>): void {
    const { queue } = this.#device;
    queue.writeBuffer(this.#params, 0, params as Uint8Array<ArrayBuffer>);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let current: GPUComputePipeline | null = null;
    for (let at = 0; at < dispatches.length; at += 3) {
      const { pipeline, bindings } = this.#groups.get(dispatches[at]!)!;
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, bindings, [(at / 3) * PARAMS_STRIDE]);
      pass.dispatchWorkgroups(dispatches[at + 1]!, dispatches[at + 2]!);
    }
    pass.end();
    queue.submit([encoder.finish()]);
    this.#keep(queue.onSubmittedWorkDone().then(() => this.#settled(seq)));
  }

  #read({ seq, buffer, at, bytes }: Extract<Request, { kind: 'read' }>): void {
    const { MAP_READ, COPY_DST } = GPUBufferUsage;
    const copy = this.#device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#buffers.get(buffer)!, at, copy, 0, bytes);
    this.#device.queue.submit([encoder.finish()]);
    const reading = copy.mapAsync(GPUMapMode.READ).then(
      async () => {
        const content = new Uint8Array(copy.getMappedRange()).slice();
        copy.destroy();
        await this.#settled(seq, content);
      },
      (error: unknown) => {
        this.#fail({ kind: 'fault', message: firstLine(error) });
        return this.#settled(seq);
      },
    );
    this.#keep(reading);
  }

  /** Replies once all earlier allocations are known to have succeeded or not. */
  async #settled(seq: number, bytes?: Uint8Array): Promise<void> {
    this.#device.pushErrorScope('validation');
    await this.#device.popErrorScope();
    this.#reply(seq, bytes);
  }

  #reply(seq: number, bytes?: Uint8Array): void {
    if (!this.#isClosed) this.#send({ seq, failure: this.#failure, ...(bytes && { bytes }) });
  }

  /** The first failure is the cause of those that follow; a lost device is worse than any. */
  #fail(failure: Failure): void {
    if (this.#failure === null || (failure.kind === 'lost' && this.#failure.kind === 'fault'))
      this.#failure = failure;
  }

  #keep(promise: Promise<unknown>): void {
    const kept = promise.catch((error: unknown) => this.#fail({ kind: 'lost', message: firstLine(error) }));
    this.#pending.add(kept);
    void kept.finally(() => this.#pending.delete(kept));
  }

  /** Waits for what is under way and releases the device. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    this.#device.destroy();
    await this.#device.lost;
  }
}
