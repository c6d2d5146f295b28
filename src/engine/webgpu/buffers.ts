/** Buffers that are released together. */
import type { Device, DeviceBuffer } from './device.js';

export class Buffers {
  readonly #device: Device;
  readonly #held = new Set<DeviceBuffer>();

  constructor(device: Device) {
    this.#device = device;
  }

  create(bytes: number): DeviceBuffer {
    const buffer = this.#device.create(bytes);
    this.#held.add(buffer);
    return buffer;
  }

  createFrom(values: ArrayBufferView): DeviceBuffer {
    const buffer = this.create(values.byteLength);
    this.#device.upload(buffer, values);
    return buffer;
  }

  /** Releases these, or all that are held. */
  release(...buffers: readonly DeviceBuffer[]): void {
    for (const buffer of buffers.length > 0 ? buffers : [...this.#held]) {
      this.#device.destroy(buffer);
      this.#held.delete(buffer);
    }
  }
}
