/**
 * Builds the native kernels of engine `wasm`, if this machine has a C++ compiler (GCC or Clang). npm runs it after it has
 * installed the packages. Without them the engine runs on WebAssembly, so a failure is none: it prints why only where it
 * is asked to (`npm run build:native`), and always ends with 0.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(
  here,
  '..',
  '..',
  '..',
  'dist',
  'native',
  `kernels-${process.platform}-${process.arch}.node`,
);

const COMMON = [
  ...['-O3', '-std=c++17', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror', '-Wno-psabi'],
  // Products are rounded before they are added: the bits are those of WebAssembly.
  ...['-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math'],
];
const WIDTHS = {
  x64: [
    [128, []],
    [256, ['-mavx2']],
    [512, ['-mavx512f', '-mavx512vl', '-mavx512dq', '-mavx512bw', '-mprefer-vector-width=512']],
  ],
  arm64: [[128, []]],
};
const LINK = { linux: ['-shared'], darwin: ['-bundle', '-undefined', 'dynamic_lookup'] };

function build(compiler, folder) {
  const widths = WIDTHS[process.arch];
  const wider = widths.length > 1 ? ['-DWIDER'] : [];
  const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers');
  const run = (...args) => {
    const { status, error, stderr } = spawnSync(compiler, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(error ? error.message : stderr.trim());
  };
  const objects = widths.map(([bits, flags]) => {
    const object = join(folder, `${bits}.o`);
    const defines = [`-DLANES_PER_REGISTER=${bits / 32}`, `-DNAME=kernels${bits}`];
    run(...COMMON, ...flags, ...wider, ...defines, '-c', join(here, 'kernels.cc'), '-o', object);
    return object;
  });
  const built = join(folder, 'kernels.node');
  run(
    ...[...COMMON, ...wider, '-isystem', headers, ...LINK[process.platform]],
    ...[join(here, 'addon.cc'), ...objects, '-o', built],
  );
  // Loads it once: a compiler may build what this machine cannot load.
  const widthsHere = createRequire(import.meta.url)(built).widths();
  renameSync(built, output);
  return widthsHere;
}

function buildWithAny() {
  if (!WIDTHS[process.arch] || !LINK[process.platform])
    throw new Error(`not for ${process.platform} ${process.arch}`);
  // Beside the output, so that the last step is a rename.
  mkdirSync(dirname(output), { recursive: true });
  const folder = mkdtempSync(join(dirname(output), '.build-'));
  try {
    const reasons = [];
    for (const compiler of [process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean)) {
      try {
        return build(compiler, folder);
      } catch (error) {
        reasons.push(`${compiler}: ${error.message}`);
      }
    }
    throw new Error(reasons.join('\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether what is built is of these sources. */
function isCurrent() {
  const builtAt = statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(here).every(name => statSync(join(here, name)).mtimeMs < builtAt);
}

const isAsked = process.argv.includes('--verbose');
try {
  const widths = !isAsked && isCurrent() ? [] : buildWithAny();
  if (isAsked) process.stdout.write(`native kernels: ${widths.join(', ')} bits\n`);
} catch (error) {
  rmSync(output, { force: true });
  if (isAsked) process.stdout.write(`no native kernels (the engine runs on WebAssembly): ${error.message}\n`);
}
