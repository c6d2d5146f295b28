/** Small IDX files, folders for them, and the folder of the real MNIST. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

export function idx(magic: number, dimensions: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(magic, 0);
  dimensions.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

/** Bytes like those of images: half of them 0, the rest arbitrary. */
export function imageBytes(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i + salt) % 2 === 0 ? 0 : (i * 37 + salt * 11) % 256));
}

export const idxImages = (count: number, rows: number, columns: number, salt = 0): Buffer =>
  idx(0x803, [count, rows, columns], imageBytes(count * rows * columns, salt));

export const idxLabels = (labels: readonly number[]): Buffer =>
  idx(0x801, [labels.length], Uint8Array.from(labels));

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder of four IDX files: 6 training and 4 test images of 2 x 3 pixels. */
export function writeSmallSet(
  folder: string,
  { gzip = true, replace = {} }: { gzip?: boolean; replace?: Record<string, Buffer | null> } = {},
): string {
  mkdirSync(folder, { recursive: true });
  const files: Record<string, Buffer | null> = {
    'train-images-idx3-ubyte': idxImages(6, 2, 3),
    'train-labels-idx1-ubyte': idxLabels([0, 5, 9, 4, 5, 0]),
    't10k-images-idx3-ubyte': idxImages(4, 2, 3, 1),
    't10k-labels-idx1-ubyte': idxLabels([1, 5, 7, 0]),
    ...replace,
  };
  for (const [name, content] of Object.entries(files)) {
    if (content === null) continue;
    if (gzip) writeFileSync(join(folder, `${name}.gz`), gzipSync(content));
    else writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Where real data may be. */
const places = (): string[] =>
  [process.env.ESPALIER_DATA_DIR, resolve(PACKAGE_ROOT, '../shared/data')].filter(
    place => place !== undefined,
  );

/** Figure 2 of arXiv 2108.00259 as a table. Null where it is not there; prints the reason. */
export function publishedFigure(): string | null {
  const files = places().map(place => join(place, 'published', 'figure2.csv'));
  const found = files.find(file => existsSync(file));
  if (!found) console.log(`skipped: no ${files.join(', ')} (ESPALIER_DATA_DIR says where it is)`);
  return found ?? null;
}

/** The folder with MNIST's real files. Null where there is none; prints the reason. */
export function realMnist(): string | null {
  const folders = places().flatMap(place => [join(place, 'mnist'), place]);
  const found = folders.find(folder =>
    ['', '.gz'].some(suffix => existsSync(join(folder, `train-images-idx3-ubyte${suffix}`))),
  );
  if (found) return found;
  console.log(`skipped: no MNIST files in ${folders.join(', ')} (ESPALIER_DATA_DIR says where they are)`);
  return null;
}
