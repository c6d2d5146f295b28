import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DataError } from '../../src/base/errors.js';
import { identifyDataset, loadDataset } from '../../src/data/dataset.js';
import { readDatasetFiles } from '../../src/data/files.js';
import {
  cacheDir,
  findKnownDataset,
  locateFolder,
  locateKnown,
  searchFolders,
} from '../../src/data/locate.js';
import { checkFile, hash } from '../../src/data/registry.js';
import type { DatasetSettings } from '../../src/domain/types.js';
import { idxImages, idxLabels, temporaryFolder, writeSmallSet } from './fixtures.js';

let home: string;

function failure(act: () => unknown): DataError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).not.toContain('\n');
    return error as DataError;
  }
  throw new Error('nothing was thrown');
}

beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'cache'));
  vi.stubEnv('ESPALIER_DATA_DIR', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const MNIST: DatasetSettings = { name: 'mnist', positive: [5] };

describe.runIf(process.platform === 'linux')('the search for files', () => {
  test('goes through --data-dir, ESPALIER_DATA_DIR, the cache; in each, the named folder is first', () => {
    vi.stubEnv('ESPALIER_DATA_DIR', join(home, 'env'));
    expect(cacheDir()).toBe(join(home, 'cache', 'espalier', 'data'));
    expect(searchFolders('mnist', { dataDir: join(home, 'own') })).toEqual([
      join(home, 'own', 'mnist'),
      join(home, 'own'),
      join(home, 'env', 'mnist'),
      join(home, 'env'),
      join(home, 'cache', 'espalier', 'data', 'mnist'),
      join(home, 'cache', 'espalier', 'data'),
    ]);
  });

  test('takes the first complete folder in that order', () => {
    vi.stubEnv('ESPALIER_DATA_DIR', join(home, 'env'));
    const own = join(home, 'own');
    mkdirSync(own);
    const found = () => findKnownDataset('mnist', { dataDir: own })?.folder;
    expect(found()).toBeUndefined();
    for (const folder of [
      cacheDir(),
      join(cacheDir(), 'mnist'),
      join(home, 'env'),
      join(home, 'env', 'mnist'),
      own,
      join(own, 'mnist'),
    ]) {
      writeSmallSet(folder, { gzip: folder.endsWith('mnist') });
      expect(found()).toBe(folder);
    }
    expect(findKnownDataset('fashion-mnist', { dataDir: own })?.folder).toBe(own);
  });

  test('skips an incomplete folder, and reports what it lacks', () => {
    const own = join(home, 'own');
    writeSmallSet(own, { replace: { 't10k-labels-idx1-ubyte': null } });
    const error = failure(() => locateKnown('mnist', { dataDir: own }));
    expect(error.code).toBe('DATA_MISSING');
    expect(error.message).toContain(`${own} (without t10k-labels-idx1-ubyte)`);
    writeSmallSet(join(cacheDir(), 'mnist'));
    expect(locateKnown('mnist', { dataDir: own }).folder).toBe(join(cacheDir(), 'mnist'));
  });
});

describe('missing data', () => {
  test('a missing data set is reported with the folders searched and the command that downloads it', () => {
    for (const name of ['mnist', 'fashion-mnist'] as const) {
      const error = failure(() => identifyDataset({ name, positive: [1] }, { dataDir: home }));
      expect(error.code).toBe('DATA_MISSING');
      for (const folder of searchFolders(name, { dataDir: home })) expect(error.message).toContain(folder);
      expect(error.message).toContain(`\`espalier data fetch ${name}\``);
    }
  });

  test('a --data-dir that does not exist is an error for every data set', () => {
    const dataDir = join(home, 'nowhere');
    const digits: DatasetSettings = { name: 'digits', positive: [5], seed: 0, pool: 10, test: 10 };
    for (const settings of [MNIST, digits]) {
      const error = failure(() => identifyDataset(settings, { dataDir }));
      expect(error.code).toBe('DATA_MISSING');
      expect(error.message).toBe(`--data-dir: ${dataDir} does not exist, expected a folder with data files`);
    }
    writeFileSync(dataDir, '');
    expect(failure(() => identifyDataset(MNIST, { dataDir })).message).toContain('is not a folder');
  });

  test('an idx folder that is missing or incomplete is refused', () => {
    expect(failure(() => locateFolder(join(home, 'nowhere'))).message).toContain('dataset.dir: ');
    expect(failure(() => loadDataset({ name: 'idx', positive: [1] })).message).toContain(
      'dataset.dir: not given',
    );
    const folder = writeSmallSet(join(home, 'some'), { replace: { 'train-images-idx3-ubyte': null } });
    expect(failure(() => locateFolder(folder)).message).toContain('without train-images-idx3-ubyte');
  });
});

describe('checksums', () => {
  const bytes = idxLabels([1, 2, 3]);
  const packed = gzipSync(bytes);

  test('the SHA-256 of the content decides, compressed or not', () => {
    const known = { sha256: hash('sha256', bytes), gzipMd5: 'of other compression' };
    for (const form of [bytes, packed, gzipSync(bytes, { level: 1 })]) {
      expect(checkFile(form, 'train-labels', known, 'Some', 'file')).toMatchObject({
        sha256: known.sha256,
        verified: true,
      });
    }
    const error = failure(() => checkFile(idxLabels([3, 2, 1]), 'train-labels', known, 'Some', 'file'));
    expect(error.code).toBe('DATA_CORRUPT');
    expect(error.message).toBe(
      `file: not the file of Some: found SHA-256 ${hash('sha256', idxLabels([3, 2, 1]))}, expected ${known.sha256}`,
    );
  });

  test('the MD5 of the published gzip file decides where there is no SHA-256', () => {
    const known = { gzipMd5: hash('md5', packed) };
    expect(checkFile(packed, 'train-labels', known, 'Some', 'file').verified).toBe(true);
    expect(checkFile(bytes, 'train-labels', known, 'Some', 'file').verified).toBe(false);
    const other = gzipSync(idxLabels([3, 2, 1]));
    expect(failure(() => checkFile(other, 'train-labels', known, 'Some', 'file')).message).toContain(
      `found MD5 ${hash('md5', other)}, expected ${known.gzipMd5}`,
    );
  });

  test('a truncated file is reported with the byte of its end, not with its checksum', () => {
    const folder = writeSmallSet(join(home, 'mnist'), { gzip: false });
    for (const [bytes, reason] of [
      [40, 'truncated: ends at byte 40, expected 52 bytes for 6 images of 2 x 3'],
      [10, 'truncated: ends at byte 10, within the header of 16 bytes'],
    ] as const) {
      const file = join(folder, 'train-images-idx3-ubyte');
      truncateSync(file, bytes);
      for (const name of ['mnist', 'fashion-mnist'] as const) {
        const error = failure(() => identifyDataset({ name, positive: [1] }, { dataDir: folder }));
        expect(error).toMatchObject({ code: 'DATA_CORRUPT', file, message: `${file}: ${reason}` });
      }
    }
  });

  test('other files are not accepted as MNIST', () => {
    const folder = writeSmallSet(join(home, 'mnist'));
    const error = failure(() => identifyDataset(MNIST, { dataDir: home }));
    expect(error.code).toBe('DATA_CORRUPT');
    expect(error.file).toBe(join(folder, 'train-images-idx3-ubyte.gz'));
    expect(error.message).toMatch(/found SHA-256 [0-9a-f]{64}, expected ba891046e6505d7a[0-9a-f]{48}$/);
  });

  test('plain copies of other data are not accepted as Fashion-MNIST', () => {
    writeSmallSet(join(home, 'fashion-mnist'), { gzip: false });
    const error = failure(() => identifyDataset({ name: 'fashion-mnist', positive: [1] }, { dataDir: home }));
    expect(error.file).toBe(join(home, 'fashion-mnist', 'train-labels-idx1-ubyte'));
  });
});

describe('any four IDX files', () => {
  const read = (folder: string) => readDatasetFiles({ name: 'idx', positive: [5], dir: folder }, {});

  test('plain, compressed and dotted names have the same content', () => {
    const plain = read(writeSmallSet(join(home, 'plain'), { gzip: false }));
    const packed = read(writeSmallSet(join(home, 'packed')));
    expect(packed.content).toBe(plain.content);
    expect(plain.files.map(({ verified }) => verified)).toEqual([false, false, false, false]);
    const dotted = read(
      writeSmallSet(join(home, 'dotted'), {
        replace: {
          'train-images-idx3-ubyte': null,
          't10k-labels-idx1-ubyte': null,
          'train-images.idx3-ubyte': idxImages(6, 2, 3),
          't10k-labels.idx1-ubyte': idxLabels([1, 5, 7, 0]),
        },
      }),
    );
    expect(dotted.content).toBe(plain.content);
  });

  test('the content is the documented hash, and changes with any of the files', () => {
    const { content, files } = read(writeSmallSet(join(home, 'a')));
    expect(files.map(({ role }) => role)).toEqual([
      'train-images',
      'train-labels',
      'test-images',
      'test-labels',
    ]);
    expect(files[1]!.sha256).toBe(hash('sha256', idxLabels([0, 5, 9, 4, 5, 0])));
    expect(content).toBe(hash('sha256', `${files.map(({ sha256 }) => sha256).join('\n')}\n`));
    const other = { replace: { 't10k-labels-idx1-ubyte': idxLabels([1, 5, 7, 1]) } };
    expect(read(writeSmallSet(join(home, 'b'), other)).content).not.toBe(content);
  });

  test('files that do not fit together are refused', () => {
    const refused = (name: string, replace: Record<string, Buffer>) =>
      failure(() => read(writeSmallSet(join(home, name), { replace })));
    const short = refused('labels', { 'train-labels-idx1-ubyte': idxLabels([0, 5, 9]) });
    expect(short.message).toMatch(
      /train-labels-idx1-ubyte\.gz: 3 labels, expected 6 for the images of .*train-images/,
    );
    const shape = refused('shape', { 't10k-images-idx3-ubyte': idxImages(4, 3, 2) });
    expect(shape.message).toMatch(/t10k-images-idx3-ubyte\.gz: images of 3 x 2, expected 2 x 3/);
    const cut = refused('cut', { 't10k-images-idx3-ubyte': idxImages(4, 2, 3).subarray(0, 30) });
    expect(cut.message).toMatch(/t10k-images-idx3-ubyte\.gz: truncated: ends at byte 30, expected 40 bytes/);
  });
});
