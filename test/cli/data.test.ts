import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import yargs from 'yargs';
import { DataError, UsageError } from '../../src/base/errors.js';
import { dataCommand } from '../../src/cli/data.js';
import { idx, idxLabels, realMnist, temporaryFolder, writeSmallSet } from '../data/fixtures.js';

let home: string;
let stdout: string;
let stderr: string;

beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'cache'));
  vi.stubEnv('ESPALIER_DATA_DIR', '');
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    stdout += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    stderr += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function data(...args: string[]): Promise<void> {
  await yargs(['data', ...args])
    .command({ ...dataCommand, command: 'data' })
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    })
    .parseAsync();
}

/** Serves the bytes that `files` returns for a name, 404 where it returns none. */
async function serve(files: (name: string) => Buffer | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const bytes = files(request.url!.slice(1));
    if (bytes) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('list', () => {
  test('shows which data sets were found, and the places of the search', async () => {
    const own = join(home, 'own');
    writeSmallSet(join(own, 'fashion-mnist'));
    await data('list', '--data-dir', own);
    expect(stdout).toMatch(new RegExp(`^fashion-mnist +${join(own, 'fashion-mnist')}$`, 'm'));
    expect(stdout).toMatch(/^mnist +not found; `espalier data fetch mnist` downloads it$/m);
    expect(stdout).toMatch(new RegExp(`--data-dir +${own}$`, 'm'));
    expect(stdout).toMatch(/cache +.*espalier.* \(does not exist\)$/m);
  });

  test('prints the same as JSON', async () => {
    await data('list', '--json', '--data-dir', home);
    const { places, datasets } = JSON.parse(stdout);
    expect(places[0]).toEqual({ source: '--data-dir', dir: home, exists: true, problem: null });
    expect(places[1]).toMatchObject({ source: 'cache', exists: false });
    expect(datasets.map(({ name, folder }: Record<string, unknown>) => [name, folder])).toEqual([
      ['mnist', null],
      ['fashion-mnist', null],
    ]);
    expect(datasets[0].lookedFor.slice(0, 2)).toEqual([join(home, 'mnist'), home]);
  });
});

describe('a folder that the system refuses to look into', () => {
  const CIRCLE = 'its symbolic links lead in a circle';
  const circle = (...path: string[]): string => {
    mkdirSync(join(home, ...path.slice(0, -1)), { recursive: true });
    symlinkSync(path.at(-1)!, join(home, ...path));
    return join(home, ...path);
  };

  test('is shown by list, which goes on', async () => {
    const cache = circle('cache', 'espalier', 'data');
    const own = join(home, 'own');
    writeSmallSet(join(own, 'mnist'));
    await data('list', '--data-dir', own);
    expect(stdout).toMatch(new RegExp(`^mnist +${join(own, 'mnist')}$`, 'm'));
    expect(stdout).toContain(
      `downloads it; ${join(cache, 'fashion-mnist')}: ${CIRCLE}; ${cache}: ${CIRCLE}\n`,
    );
    expect(stdout).toMatch(new RegExp(`cache +${cache} \\(${CIRCLE}\\)$`, 'm'));
    stdout = '';
    await data('list', '--json');
    const { places, datasets } = JSON.parse(stdout);
    expect(places).toEqual([{ source: 'cache', dir: cache, exists: false, problem: CIRCLE }]);
    expect(datasets[0].problems).toEqual([`${join(cache, 'mnist')}: ${CIRCLE}`, `${cache}: ${CIRCLE}`]);
  });

  test('is passed over by info where the data are elsewhere, and named where they are not', async () => {
    const cache = circle('cache', 'espalier', 'data');
    await expect(data('info', 'mnist')).rejects.toThrow(
      `mnist: not found in ${join(cache, 'mnist')} (${CIRCLE}), ${cache} (${CIRCLE}); \`espalier data fetch`,
    );
    const own = writeSmallSet(join(home, 'own', 'mnist'));
    await expect(data('info', 'mnist', '--data-dir', join(home, 'own'))).rejects.toThrow(
      `${join(own, 'train-images-idx3-ubyte.gz')}: not the file of MNIST`,
    );
  });

  test('is refused where an option names it', async () => {
    const dir = circle('round');
    await expect(data('info', 'mnist', '--data-dir', dir)).rejects.toThrow(
      `--data-dir: ${dir} cannot be searched (${CIRCLE}), expected a folder with data files`,
    );
    await expect(data('info', 'idx', '--dir', dir)).rejects.toThrow(
      `dataset.dir: ${dir} cannot be searched (${CIRCLE}), expected`,
    );
    await expect(data('fetch', 'mnist', '--data-dir', dir)).rejects.toThrow(
      `--data-dir ${dir}: cannot be written to (${CIRCLE})`,
    );
    const partly = writeSmallSet(join(home, 'partly'));
    for (const name of ['train-labels-idx1-ubyte', 'train-labels.idx1-ubyte'])
      for (const ending of ['', '.gz']) {
        const file = join(partly, name + ending);
        if (!existsSync(file)) symlinkSync(name + ending, file);
      }
    await data('info', 'idx', '--dir', partly);
    expect(stdout).toContain('train-labels-idx1-ubyte.gz');
  });

  test('a place that is a file is named as one', async () => {
    mkdirSync(join(home, 'cache', 'espalier'), { recursive: true });
    writeFileSync(join(home, 'cache', 'espalier', 'data'), '');
    await data('list');
    expect(stdout).toMatch(/^mnist +not found; `espalier data fetch mnist` downloads it$/m);
    expect(stdout).toMatch(/cache .*data \(this is not a folder\)$/m);
  });
});

describe('info', () => {
  test('refuses options that say nothing about the data set', async () => {
    const dir = writeSmallSet(join(home, 'own'));
    await expect(data('info', 'digits', '--dir', dir)).rejects.toThrow(
      `--dir ${dir}: names the files of idx, not of digits; digits are generated`,
    );
    await expect(data('info', 'mnist', '--dir', dir)).rejects.toThrow(
      `--dir ${dir}: names the files of idx, not of mnist; --data-dir says`,
    );
    await expect(data('info', 'digits', '--data-dir', dir)).rejects.toThrow(
      `--data-dir ${dir}: digits are generated, without files`,
    );
    await expect(data('info', 'idx', '--dir', dir, '--data-dir', dir)).rejects.toThrow(
      `--data-dir ${dir}: is not searched for idx`,
    );
  });

  test('describes any IDX folder', async () => {
    const dir = writeSmallSet(join(home, 'own'));
    await data('info', 'idx', '--dir', dir);
    expect(stdout).toMatch(/^idx, 2 x 3 pixels, content [0-9a-f]{64}$/m);
    expect(stdout).toContain(join(dir, 't10k-labels-idx1-ubyte.gz'));
    expect(stdout).toMatch(/pool +6 images, 50\.00% of pixels not 0\n +labels 0: 2, 4: 1, 5: 2, 9: 1$/m);
    stdout = '';
    await data('info', 'idx', '--dir', dir, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'idx',
      rows: 2,
      columns: 3,
      pool: { count: 6, labels: { 0: 2, 4: 1, 5: 2, 9: 1 }, nonZeroShare: 0.5 },
      test: { count: 4 },
    });
    expect(JSON.parse(stdout).files).toHaveLength(4);
  });

  test('refuses an unknown, missing or unnamed data set in one line', async () => {
    await expect(data('info', 'minst')).rejects.toThrow(
      'unknown data set "minst" (did you mean mnist?), expected digits, mnist, fashion-mnist, idx',
    );
    await expect(data('info', 'idx')).rejects.toThrow(UsageError);
    await expect(data('info', 'mnist')).rejects.toThrow(/mnist: not found in .*`espalier data fetch mnist`/);
    await expect(data('info', 'mnist', '--data-dir', join(home, 'no'))).rejects.toThrow(/does not exist/);
    await expect(data('info', 'idx', '--dir', join(home, 'no'))).rejects.toThrow(DataError);
    await expect(data()).rejects.toThrow(/data what\?/);
  });

  const mnist = realMnist();
  test.skipIf(mnist === null)('describes MNIST', async () => {
    await data('info', 'mnist', '--data-dir', mnist!);
    expect(stdout).toMatch(/^mnist, 28 x 28 pixels, content ac89dbc2/m);
    expect(stdout.match(/\(verified\)/g)).toHaveLength(4);
    expect(stdout).toMatch(/pool +60000 images, 19\.12% of pixels not 0\n +labels 0: 5923, 1: 6742,/);
    expect(stdout).toMatch(/test +10000 images/);
  });
});

