import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DataError, StoppedError } from '../../src/base/errors.js';
import { type FetchOptions, type FetchProgress, fetchDataset } from '../../src/data/fetch.js';
import { FILE_NAMES, FILE_ROLES, hash, KNOWN_DATASETS, type KnownDataset } from '../../src/data/registry.js';
import { idxImages, idxLabels, temporaryFolder } from './fixtures.js';

/** Files with the names and sizes of a real data set and contents of our own. */
const CONTENTS = {
  'train-images': idxImages(300, 28, 28),
  'train-labels': idxLabels(Array.from({ length: 300 }, (_, i) => i % 10)),
  'test-images': idxImages(50, 28, 28, 1),
  'test-labels': idxLabels(Array.from({ length: 50 }, (_, i) => i % 10)),
};
// Stored, not deflated: large enough to arrive in pieces.
const PACKED = new Map(
  FILE_ROLES.map(role => [`${FILE_NAMES[role]}.gz`, gzipSync(CONTENTS[role], { level: 0 })]),
);
const FIRST = `${FILE_NAMES['train-images']}.gz`;

const bySha256 = {
  ...KNOWN_DATASETS.mnist,
  checksums: Object.fromEntries(FILE_ROLES.map(role => [role, { sha256: hash('sha256', CONTENTS[role]) }])),
} as unknown as KnownDataset;
const byMd5 = {
  ...KNOWN_DATASETS['fashion-mnist'],
  checksums: Object.fromEntries(
    FILE_ROLES.map(role => [role, { gzipMd5: hash('md5', PACKED.get(`${FILE_NAMES[role]}.gz`)!) }]),
  ),
} as unknown as KnownDataset;

type Answer = (bytes: Buffer, response: ServerResponse, request: IncomingMessage) => void;
const head = (bytes: Buffer) => ({ 'content-length': bytes.length });

/** The behaviour of each mirror; the first part of a URL's path names it. */
const MIRRORS: Record<string, Answer> = {
  good: (bytes, response) => response.writeHead(200, head(bytes)).end(bytes),
  unsized: (bytes, response) => {
    response.write(bytes.subarray(0, 100));
    response.end(bytes.subarray(100));
  },
  slow: (bytes, response) => {
    response.writeHead(200, head(bytes));
    const size = Math.ceil(bytes.length / 8);
    let sent = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(sent, sent + size));
      sent += size;
      if (sent < bytes.length) return;
      clearInterval(timer);
      response.end();
    }, 40);
  },
  stalling: (bytes, response) => {
    response.writeHead(200, head(bytes)).write(bytes.subarray(0, bytes.length / 2));
  },
  silent: () => undefined,
  truncating: (bytes, response) => {
    response.writeHead(200, head(bytes)).write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  },
  // Declares half of the file as the whole.
  halving: (bytes, response) => {
    const half = bytes.subarray(0, bytes.length / 2);
    response.writeHead(200, head(half)).end(half);
  },
  dropping: (_, __, request) => request.socket.destroy(),
  failing: (_, response) => response.writeHead(500).end('out of order'),
  missing: (_, response) => response.writeHead(404).end('never heard of it'),
  moved: (_, response, { url }) =>
    response.writeHead(302, { location: url!.replace('/moved/', '/good/') }).end(),
  circling: (_, response, { url }) => response.writeHead(302, { location: url! }).end(),
  leaving: (_, response) => response.writeHead(302, { location: 'ftp://elsewhere/' }).end(),
  speaking: (_, response) => response.socket!.end('SSH-2.0-some\r\n'),
  wrong: (_, response) => {
    const other = gzipSync(idxImages(300, 28, 28, 7));
    response.writeHead(200, head(other)).end(other);
  },
  portal: (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>'),
  endless: (_, response) => {
    const block = Buffer.alloc(2 ** 22);
    const more = () => {
      while (!response.destroyed && response.write(block));
    };
    response.on('drain', more);
    more();
  },
};

const requested: string[] = [];
/** The number of requests that the mirror `flaky` fails before it works. */
let failuresLeft = 0;
const server = createServer((request, response) => {
  requested.push(request.url!);
  const [, mirror, file] = request.url!.split('/');
  const answer =
    mirror === 'flaky' ? (failuresLeft-- > 0 ? MIRRORS.failing! : MIRRORS.good!) : MIRRORS[mirror!]!;
  answer(PACKED.get(file!)!, response, request);
});
let base: string;
let dataDir: string;

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requested.length = 0;
  dataDir = join(temporaryFolder(), 'made', 'for', 'it');
});

