import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adviseOn, type Examined } from '../../src/doctor/advice.js';

/** A machine that lacks nothing. */
const WHOLE: Examined = {
  espalier: { version: '1.0.0', gitRevision: null, gitDirty: null },
  node: { version: 'v20.19.0', oldest: '20.19', npm: null },
  machine: {
    platform: 'linux',
    architecture: 'x64',
    release: '6.1',
    cpu: 'a CPU',
    cores: 2,
    usableCores: 2,
    memoryBytes: 8e9,
    usableMemoryBytes: 8e9,
  },
  sqlite: { version: '3.50.0', problem: null },
  png: { version: null, problem: null },
  engines: [{ name: 'wasm', available: true, kernels: 'native-256', problem: null }],
  datasets: [{ name: 'mnist', folder: '/data/mnist', found: true, problems: [] }],
  dataPlaces: [],
  folder: { freeBytes: 1e11, problem: null },
  queue: { address: 'redis://host', reachable: true, roundTripMs: 1, problem: null, advice: [] },
  environment: {},
};
const CLONE = join('/home', 'me', 'espalier');
const PACKAGE = join('/home', 'me', 'project', 'node_modules', 'espalier');

const wasm = (state: object) => ({ engines: [{ ...WHOLE.engines[0]!, ...state }] });

it('gives no advice where nothing is missing', () => {
  expect(adviseOn(WHOLE, CLONE)).toEqual([]);
});

describe('says what to do about', () => {
  const cases: [string, Partial<Examined>, 'error' | 'note', RegExp, RegExp][] = [
    [
      'SQLite',
      { sqlite: { version: null, problem: 'not built' } },
      'error',
      /not built/,
      /rebuild better-sqlite3/,
    ],
    ['PNG', { png: { version: null, problem: 'missing' } }, 'error', /missing/, /npm ci/],
    [
      'the default engine',
      wasm({ available: false, problem: 'not built' }),
      'error',
      /wasm/,
      /npm run build$/,
    ],
    ['native kernels', wasm({ kernels: 'wasm' }), 'note', /twice the time/, /g\+\+.*npm run build:native/],
    ['a warning', wasm({ problem: 'other bits' }), 'note', /other bits/, /report it/],
    ['a remedy', wasm({ problem: 'slow; install a driver' }), 'note', /^slow$/, /^install a driver$/],
    [
      'another engine',
      {
        engines: [
          WHOLE.engines[0]!,
          { name: 'tfjs', available: false, kernels: null, problem: 'it is missing; run npm install it' },
        ],
      },
      'note',
      /tfjs/,
      /^run npm install it$/,
    ],
    [
      'data sets',
      { datasets: [{ name: 'mnist', folder: null, found: false, problems: [] }] },
      'note',
      /mnist/,
      /data fetch mnist/,
    ],
    [
      'a folder of data that cannot be read',
      { datasets: [{ name: 'mnist', folder: '/d', found: true, problems: ['/e: no permission'] }] },
      'note',
      /\/e: no permission/,
      /ESPALIER_DATA_DIR/,
    ],
    ['a network folder', { folder: { freeBytes: 1, problem: 'nfs' } }, 'error', /nfs/, /local disk/],
    ['a full disk', { folder: { freeBytes: 1, problem: null } }, 'note', /full/, /espalier plan/],
    [
      'a server without an answer',
      { queue: { ...WHOLE.queue!, problem: 'no answer' } },
      'error',
      /no answer/,
      /ESPALIER_QUEUE/,
    ],
    ['an evicting server', { queue: { ...WHOLE.queue!, advice: ['lru'] } }, 'note', /lru/, /noeviction/],
  ];
  it.each(cases)('%s', (_, change, level, what, remedy) => {
    expect(adviseOn({ ...WHOLE, ...change }, CLONE)).toEqual([
      { level, what: expect.stringMatching(what), remedy: expect.stringMatching(remedy) },
    ]);
  });
});

it('says what to do in an installed package, on another system, and with ESPALIER_KERNELS', () => {
  const remedy = (change: Partial<Examined>, root = PACKAGE) =>
    adviseOn({ ...WHOLE, ...change }, root).map(each => each.remedy);
  expect(remedy(wasm({ available: false, problem: 'x' }))).toEqual(['install espalier again']);
  const machine = { ...WHOLE.machine, platform: 'darwin' };
  expect(remedy({ ...wasm({ kernels: 'wasm' }), machine })).toEqual([
    'install a C++ compiler (xcode-select --install), then run npm rebuild espalier',
  ]);
  expect(
    remedy({ sqlite: { version: null, problem: 'x' }, machine: { ...machine, platform: 'win32' } }),
  ).toEqual([expect.stringContaining('WSL')]);
  const environment = { ESPALIER_KERNELS: 'wasm' };
  expect(remedy({ ...wasm({ kernels: 'wasm' }), environment })).toEqual([]);
  expect(remedy({ ...wasm({ available: false, problem: 'x' }), environment })).toEqual([
    'unset or mend ESPALIER_KERNELS',
  ]);
});

it('puts errors first', () => {
  const change = { ...wasm({ kernels: 'wasm' }), queue: { ...WHOLE.queue!, problem: 'no answer' } };
  expect(adviseOn({ ...WHOLE, ...change }, CLONE).map(({ level }) => level)).toEqual(['error', 'note']);
});
