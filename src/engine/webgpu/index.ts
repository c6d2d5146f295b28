/**
 * The engine on GPUs by WebGPU (Vulkan, Metal or Direct3D 12), through the optional package `webgpu`: float32 kernels whose
 * sums have a fixed order. One device with one driver gives the same bits; other devices may give others.
 */
import type { Engine, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { refuseTooLarge } from '../refuse-too-large.js';
import { KEPT_BYTES } from './contenders.js';
import { Device } from './device.js';
import { CHUNK, VECTORS } from './kernels/statistics.js';
import { FLOAT, padded, rowsAtOnce } from './layout.js';
import { WebgpuNetwork } from './network.js';
import { KEPT_COLUMNS } from './select-squared.js';
import { workspaceBytes } from './workspace.js';

/** Bytes of a stored entry of the inputs: a column and a value. */
const ENTRY = 6;
const DOUBLE = 8;
/** More than any device has. WebGPU does not tell how much there is: an allocation that fails is the trajectory's fault. */
const MEMORY_LIMIT = 192 * 2 ** 30;

/** @throws EngineUnavailableError (ENGINE_UNAVAILABLE), with what is missing, if there is no package or no adapter */
export function createWebgpuEngine(connect = () => new Device()): Engine {
  let device = connect();
  const { description, isSoftware } = device;
  const engine: Engine = {
    name: 'webgpu',
    numerics: NUMERICS.webgpu,
    kernels: description,
    warning: isSoftware
      ? `engine webgpu computes on the processor (${description}), many times slower than wasm; install the driver of a GPU`
      : null,
    memoryBytes,
    memoryLimitBytes: MEMORY_LIMIT,
    open(problem) {
      refuseTooLarge(engine, problem);
      if (device.isBroken) {
        device.close();
        device = connect();
      }
      return new WebgpuNetwork(device, problem);
    },
  };
  return engine;
}

/** Bytes on the device, and of the host's copies on their way there. */
function memoryBytes(shape: Shape): number {
  const { datasetSize, width, columns, batchSize, momentum, entriesPerRow } = shape;
  const matrix = padded(width) * padded(columns);
  const rows = Math.min(padded(datasetSize), rowsAtOnce(width, columns));
  const matrices = 1 + Number(momentum) + Number(batchSize > rows);
  const activations = padded(datasetSize) * padded(width);
  const partial = Math.ceil(datasetSize / CHUNK) * padded(width) * VECTORS;
  const inputs = datasetSize * (2 * ENTRY * entriesPerRow + FLOAT * (VECTORS + 8));
  const device = FLOAT * (matrix * matrices + activations + partial) + workspaceBytes(rows, width, columns);
  const columnsKept = Math.min(KEPT_BYTES, FLOAT * width * datasetSize) + FLOAT * width * KEPT_COLUMNS;
  return device + inputs + 2 * FLOAT * matrix + columnsKept + DOUBLE * (6 * width + 6 * datasetSize);
}