const timeouts = { connect: 1000, response: 300, stall: 300 };
const options = (mirrors: string[], more: FetchOptions = {}): FetchOptions => ({
  dataDir,
  mirrors: mirrors.map(mirror => `${base}/${mirror}`),
  timeouts,
  pause: 5,
  ...more,
});

const fileOf = (known: KnownDataset, name: string) => join(dataDir, known.name, name);

function expectComplete(known: KnownDataset): void {
  expect(readdirSync(join(dataDir, known.name)).sort()).toEqual([...PACKED.keys()].sort());
  for (const [name, bytes] of PACKED) expect(readFileSync(fileOf(known, name)).equals(bytes)).toBe(true);
}

async function failure(known: KnownDataset, fetchOptions: FetchOptions): Promise<DataError> {
  try {
    await fetchDataset(known, fetchOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).not.toContain('\n');
    return error as DataError;
  }
  throw new Error('nothing was thrown');
}

describe.each([
  ['SHA-256', bySha256],
  ['MD5 of gzip', byMd5],
])('a data set with %s', (_, known) => {
  test('is downloaded, whole and verified, with progress', async () => {
    const seen: FetchProgress[] = [];
    const files = await fetchDataset(
      known,
      options(['good'], { onProgress: progress => seen.push(progress) }),
    );
    expectComplete(known);
    expect(files.map(({ role, url }) => [role, url])).toEqual(
      FILE_ROLES.map(role => [role, `${base}/good/${FILE_NAMES[role]}.gz`]),
    );
    const last = seen.filter(({ file }) => file === FIRST).at(-1)!;
    const { length } = PACKED.get(FIRST)!;
    expect(last).toEqual({ file: FIRST, url: `${base}/good/${FIRST}`, received: length, total: length });
    expect(seen.filter(({ file }) => file === FIRST).length).toBeGreaterThan(1);
  });

  test('is not downloaded again', async () => {
    await fetchDataset(known, options(['good']));
    requested.length = 0;
    const files = await fetchDataset(known, options(['good']));
    expect(requested).toEqual([]);
    expect(files.every(({ url }) => url === null)).toBe(true);
  });

  test('replaces an unverified file, and no other', async () => {
    await fetchDataset(known, options(['good']));
    writeFileSync(fileOf(known, FIRST), PACKED.get(FIRST)!.subarray(0, 500));
    requested.length = 0;
    await fetchDataset(known, options(['good']));
    expect(requested).toEqual([`/good/${FIRST}`]);
    expectComplete(known);
  });

  test.each(['wrong', 'halving', 'portal'])('does not accept the answer of a %s mirror', async mirror => {
    const { code, message } = await failure(known, options([mirror]));
    expect(code).toBe('DATA_DOWNLOAD');
    expect(message).toContain(`${base}/${mirror}/${FIRST}: `);
    if (mirror === 'wrong') expect(message).toMatch(/found (SHA-256|MD5) [0-9a-f]+, expected [0-9a-f]+/);
    // A retry would get the same answer, so there is none.
    expect(requested).toHaveLength(1);
    expect(existsSync(join(dataDir, '..', '..'))).toBe(false);
    await fetchDataset(known, options([mirror, 'good']));
    expectComplete(known);
  });
});

