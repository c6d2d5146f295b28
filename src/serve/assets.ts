/**
 * Static files of the page: the files built into dist/page, and the fonts and colours of figures. The list is fixed
 * and read once, so no path from a request reaches the disk.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InstallationError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/paths.js';
import { FACES, type Face, fontFile } from '../report/style/measure.js';
import { pageColours } from '../report/style/theme.js';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  /** ETag: the SHA-256 of the body, in quotes. */
  readonly tag: string;
}

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/style.css', 'style.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
];

/**
 * Assets by path, and a hash of them all that identifies the build.
 * @throws InstallationError where dist/page is not built.
 */
export function readAssets(): { assets: ReadonlyMap<string, Asset>; build: string } {
  const assets = new Map<string, Asset>();
  const buildHash = createHash('sha256');
  const add = (path: string, type: string, body: Buffer) => {
    buildHash.update(body);
    assets.set(path, { type, body, tag: `"${createHash('sha256').update(body).digest('base64url')}"` });
  };
  for (const [path, file, type] of FILES) {
    const full = join(PACKAGE_ROOT, 'dist', 'page', file);
    if (!existsSync(full)) throw new InstallationError('the live page is not built: run `npm run build`');
    add(path, type, readFileSync(full));
  }
  for (const { face } of FACES) add(fontPath(face), 'font/woff2', readFileSync(fontFile(face, 'woff2')));
  add('/figures.css', 'text/css; charset=utf-8', Buffer.from(figureStyle()));
  return { assets, build: buildHash.digest('base64url') };
}

const fontPath = (face: Face): string => `/fonts/${face}.woff2`;

function figureStyle(): string {
  const faces = FACES.map(
    ({ face, family, weight }) =>
      `@font-face{font-family:'${family}';font-weight:${weight};font-display:block;src:url('${fontPath(face)}') format('woff2')}`,
  );
  return `${faces.join('\n')}
:root{${pageColours('light')}}
@media (prefers-color-scheme:dark){:root{${pageColours('dark')}}}
`;
}
