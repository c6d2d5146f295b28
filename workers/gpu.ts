/** Entry of a worker thread: owns the GPU devices of the process. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveDevices } from '../src/engine/webgpu/host.js';
import type { HostData } from '../src/engine/webgpu/protocol.js';

serveDevices(parentPort!, workerData as HostData);
