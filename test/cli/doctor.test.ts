import { mkdirSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOL_VERSION } from '../../src/base/paths.js';
import type { DoctorReport } from '../../src/doctor/report.js';
import { writeSmallSet } from '../data/fixtures.js';
import { Workplace } from '../support/program.js';
import { freePort, hasRedis, RedisServer, WITHOUT_REDIS } from '../support/redis.js';

let work: Workplace;
beforeAll(() => {
  work = new Workplace();
  mkdirSync(work.path('home'));
});
afterAll(() => work.remove());

/** A home, and no module of TensorFlow.js or driver of a GPU that the machine may have. */
const variables = () => ({
  HOME: work.path('home'),
  ESPALIER_TFJS_MODULE: 'no-such-module',
  VK_DRIVER_FILES: '/no-such-driver.json',
});
const doctor = (env: Record<string, string>, ...args: string[]) =>
  work.startWith({ ...variables(), ...env }, 'doctor', ...args).ended;
const reported = (stdout: string): DoctorReport => JSON.parse(stdout);

describe('doctor', () => {
  it('says what is there and what is missing, without naming host or home', async () => {
    writeSmallSet(join(work.path('home'), 'data', 'mnist'));
    const env = { ESPALIER_DATA_DIR: join(work.path('home'), 'data'), ESPALIER_KERNELS: 'wasm' };
    const { code, stdout, stderr } = await doctor(env, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = reported(stdout);
    expect(report).toMatchObject({
      espalier: { version: TOOL_VERSION },
      node: { version: process.version, oldest: '20.19' },
      machine: { platform: process.platform, architecture: process.arch },
      sqlite: { version: expect.stringMatching(/^3\.\d+\.\d+$/), problem: null },
      png: { problem: null },
      engines: [
        { name: 'wasm', available: true, kernels: 'wasm', problem: null },
        { name: 'reference', available: true, kernels: null, problem: null },
        {
          name: 'tfjs',
          available: false,
          problem: expect.stringMatching(/^no-such-module is not installed; run/),
        },
        {
          name: 'webgpu',
          available: false,
          problem: expect.stringMatching(/^no adapter was found[^;]*; [^;]+$/),
        },
      ],
      datasets: [
        { name: 'digits', found: true },
        { name: 'mnist', found: true, folder: join('~', 'data', 'mnist') },
        { name: 'fashion-mnist', found: false },
      ],
      folder: { freeBytes: expect.any(Number), problem: null },
      queue: null,
      environment: {
        ESPALIER_KERNELS: 'wasm',
        ESPALIER_DATA_DIR: join('~', 'data'),
        VK_DRIVER_FILES: '/no-such-driver.json',
      },
    });
    expect(report.advice.map(({ level, what }) => `${level}: ${what}`)).toEqual([
      'note: engine tfjs is not there; no sweep needs it',
      'note: engine webgpu is not there; no sweep needs it',
      'note: not found: fashion-mnist',
    ]);
    for (const secret of [hostname(), work.path('home'), homedir()].filter(name => name.length > 1))
      expect(stdout).not.toContain(secret);
  });

  it('fits on a screen, and shows no password of a server that is not there', async () => {
    const port = await freePort();
    const env = { ESPALIER_QUEUE: `redis://me:hunter2@127.0.0.1:${port}`, ESPALIER_KERNELS: 'none' };
    const { code, stdout, stderr } = await doctor(env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(stdout).toMatch(/^engine wasm +not there: ESPALIER_KERNELS: found "none", expected auto/m);
    expect(stdout).toMatch(
      new RegExp(`^error: redis://127.0.0.1:${port} cannot be reached: .*\\n  start`, 'm'),
    );
    expect(stdout).toMatch(/^error: engine wasm: .*\n {2}unset or mend ESPALIER_KERNELS$/m);
    expect(stdout).not.toContain('hunter2');
    expect(stdout.split('\n').length).toBeLessThan(40);
  });

  it('refuses an address that is none', async () => {
    const { code, stdout, stderr } = await doctor({}, '--queue', 'http://me:hunter2@host');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^espalier: --queue: found "http:\/\/host", expected a Redis server[^\n]*\n$/);
  });

  it.skipIf(!hasRedis)(`reaches a server (${WITHOUT_REDIS})`, async () => {
    const server = await RedisServer.start('--maxmemory-policy', 'allkeys-lru');
    try {
      const { code, stdout } = await doctor({}, '--queue', server.url, '--json');
      const { queue, advice } = reported(stdout);
      expect({ code, queue }).toMatchObject({
        code: 0,
        queue: { reachable: true, roundTripMs: expect.any(Number), problem: null },
      });
      expect(advice.map(({ remedy }) => remedy)).toContainEqual(expect.stringContaining('noeviction'));
    } finally {
      await server.remove();
    }
  });
});
