import { existsSync } from 'node:fs';
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { didYouMean } from '../base/nearest.js';
import { onFirstStopSignal } from '../base/stop-signals.js';
import { counted } from '../base/units.js';
import { type DatasetDescription, describeDataset } from '../data/describe.js';
import {
  checkDataDir,
  type DataSearch,
  findKnownDataset,
  placeProblem,
  searchFolders,
  searchPlaces,
  searchProblems,
} from '../data/locate.js';
import { isKnown, KNOWN_DATASETS, type KnownName } from '../data/registry.js';
import { DIGITS_DEFAULTS } from '../domain/sweep-file/settings.js';
import type { DatasetName } from '../domain/types.js';
import { createFetchDisplay } from './fetch-display.js';
import { checkFolder } from './output-folder.js';

const KNOWN_NAMES = Object.keys(KNOWN_DATASETS) as KnownName[];
const ALL_NAMES: readonly DatasetName[] = ['digits', ...KNOWN_NAMES, 'idx'];

interface DataArguments extends DataSearch {
  readonly json: boolean;
}

const dataOptions = (yargs: Argv, describe: string): Argv =>
  yargs
    .option('data-dir', { type: 'string', nargs: 1, describe })
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' });

/** `espalier data list|fetch|info`: lists, downloads and describes the data sets that sweeps can name. */
export const dataCommand: CommandModule = {
  builder: yargs =>
    yargs
      .command(listCommand as CommandModule)
      .command(fetchCommand as unknown as CommandModule)
      .command(infoCommand as unknown as CommandModule)
      .demandCommand(1, 'data what? `espalier data --help` lists what there is to do')
      .example('$0 data list', 'what is known, and where it was found')
      .example('$0 data fetch mnist', 'download MNIST into the cache'),
  handler: () => undefined,
};

/**
 * `--json`: `{ places: [{ source, dir, exists, problem }], datasets: [{ name, title, folder, lookedFor, problems }] }`.
 * `problem` and `problems` say where the system refuses to look.
 */
const listCommand: CommandModule<object, DataArguments> = {
  command: 'list',
  describe: 'Data sets that are known, where they are looked for, and which were found',
  builder: yargs =>
    dataOptions(yargs, 'Where data files are looked for first').example(
      '$0 data list --data-dir ~/data',
      'is there anything usable in ~/data?',
    ) as never,
  handler: args => {
    checkDataDir(args);
    const places = searchPlaces(args).map(place => ({
      ...place,
      exists: existsSync(place.dir),
      problem: placeProblem(place.dir),
    }));
    const datasets = KNOWN_NAMES.map(name => ({
      name,
      title: KNOWN_DATASETS[name].title,
      folder: findKnownDataset(name, args)?.folder ?? null,
      lookedFor: searchFolders(name, args),
      problems: searchProblems(name, args),
    }));
    if (args.json) {
      print(JSON.stringify({ places, datasets }, null, 2));
      return;
    }
    print('digits         generated, no files needed');
    for (const { name, folder, problems } of datasets) {
      const missing = [`not found; \`espalier data fetch ${name}\` downloads it`, ...problems].join('; ');
      print(`${name.padEnd(15)}${folder ?? missing}`);
    }
    print('idx            any folder with four IDX files, named by dataset.dir in a sweep file');
    print('\nlooked for, first NAME/ inside, then:');
    for (const { source, dir, exists, problem } of places) {
      const state = problem ?? (exists ? null : 'does not exist');
      print(`  ${source.padEnd(19)}${dir}${state === null ? '' : ` (${state})`}`);
    }
  },
};

interface FetchArguments extends DataArguments {
  readonly name: string;
  readonly mirror?: string[] | undefined;
}

/** `--json`: `{ name, files: [{ role, file, url }] }`, url is null for a file that existed already. */
const fetchCommand: CommandModule<object, FetchArguments> = {
  command: 'fetch <name>',
  describe: 'Download a data set, verified, into the cache',
  builder: yargs =>
    dataOptions(yargs, 'Put it here, in a folder with its name, instead of in the cache')
      .positional('name', { type: 'string', demandOption: true, describe: KNOWN_NAMES.join(' or ') })
      .option('mirror', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Base address to use instead of the public mirrors (repeatable)',
      })
      .example('$0 data fetch mnist', 'into the cache, where every sweep finds it')
      .example('$0 data fetch fashion-mnist --data-dir data', 'into data/fashion-mnist') as never,
  handler: async ({ name, dataDir, mirror, json }) => {
    if (dataDir !== undefined) checkFolder('--data-dir', dataDir);
    const abort = new AbortController();
    const ignoreSignals = onFirstStopSignal(() => abort.abort());
    const display = createFetchDisplay(process.stderr);
    try {
      // Loaded late: got costs every other command 0.15 s of its start.
      const { fetchDataset } = await import('../data/fetch.js');
      const files = await fetchDataset(KNOWN_DATASETS[fetchable(name)], {
        dataDir,
        mirrors: mirror?.map(checkedMirror),
        signal: abort.signal,
        onProgress: display.progress,
        onFailure: ({ url, reason }) => display.line(`${url}: ${reason}`),
        onFile: ({ file, url }) => display.line(`${file}: ${url ? 'verified' : 'is there already'}`),
      });
      if (json) print(JSON.stringify({ name, files }, null, 2));
    } finally {
      display.end();
      ignoreSignals();
    }
  },
};

