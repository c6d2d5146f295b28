/**
 * Makes a folder with which run.mjs runs on another machine, without npm or a network: Node 20 or later is expected there.
 *
 *   node bench/gpu/pack.mjs [PLATFORM] [FOLDER]       default: this platform, espalier-gpu-PLATFORM
 *
 * PLATFORM is a folder of the package `webgpu`: linux-x64, linux-arm64, darwin-universal, win32-x64 or win32-arm64.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const own = process.platform === 'darwin' ? 'darwin-universal' : `${process.platform}-${process.arch}`;
const [platform = own, folder = `espalier-gpu-${platform}`] = process.argv.slice(2);
const MOST_BYTES = 60e6;

const packageOf = (name, from) => {
  const found = createRequire(from)
    .resolve.paths(name)
    .find(path => existsSync(join(path, name)));
  if (!found) throw new Error(`the package ${name} is not installed: run npm ci`);
  return join(found, name);
};
const webgpu = packageOf('webgpu', join(root, 'package.json'));
const platforms = readdirSync(join(webgpu, 'dist'));
if (!platforms.includes(platform)) {
  console.error(`platform: found ${JSON.stringify(platform)}, expected one of ${platforms.join(', ')}`);
  process.exit(2);
}
if (existsSync(folder)) {
  console.error(`${folder}: exists, expected a folder to create`);
  process.exit(2);
}

mkdirSync(join(folder, 'dist/workers'), { recursive: true });
const bundle = (entry, outfile) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['webgpu', '@tensorflow/*'],
    // Packages in CommonJS ask for Node's modules by it.
    banner: {
      js: "import { createRequire as forRequire } from 'node:module'; const require = forRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
await bundle(join(here, 'run.mjs'), join(folder, 'run.mjs'));
await bundle(join(root, 'dist/workers/gpu.js'), join(folder, 'dist/workers/gpu.js'));
cpSync(join(here, 'theirs.py'), join(folder, 'theirs.py'));
const { version, engines } = createRequire(import.meta.url)(join(root, 'package.json'));
writeFileSync(
  join(folder, 'package.json'),
  JSON.stringify({ name: 'espalier-gpu', version, engines, type: 'module' }),
);
const modules = join(folder, 'node_modules');
for (const file of ['package.json', 'index.js', 'LICENSE.md', `dist/${platform}`])
  cpSync(join(webgpu, file), join(modules, 'webgpu', file), { recursive: true });

const bytesOf = path =>
  statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0)
    : statSync(path).size;
const bytes = bytesOf(folder);
console.log(`${folder}: ${(bytes / 1e6).toFixed(1)} MB for ${platform}; there: node run.mjs`);
if (bytes > MOST_BYTES) process.exitCode = 1;
