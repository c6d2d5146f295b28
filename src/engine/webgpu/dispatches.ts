/** Dispatches that wait for their submission, in the form in which the host receives them. */
import type { Kernel } from './kernel.js';
import { MAX_DISPATCHES, PARAMS_STRIDE } from './protocol.js';

export class Dispatches {
  /** Groups of bindings by kernel and buffers. */
  readonly #groups = new Map<Kernel, Map<string, number>>();
  readonly #groupsOfBuffer = new Map<number, { kernel: Kernel; key: string; group: number }[]>();
  #created = 0;
  #commands: number[] = [];
  #params = new DataView(new ArrayBuffer(MAX_DISPATCHES * PARAMS_STRIDE));
  #count = 0;

  /** At most MAX_DISPATCHES. */
  get count(): number {
    return this.#count;
  }

  /** The number of a kernel's bindings to these buffers. `create` is called with a number that is new. */
  groupOf(kernel: Kernel, buffers: readonly number[], create: (group: number) => void): number {
    const ofKernel = this.#groups.get(kernel) ?? new Map<string, number>();
    this.#groups.set(kernel, ofKernel);
    const key = buffers.join();
    const known = ofKernel.get(key);
    if (known !== undefined) return known;
    const group = this.#created++;
    ofKernel.set(key, group);
    for (const buffer of new Set(buffers)) {
      const used = this.#groupsOfBuffer.get(buffer) ?? [];
      used.push({ kernel, key, group });
      this.#groupsOfBuffer.set(buffer, used);
    }
    create(group);
    return group;
  }

  /** Forgets the groups with this buffer, and returns their numbers. */
  forget(buffer: number): number[] {
    const used = this.#groupsOfBuffer.get(buffer) ?? [];
    this.#groupsOfBuffer.delete(buffer);
    for (const { kernel, key } of used) this.#groups.get(kernel)!.delete(key);
    return used.map(({ group }) => group);
  }

  add(kernel: Kernel, group: number, params: Readonly<Record<string, number>>, x: number, y: number): void {
    const base = this.#count * PARAMS_STRIDE;
    for (const [i, [name, type]] of kernel.params.entries()) {
      if (type === 'u32') this.#params.setUint32(base + 4 * i, params[name]!, true);
      else this.#params.setFloat32(base + 4 * i, params[name]!, true);
    }
    this.#commands.push(group, x, y);
    this.#count++;
  }

  take(): { dispatches: Uint32Array; params: Uint8Array } {
    const dispatches = Uint32Array.from(this.#commands);
    const params = new Uint8Array(this.#params.buffer.slice(0, this.#count * PARAMS_STRIDE));
    this.#commands = [];
    this.#count = 0;
    return { dispatches, params };
  }
}
