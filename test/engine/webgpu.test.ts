/** The webgpu engine, as far as it is quick: its answers, and what becomes of it when something fails. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { DeviceError, StoppedError } from '../../src/base/errors.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import type { Engine, Network, Problem } from '../../src/engine/engine.js';
import { NUMERICS } from '../../src/engine/numerics.js';
import { Device } from '../../src/engine/webgpu/device.js';
import { createWebgpuEngine } from '../../src/engine/webgpu/index.js';
import { missingParts } from '../../src/engine/webgpu/package.js';
import { FLOAT32 } from '../support/engines.js';
import { makeBatches, makeInputs, makeProblem } from '../support/problems.js';
import { tryWebgpu, WEBGPU_ENVIRONMENT } from '../support/webgpu.js';
import { expectBest, OBJECTIVES } from './conformance/exhaustive.js';
import { expectSameBits, trained, withNetwork } from './conformance/subject.js';
import { candidateLosses, distance, NaiveNetwork } from './naive.js';

const tried = tryWebgpu();
if (tried instanceof Error) console.log(`skipped: webgpu (${tried.message})`);
const engine = () => tried as Engine;

const ENGINE_URL = pathToFileURL(join(PACKAGE_ROOT, 'dist/src/engine/index.js')).href;
const folder = mkdtempSync(join(tmpdir(), 'espalier-webgpu-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module that opens a network on 500 samples as `network`, whose 20,000 steps take long, and goes on with `code`. */
function busyProgram(code: string): string {
  const file = join(folder, `busy-${Math.random()}.mjs`);
  const problem = makeProblem({ width: 200, rows: 500, columns: 100, density: 0.2, batchSize: 128 });
  const plain = JSON.stringify({ ...problem, pulse: null }, (_, value) =>
    ArrayBuffer.isView(value) ? { type: value.constructor.name, values: [...(value as Uint8Array)] } : value,
  );
  writeFileSync(
    file,
    `import { createEngine } from ${JSON.stringify(ENGINE_URL)};
     const problem = JSON.parse(${JSON.stringify(plain)}, (_, value) =>
       value?.type ? globalThis[value.type].from(value.values) : value);
     const engine = await createEngine('webgpu');
     const steps = 20_000;
     const batches = new Int32Array(steps * problem.batchSize);
     ${code}`,
  );
  return file;
}