/** @throws UsageError unless it is the address of a web server. */
function checkedMirror(address: string): string {
  const isWeb = URL.canParse(address) && ['http:', 'https:'].includes(new URL(address).protocol);
  if (isWeb) return address;
  throw new UsageError(
    `--mirror: found ${JSON.stringify(address)}, expected the address of a folder, such as https://host/mnist/`,
  );
}

function fetchable(name: string): KnownName {
  if (isKnown(name)) return name;
  if (name === 'digits') throw new UsageError('digits are generated: there is nothing to fetch');
  if (name === 'idx') throw new UsageError('idx is a folder of your own: there is nothing to fetch');
  throw unknownName(name, KNOWN_NAMES);
}

const unknownName = (name: string, known: readonly string[]): UsageError =>
  new UsageError(`unknown data set "${name}"${didYouMean(name, known)}, expected ${known.join(', ')}`);

interface InfoArguments extends DataArguments {
  readonly name: string;
  readonly dir?: string | undefined;
}

/** `--json`: DatasetDescription (src/data/describe.ts). */
const infoCommand: CommandModule<object, InfoArguments> = {
  command: 'info <name>',
  describe: 'Counts, dimensions, checksums and label histogram of a data set',
  builder: yargs =>
    dataOptions(yargs, 'Where data files are looked for first')
      .positional('name', { type: 'string', demandOption: true, describe: ALL_NAMES.join(', ') })
      .option('dir', { type: 'string', nargs: 1, describe: 'idx only: the folder with the four IDX files' })
      .example('$0 data info mnist', 'is it whole, and what is in it?')
      .example(
        '$0 data info idx --dir data/kmnist --json',
        'the same of any IDX files, for a script',
      ) as never,
  handler: async args => {
    const { name, dir, json } = args;
    if (!isName(name)) throw unknownName(name, ALL_NAMES);
    if (name === 'idx' && dir === undefined) {
      throw new UsageError('data info idx: which folder? `--dir DIR` names the one with the four IDX files');
    }
    refuseUnused(args);
    checkDataDir(args);
    const parameters = name === 'digits' ? DIGITS_DEFAULTS : dir === undefined ? {} : { dir };
    const description = await describeDataset({ name, positive: [], ...parameters }, args);
    if (json) print(JSON.stringify(description, null, 2));
    else printDescription(description);
  },
};

/** @throws UsageError for an option that says where files are, and is not looked at for this data set. */
function refuseUnused({ name, dir, dataDir }: InfoArguments): void {
  if (dir !== undefined && name !== 'idx') {
    const instead = name === 'digits' ? 'digits are generated' : '--data-dir says where those of others are';
    throw new UsageError(`--dir ${dir}: names the files of idx, not of ${name}; ${instead}`);
  }
  if (dataDir === undefined) return;
  if (name === 'idx')
    throw new UsageError(`--data-dir ${dataDir}: is not searched for idx, --dir names its folder`);
  if (name === 'digits') throw new UsageError(`--data-dir ${dataDir}: digits are generated, without files`);
}

const isName = (name: string): name is DatasetName => ALL_NAMES.includes(name as DatasetName);

function printDescription({
  name,
  content,
  folder,
  files,
  rows,
  columns,
  ...sets
}: DatasetDescription): void {
  print(`${name}, ${rows} x ${columns} pixels, content ${content}`);
  if (folder === null) {
    const { seed, pool, test } = DIGITS_DEFAULTS;
    print(`  generated, with the default seed ${seed}, pool ${pool}, test ${test}`);
  }
  for (const { file, sha256, verified } of files) {
    print(
      `  ${file}\n    SHA-256 ${sha256} ${verified ? '(verified)' : '(no published checksum to compare with)'}`,
    );
  }
  for (const [set, { count, labels, nonZeroShare }] of Object.entries(sets)) {
    print(
      `  ${set.padEnd(5)} ${counted(count, 'image')}, ${(100 * nonZeroShare).toFixed(2)}% of pixels not 0`,
    );
    const histogram = Object.entries(labels).map(([label, many]) => `${label}: ${many}`);
    print(`        labels ${histogram.join(', ')}`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
