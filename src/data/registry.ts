/** The data sets known by name: their files, checksums and mirrors. */
import { createHash } from 'node:crypto';
import { DataError } from '../base/errors.js';
import { type IdxArray, idxContent, parseIdx } from './idx.js';

/** The four files of a data set, in the order in which files.ts hashes them. */
export const FILE_ROLES = ['train-images', 'train-labels', 'test-images', 'test-labels'] as const;
export type FileRole = (typeof FILE_ROLES)[number];

/** Published names, without `.gz`. Some copies write a dot for the second dash. */
export const FILE_NAMES: Record<FileRole, string> = {
  'train-images': 'train-images-idx3-ubyte',
  'train-labels': 'train-labels-idx1-ubyte',
  'test-images': 't10k-images-idx3-ubyte',
  'test-labels': 't10k-labels-idx1-ubyte',
};

export interface Checksums {
  /** SHA-256 of the decompressed content. */
  readonly sha256?: string;
  /** MD5 of the gzip file as published. */
  readonly gzipMd5?: string;
}

export type KnownName = 'mnist' | 'fashion-mnist';

export interface KnownDataset {
  readonly name: KnownName;
  readonly title: string;
  readonly checksums: Record<FileRole, Checksums>;
  /** Base URLs, tried in order. A file's URL is the base followed by its published name and `.gz`. */
  readonly mirrors: readonly string[];
}

export const KNOWN_DATASETS: Record<KnownName, KnownDataset> = {
  mnist: {
    name: 'mnist',
    title: 'MNIST handwritten digits',
    checksums: {
      'train-images': { sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db' },
      'train-labels': { sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5' },
      'test-images': { sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7' },
      'test-labels': { sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2' },
    },
    mirrors: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
      'https://azureopendatastorage.blob.core.windows.net/mnist/',
    ],
  },
  'fashion-mnist': {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST articles of clothing',
    checksums: {
      'train-images': { gzipMd5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
      'train-labels': {
        gzipMd5: '25c81989df183df01b3e8a0aad5dffbe',
        sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      },
      'test-images': { gzipMd5: 'bef4ecab320f06d8554ea6380940ec79' },
      'test-labels': {
        gzipMd5: 'bb300cfdad3c16e7a12a480ee83cd310',
        sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      },
    },
    mirrors: [
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    ],
  },
};

export const isKnown = (name: string): name is KnownName => Object.hasOwn(KNOWN_DATASETS, name);

export interface CheckedFile {
  readonly array: IdxArray;
  /** SHA-256 of the decompressed content. */
  readonly sha256: string;
  /** Whether the file matched a known checksum; false without one to compare with. */
  readonly verified: boolean;
}

/**
 * Decompresses and parses a file's bytes, and compares them with its known checksums.
 *
 * - A known SHA-256 of the content decides, however the file is compressed.
 * - Without it, the MD5 of the published gzip file decides. A plain file then cannot be verified.
 *
 * @param file names the file in errors.
 * @throws DataError (DATA_CORRUPT) for broken gzip or IDX, with the byte, and for a checksum that differs, with both
 * checksums. A truncated file gives the former, since parsing comes first.
 */
export function checkFile(
  bytes: Uint8Array,
  role: FileRole,
  checksums: Checksums,
  title: string,
  file: string,
): CheckedFile {
  const content = idxContent(bytes, file);
  const array = parseIdx(content, role.endsWith('images') ? 'images' : 'labels', file);
  const sha256 = hash('sha256', content);
  const differs = (algorithm: string, found: string, expected: string) =>
    new DataError(
      'DATA_CORRUPT',
      `${file}: not the file of ${title}: found ${algorithm} ${found}, expected ${expected}`,
      file,
    );
  if (checksums.sha256 !== undefined) {
    if (sha256 !== checksums.sha256) throw differs('SHA-256', sha256, checksums.sha256);
    return { array, sha256, verified: true };
  }
  const compressed = content !== bytes;
  if (checksums.gzipMd5 === undefined || !compressed) return { array, sha256, verified: false };
  const md5 = hash('md5', bytes);
  if (md5 !== checksums.gzipMd5) throw differs('MD5', md5, checksums.gzipMd5);
  return { array, sha256, verified: true };
}

export const hash = (algorithm: 'sha256' | 'md5', bytes: Uint8Array | string): string =>
  createHash(algorithm).update(bytes).digest('hex');
