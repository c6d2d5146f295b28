/** What `bench` measures on a GPU itself: the device's limits, and a pass over made-up activations. */
import { Buffers } from '../engine/webgpu/buffers.js';
import { Device } from '../engine/webgpu/device.js';
import { defineKernel } from '../engine/webgpu/kernel.js';
import { VECTORS } from '../engine/webgpu/kernels/statistics.js';
import { padded } from '../engine/webgpu/layout.js';
import { Phi } from '../engine/webgpu/phi.js';
import type { Ceilings } from './ceilings.js';
import type { BenchSizes } from './sizes.js';
import { timeOf } from './timing.js';

/** Workgroups of the ceilings: enough to fill any GPU. */
const GROUPS = 4096;
/** Operations of a thread in one round: eight vec4, multiplied and added. */
const ROUND_OPERATIONS = 64;
/** A measurement takes at least so long, so that asking for it counts for little. */
const LEAST_SECONDS = 0.02;

/** Writes what no compiler can know, so that the arithmetic is done. One value for each workgroup of 64 threads. */
const MULTIPLY_ADD = defineKernel({
  name: 'ceiling of multiply-adds',
  params: { rounds: 'u32', factor: 'f32', term: 'f32' },
  buffers: { result: 'write array<f32>' },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(global_invocation_id) id: vec3u) {
  let start = vec4f(f32(id.x));
  var a = start; var b = start + 1.0; var c = start + 2.0; var d = start + 3.0;
  var e = start + 4.0; var f = start + 5.0; var g = start + 6.0; var h = start + 7.0;
  for (var i = 0u; i < params.rounds; i++) {
    a = a * params.factor + params.term; b = b * params.factor + params.term;
    c = c * params.factor + params.term; d = d * params.factor + params.term;
    e = e * params.factor + params.term; f = f * params.factor + params.term;
    g = g * params.factor + params.term; h = h * params.factor + params.term;
  }
  let all = ((a + b) + (c + d)) + ((e + f) + (g + h));
  if (all.x + all.y + all.z + all.w != 0.123) { result[group.x] = all.x; }
}`,
});

/** Reads `quads` vec4 once, those of a workgroup's threads side by side. */
const STREAMING_READ = defineKernel({
  name: 'ceiling of reading',
  params: { quads: 'u32' },
  buffers: { given: 'read array<vec4f>', result: 'write array<f32>' },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var i = id.x; i < params.quads; i += ${64 * GROUPS}u) { sum += given[i]; }
  if (sum.x + sum.y + sum.z + sum.w != 0.123) { result[group.x] = sum.x; }
}`,
});

/** Measures both ceilings, in wall time. @param bytes of the device's memory to read */
export async function measureDeviceCeilings(seconds: number, bytes: number): Promise<Ceilings> {
  const device = new Device();
  const buffers = new Buffers(device);
  try {
    const result = buffers.create(4 * GROUPS);
    let rounds = 4;
    const multiplyAdd = () => {
      device.dispatch(MULTIPLY_ADD, { result }, { rounds, factor: 0.5, term: 0.5 }, [GROUPS], 1);
      device.finish();
    };
    multiplyAdd();
    for (;;) {
      const started = performance.now();
      multiplyAdd();
      if (performance.now() - started >= 1000 * LEAST_SECONDS) break;
      rounds *= 4;
    }
    const arithmetic = await timeOf(seconds, multiplyAdd);

    const read = Math.min(bytes, device.maxBufferBytes);
    const given = buffers.create(read);
    const times = Math.max(1, Math.ceil(2 ** 33 / read / (device.isSoftware ? 64 : 1)));
    const reading = await timeOf(seconds, () => {
      for (let i = 0; i < times; i++)
        device.dispatch(STREAMING_READ, { given, result }, { quads: read / 16 }, [GROUPS], 1);
      device.finish();
    });
    return {
      multiplyAddGflops: (rounds * GROUPS * 64 * ROUND_OPERATIONS) / arithmetic.wall / 1e9,
      streamingReadGBs: (times * read) / reading.wall / 1e9,
    };
  } finally {
    buffers.release();
    device.close();
  }
}

/** VECTORS columns of the Gram matrix of made-up activations, with their way to the host. */
export async function deviceGram({ sizes, seconds }: { sizes: BenchSizes; seconds: number }) {
  const { datasetSize: n, width } = sizes;
  const device = new Device();
  const buffers = new Buffers(device);
  try {
    const phi = new Phi(device, buffers, width, n);
    const neurons = Int32Array.from({ length: VECTORS }, (_, i) => i);
    const timing = await timeOf(seconds, () => phi.gram(neurons));
    return {
      work: `Gram pass, ${VECTORS} columns, n = ${n}, N = ${width}`,
      timing,
      operations: 2 * VECTORS * n * width,
      bytes: 4 * n * padded(width),
      passes: 1,
    };
  } finally {
    buffers.release();
    device.close();
  }
}
