/** The page's own files, built into dist/page: a fixed list, read once. No path from a request reaches the disk. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../paths.js';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly tag: string;
}

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/style.css', 'style.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
];

/** By path, and the name of this build. */
export function readAssets(): { assets: ReadonlyMap<string, Asset>; build: string } {
  const all = createHash('sha256');
  const assets = FILES.map(([path, file, type]): [string, Asset] => {
    const full = join(PACKAGE_ROOT, 'dist', 'page', file);
    if (!existsSync(full)) throw new Error(`${full} is missing: run \`npm run build\``);
    const body = readFileSync(full);
    all.update(body);
    return [path, { type, body, tag: `"${createHash('sha256').update(body).digest('base64url')}"` }];
  });
  return { assets: new Map(assets), build: all.digest('base64url') };
}