describe.skipIf(tried instanceof Error)('the webgpu engine', () => {
  it('names its device', () => {
    expect(engine().numerics).toBe(NUMERICS.webgpu);
    expect(engine().kernels).toMatch(/^(vulkan|metal|d3d12): \S.{0,90}$/);
  });

  it.each([
    { activation: 'tanh', loss: 'logistic', layers: 'both', momentum: 0.5, learningRate: 0.1 },
    { weightDecay: 0.01, scaling: 'ntk', multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1], learningRate: 0.3 },
    { activation: 'softplus', offset: -0.4, bias: true, batchSize: 37, learningRate: 0.1 },
  ] as const)('trains, and gives outputs, by the definition: %o', options => {
    const problem = makeProblem(options);
    const batches = makeBatches(problem, 20);
    const naive = new NaiveNetwork(problem);
    expect(naive.train(batches, 20)).toBeNull();
    const other = makeInputs({ ...options, rows: 70, seed: 5 });
    withNetwork(engine(), problem, network => {
      network.train(batches, 20);
      const { weights } = network.state();
      const moved = distance(naive.a.flat(), problem.state.weights);
      expect(distance(weights, naive.a.flat()) / moved).toBeLessThan(FLOAT32.training);
      naive.setState(network.state());
      const expected = naive.x.map(x => naive.output(x));
      expect(distance(network.outputs(problem.inputs), expected)).toBeLessThan(1e-4);
      expect(distance(network.activate().outputs, expected)).toBeLessThan(1e-4);
      expect(network.outputs(other)).toHaveLength(70);
    });
  });

  it('a batch in parts gives the gradient of the whole', () => {
    const problem = makeProblem({ rows: 2500, batchSize: 2500, momentum: 0.5, layers: 'both' });
    const naive = new NaiveNetwork(problem);
    const batches = makeBatches(problem, 2);
    naive.train(batches, 2);
    withNetwork(engine(), problem, network => {
      network.train(batches, 2);
      const { weights, signs } = network.state();
      expect(distance(weights, naive.a.flat())).toBeLessThan(1e-5);
      expect(distance(signs, naive.b)).toBeLessThan(1e-5);
    });
  });

  it.each(OBJECTIVES)('picks are the argmin over its own activations, in float64 (%s)', objective => {
    const problem = makeProblem({ width: 50, rows: 60, columns: 20 });
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, 10), 10);
      const activations = network.activate();
      // The mean of one pick is exactly its output.
      const phi = Array.from({ length: 50 }, (_, q) => [
        ...activations.subnetOutputs(Int32Array.of(q), [1])[0]!,
      ]);
      const labels = [...problem.labels];
      const samples = Int32Array.from({ length: 15 * 12 }, (_, i) => 5 * (i % 12) + (Math.floor(i / 12) % 5));
      for (const listed of [null, samples]) {
        const { picks } = activations.greedy(objective, 15, listed);
        expectBest(FLOAT32, phi, labels, objective, picks, { samples: listed });
        for (const [j, pick] of picks.entries()) {
          const looked = listed?.subarray(12 * j, 12 * (j + 1));
          const { losses } = candidateLosses(phi, labels, objective, [...picks.slice(0, j)], looked);
          const best = Math.min(...losses);
          expect((losses[pick]! - best) / Math.max(best, 1e-3)).toBeLessThan(1e-12);
        }
      }
    });
  });

  it('hundreds of equal neurons are one candidate', () => {
    const plain = makeProblem({ width: 300, columns: 6, activation: 'softplus' });
    const state = { ...plain.state, weights: new Float32Array(300 * 6) };
    withNetwork(engine(), { ...plain, state }, network => {
      const activations = network.activate();
      for (const objective of OBJECTIVES) {
        const firsts = [plain.state.signs.indexOf(1), plain.state.signs.indexOf(-1)];
        for (const pick of activations.greedy(objective, 8, null).picks) expect(firsts).toContain(pick);
      }
    });
  });

  it('the same problem gives the same bits, also on another device of the process', () => {
    const problem = makeProblem({ momentum: 0.5, layers: 'both', loss: 'logistic' });
    const batches = makeBatches(problem, 10);
    expectSameBits(trained(createWebgpuEngine(), problem, batches), trained(engine(), problem, batches));
  });

  it('refuses a closed network and dropped activations', () => {
    const problem = makeProblem();
    const network = engine().open(problem);
    const activations = network.activate();
    network.train(makeBatches(problem, 1), 1);
    expect(() => activations.greedy('squared', 1, null)).toThrow(/dropped/);
    network.close();
    expect(() => network.outputs(problem.inputs)).toThrow(/closed/);
  });

  it('state is there after a pulse that throws', () => {
    let isStopping = false;
    const pulse = () => {
      if (isStopping) throw new StoppedError();
    };
    const problem = makeProblem({ pulse });
    const batches = makeBatches(problem, 10);
    const network = engine().open(problem);
    network.train(batches, 10);
    isStopping = true;
    expect(() => network.outputs(problem.inputs)).toThrow(StoppedError);
    expectSameBits(network.state(), trained(engine(), { ...problem, pulse: () => {} }, batches));
    network.close();
  });
});