describe('mirrors', () => {
  test.each(['slow', 'unsized', 'moved'])('a %s one is accepted', async mirror => {
    await fetchDataset(bySha256, options([mirror, 'missing']));
    expectComplete(bySha256);
  });

  test.each<[string, RegExp, number]>([
    ['stalling', /nothing came for too long/, 2],
    ['silent', /(?:no answer in time|nothing came for too long)/, 2],
    ['truncating', /the connection broke off/, 2],
    ['dropping', /the connection broke off/, 2],
    ['failing', /HTTP 500/, 2],
    ['circling', /it leads from address to address in a circle/, 6],
    ['leaving', /it leads to an address that is not http or https/, 1],
    ['speaking', /its answer is not HTTP/, 1],
    ['missing', /HTTP 404 \(Not Found\)/, 1],
    ['endless', /longer than 67108864 bytes/, 1],
  ])('a %s one is given up, and the next one tried', async (mirror, reason, requests) => {
    const fetchOptions = options([mirror], { attempts: 2 });
    const { code, message } = await failure(bySha256, fetchOptions);
    expect(code).toBe('DATA_DOWNLOAD');
    expect(message).toMatch(reason);
    expect(requested).toHaveLength(requests);
    expect(existsSync(join(dataDir, '..', '..'))).toBe(false);

    const failures: string[] = [];
    const files = await fetchDataset(
      bySha256,
      options([mirror, 'good'], { attempts: 1, onFailure: failed => failures.push(failed.reason) }),
    );
    expectComplete(bySha256);
    expect(failures).toHaveLength(4);
    expect(failures[0]).toMatch(reason);
    expect(files.every(({ url }) => url?.startsWith(`${base}/good/`))).toBe(true);
  });

  test('an address without a server is given up', async () => {
    const { message } = await failure(bySha256, { ...options([]), mirrors: ['http://127.0.0.1:9/'] });
    expect(message).toMatch(
      /http:\/\/127\.0\.0\.1:9\/train-images-idx3-ubyte\.gz: the connection was refused/,
    );
  });

  test('an address that is none, or of a server without https, is tried once', async () => {
    for (const [mirror, reason] of [
      ['not-a-url', 'this is not an address'],
      [base.replace('http:', 'https:'), 'it does not speak https'],
    ] as const) {
      const failures: string[] = [];
      const onFailure = (failed: { reason: string }) => failures.push(failed.reason);
      const { message } = await failure(bySha256, { ...options([], { onFailure }), mirrors: [mirror] });
      expect(message).toBe(`${FIRST}: no mirror had it: ${mirror}/${FIRST}: ${reason}`);
      expect(failures).toEqual([reason]);
    }
  });

  test('a failed request is retried before the next mirror', async () => {
    failuresLeft = 2;
    await fetchDataset(bySha256, options(['flaky', 'missing'], { attempts: 3 }));
    expectComplete(bySha256);
    expect(requested.filter(url => url.endsWith(FIRST))).toEqual(new Array(3).fill(`/flaky/${FIRST}`));
  });

  test('every mirror is named where none has the file', async () => {
    const { message } = await failure(bySha256, options(['missing', 'failing', 'portal'], { attempts: 1 }));
    for (const mirror of ['missing', 'failing', 'portal'])
      expect(message).toContain(`${base}/${mirror}/${FIRST}: `);
  });
});

describe('interrupted', () => {
  test.each(['slow', 'stalling', 'silent', 'failing'])('at a %s mirror: no file is left', async mirror => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 60);
    // A pause that is not interrupted outlasts the test.
    const fetchOptions = options([mirror], { signal: abort.signal, pause: 1e6 });
    await expect(fetchDataset(bySha256, fetchOptions)).rejects.toBeInstanceOf(StoppedError);
    expect(existsSync(join(dataDir, '..', '..'))).toBe(false);
  });

  test('later: finished files stay', async () => {
    const abort = new AbortController();
    const fetchOptions = options(['slow'], {
      signal: abort.signal,
      onProgress: ({ file }) => {
        if (file.startsWith('t10k-images')) abort.abort();
      },
    });
    await expect(fetchDataset(bySha256, fetchOptions)).rejects.toBeInstanceOf(StoppedError);
    expect(readdirSync(join(dataDir, 'mnist')).sort()).toEqual([
      'train-images-idx3-ubyte.gz',
      'train-labels-idx1-ubyte.gz',
    ]);
    requested.length = 0;
    await fetchDataset(bySha256, options(['good']));
    expect(requested).toHaveLength(2);
    expectComplete(bySha256);
  });

  test('an existing file stays unchanged until the new one is complete', async () => {
    mkdirSync(join(dataDir, 'mnist'), { recursive: true });
    writeFileSync(fileOf(bySha256, FIRST), 'old');
    await failure(bySha256, options(['truncating', 'wrong']));
    expect(readdirSync(join(dataDir, 'mnist'))).toEqual([FIRST]);
    expect(readFileSync(fileOf(bySha256, FIRST), 'utf8')).toBe('old');
  });
});

test('a folder that cannot be written is named', async () => {
  mkdirSync(join(dataDir, '..'), { recursive: true });
  writeFileSync(dataDir, 'a file');
  const { message } = await failure(bySha256, options(['good']));
  expect(message).toContain(
    `${join(dataDir, 'mnist')}: cannot be written (a part of this path is not a folder)`,
  );
});

test('the registered sets have four files, checksums and several mirrors each', () => {
  for (const { checksums, mirrors } of Object.values(KNOWN_DATASETS)) {
    expect(mirrors.length).toBeGreaterThanOrEqual(3);
    for (const mirror of mirrors) expect(new URL(mirror).pathname).toMatch(/\/$/);
    for (const role of FILE_ROLES) {
      const { sha256, gzipMd5 } = checksums[role];
      expect(sha256 ?? gzipMd5).toBeDefined();
      if (sha256) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      if (gzipMd5) expect(gzipMd5).toMatch(/^[0-9a-f]{32}$/);
    }
  }
});