describe('fetch', () => {
  const mnist = realMnist();
  const original = (name: string): Buffer | undefined => {
    const file = [name, name.replace(/\.gz$/, '')]
      .map(form => join(mnist!, form))
      .find(path => existsSync(path));
    if (!file) return undefined;
    return file.endsWith('.gz') ? readFileSync(file) : gzipSync(readFileSync(file), { level: 1 });
  };

  test.skipIf(mnist === null)('downloads MNIST into the cache, where `info` finds it', async () => {
    const [empty, full] = [await serve(() => undefined), await serve(original)];
    await data('fetch', 'mnist', '--mirror', empty, '--mirror', full);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${empty}/train-images-idx3-ubyte.gz: HTTP 404 (Not Found)\n`);
    expect(stderr).toMatch(/train-images-idx3-ubyte\.gz: .* of 9\.\d MB\n/);
    expect(stderr.match(/: verified\n/g)).toHaveLength(4);
    await data('info', 'mnist', '--json');
    expect(JSON.parse(stdout).folder).toBe(join(home, 'cache', 'espalier', 'data', 'mnist'));
    stdout = '';
    await data('fetch', 'mnist', '--mirror', empty, '--json');
    expect(JSON.parse(stdout).files.map(({ url }: { url: string | null }) => url)).toEqual(
      new Array(4).fill(null),
    );
  });

  test('fails on a wrong file with both checksums, and leaves no file', async () => {
    const wrong = await serve(() => gzipSync(idx(0x803, [2, 28, 28], new Uint8Array(2 * 784))));
    for (const name of ['mnist', 'fashion-mnist']) {
      await expect(data('fetch', name, '--mirror', wrong, '--data-dir', join(home, 'new'))).rejects.toThrow(
        /^train-images-idx3-ubyte\.gz: no mirror had it: .*not the file of .*found (SHA-256|MD5) .*, expected /,
      );
    }
    expect(existsSync(join(home, 'new'))).toBe(false);
  });

  test('draws nothing on a terminal that cannot', async () => {
    vi.stubEnv('TERM', 'dumb');
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true;
    onTestFinished(() => {
      process.stderr.isTTY = isTTY;
    });
    const wrong = await serve(() => Buffer.from('not an archive'));
    await expect(
      data('fetch', 'mnist', '--mirror', wrong, '--data-dir', join(home, 'dumb')),
    ).rejects.toThrow();
    expect(stderr).toMatch(/^http:\S+: 14 B of 14 B\n/);
    expect(stderr).not.toContain('\x1b');
  });

  test('stops on Ctrl-C', async () => {
    mkdirSync(join(home, 'kept'));
    const listeners = process.listenerCount('SIGINT');
    const stopping = await serve(() => {
      process.emit('SIGINT');
      return gzipSync(idxLabels([1]));
    });
    await expect(
      data('fetch', 'mnist', '--mirror', stopping, '--data-dir', join(home, 'kept')),
    ).rejects.toMatchObject({ exitCode: 3 });
    expect(existsSync(join(home, 'kept', 'mnist'))).toBe(false);
    // Fewer where an earlier listener of this process heard the first signal only.
    expect(process.listenerCount('SIGINT')).toBeLessThanOrEqual(listeners);
  });

  test.each(['not-a-url', 'ftp://host/mnist/', '', 'file:///data', 'localhost:8000'])(
    'refuses the mirror "%s" before anything',
    async mirror => {
      const act = data('fetch', 'mnist', '--mirror', 'http://127.0.0.1:9/', '--mirror', mirror);
      await expect(act).rejects.toThrow(
        `--mirror: found "${mirror}", expected the address of a folder, such as https://`,
      );
      await expect(act).rejects.toBeInstanceOf(UsageError);
      expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
      expect(existsSync(join(home, 'cache'))).toBe(false);
    },
  );

  test('refuses names that cannot be fetched', async () => {
    await expect(data('fetch', 'digits')).rejects.toThrow(/generated: there is nothing to fetch/);
    await expect(data('fetch', 'idx')).rejects.toThrow(UsageError);
    await expect(data('fetch', 'fashoin-mnist')).rejects.toThrow(/did you mean fashion-mnist\?/);
  });
});