describe.skipIf(tried instanceof Error)('a failure of the webgpu engine', () => {
  it('a lost device fails its networks, not others, and the next network gets a new one', () => {
    const devices: Device[] = [];
    const own = createWebgpuEngine(() => {
      devices.push(new Device());
      return devices.at(-1)!;
    });
    const problem = makeProblem();
    const batches = makeBatches(problem, 10);
    const expected = trained(own, problem, batches);
    const train = (network: Network) => () => network.train(batches, 10);
    const [lost, other] = [own.open(problem), engine().open(problem)];
    devices[0]!.lose();
    for (const use of [train(lost), () => lost.state(), () => lost.activate(), () => own.open(problem)]) {
      if (devices[0]!.isBroken && use.length === 0) break;
      expect(use).toThrow(DeviceError);
    }
    expect(() => lost.state()).toThrow(/^engine "webgpu": the device is lost/);
    lost.close();
    train(other)();
    expectSameBits(other.state(), expected);
    other.close();
    expectSameBits(trained(own, problem, batches), expected);
    expect(devices).toHaveLength(2);
  });

  it('a buffer that the device does not allow is too large, in one line', () => {
    const device = new Device();
    expect(() => device.create(device.maxBufferBytes + 16)).toThrow(
      /^engine "webgpu": a buffer of \d+ bytes/,
    );
    device.close();
  });

  it('a thread that is killed while its device computes leaves the others alone', async () => {
    const busy = new Worker(
      busyProgram(`
        const { parentPort } = await import('node:worker_threads');
        let pulses = 0;
        const pulse = () => { if (++pulses === 3) parentPort.postMessage('busy'); };
        engine.open({ ...problem, pulse }).train(batches, steps);`),
    );
    await new Promise((resolve, reject) => busy.once('message', resolve).once('error', reject));
    await busy.terminate();
    const problem: Problem = makeProblem();
    const batches = makeBatches(problem, 10);
    expectSameBits(trained(engine(), problem, batches), trained(engine(), problem, batches));
  });

  it('a process ends in order right after its devices are closed', () => {
    const url = pathToFileURL(join(PACKAGE_ROOT, 'dist/src/engine/webgpu/device.js')).href;
    const code = `import(${JSON.stringify(url)}).then(({ Device }) => {
      const devices = Array.from({ length: 4 }, () => new Device());
      for (const device of devices) for (let i = 0; i < 50; i++) device.create(1000);
      for (const device of devices) device.close();
    })`;
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', code], {
      env: { ...process.env, ...WEBGPU_ENVIRONMENT },
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  });

  it('a process ends in order while its device computes', () => {
    const program = busyProgram(`
      let pulses = 0;
      const pulse = () => { if (++pulses === 3) process.exit(7); };
      engine.open({ ...problem, pulse }).train(batches, steps);`);
    const { status, signal } = spawnSync(process.execPath, [program], {
      env: { ...process.env, ...WEBGPU_ENVIRONMENT },
      timeout: 60_000,
    });
    expect({ status, signal }).toEqual({ status: 7, signal: null });
  });
});

describe('what the webgpu engine lacks', () => {
  const load = (env: Record<string, string>): string => {
    const code = `import(${JSON.stringify(ENGINE_URL)}).then(m => m.createEngine('webgpu')).then(
      () => console.log('ready'), error => console.log(error.code + ' ' + error.message))`;
    const { stdout } = spawnSync(process.execPath, ['-e', code], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    return stdout;
  };

  it.skipIf(process.platform !== 'linux')('a driver that is not there is named in one line', () => {
    expect(load({ VK_DRIVER_FILES: '/no/driver.json', VK_ICD_FILENAMES: '' })).toMatch(
      /^ENGINE_UNAVAILABLE engine "webgpu" is not available: no adapter was found[^;\n]*; [^;\n]+\n$/,
    );
  });

  it('says what to do', () => {
    const linux = (env: NodeJS.ProcessEnv) => missingParts('linux', env);
    expect(missingParts('win32', {})).toBe('install the driver of the GPU');
    expect(linux({ ESPALIER_WEBGPU_ADAPTER: 'RTX' })).toMatch(
      /^ESPALIER_WEBGPU_ADAPTER asks for one named "RTX"/,
    );
    const withLoader = join(folder, 'lib');
    writeFileSync(join(folder, 'libvulkan.so.1'), '');
    expect(linux({ LD_LIBRARY_PATH: folder, VK_DRIVER_FILES: `${withLoader}/a.json` })).toMatch(
      /lib\/a\.json does not exist: correct VK_DRIVER_FILES/,
    );
    writeFileSync(join(folder, 'a_icd.json'), '{}');
    expect(linux({ LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: join(folder, 'a_icd.json') })).toMatch(
      /too old/,
    );
  });
});
