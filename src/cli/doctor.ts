import type { CommandModule } from 'yargs';
import { EXIT } from '../base/errors.js';
import { formatBytes } from '../base/units.js';
import { checkDataDir } from '../data/locate.js';
import { examine } from '../doctor/examine.js';
import type { DoctorReport } from '../doctor/report.js';
import { withKernels } from './kernels-text.js';
import { queueAddress } from './queue-address.js';
import { ENGINES } from './sweep-options.js';

interface DoctorArguments {
  readonly dataDir?: string | undefined;
  readonly queue?: string | undefined;
  readonly json: boolean;
}

/**
 * `espalier doctor`: what this machine has and lacks. Exits with 2 if sweeps cannot run, or a server that was named
 * cannot be used. `--json`: DoctorReport (src/doctor/report.ts).
 */
export const doctorCommand: CommandModule<object, DoctorArguments> = {
  builder: yargs =>
    yargs
      .option('data-dir', { type: 'string', nargs: 1, describe: 'Where data files are looked for first' })
      .option('queue', {
        type: 'string',
        nargs: 1,
        describe: 'A Redis server to reach: redis://host, rediss://host (TLS) [default: ESPALIER_QUEUE]',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' })
      .example('$0 doctor', 'what a bug report should hold: no host, user or password is in it')
      .example('$0 doctor --queue redis://coordinator --json', 'the server, too; for a script') as never,
  handler: async ({ dataDir, queue, json }) => {
    checkDataDir({ dataDir });
    const report = await examine({ dataDir, engines: ENGINES, queue: queueAddress(queue) });
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : asScreen(report));
    if (report.advice.some(({ level }) => level === 'error')) process.exitCode = EXIT.badInput;
  },
};

function asScreen(report: DoctorReport): string {
  const { espalier, node, machine, sqlite, png, engines, datasets, folder, queue, environment, advice } =
    report;
  const revision = espalier.gitRevision
    ? ` (${espalier.gitRevision.slice(0, 12)}${espalier.gitDirty ? ', changed' : ''})`
    : '';
  const cores = machine.usableCores === machine.cores ? '' : `${machine.usableCores} of `;
  const limit =
    machine.usableMemoryBytes < machine.memoryBytes ? `${formatBytes(machine.usableMemoryBytes)} of ` : '';
  const part = ({ version, problem }: { version: string | null; problem: string | null }) =>
    problem ?? version ?? 'ready';
  const rows: [string, string][] = [
    ['espalier', `${espalier.version}${revision}`],
    [
      'node',
      `${node.version}${node.npm === null ? '' : `, npm ${node.npm}`}, expected ${node.oldest} or later`,
    ],
    ['system', `${machine.platform} ${machine.architecture} ${machine.release}`],
    ['processor', `${machine.cpu}, ${cores}${machine.cores} cores`],
    ['memory', `${limit}${formatBytes(machine.memoryBytes)}`],
    ['SQLite', part(sqlite)],
    ['PNG figures', part(png)],
    ...engines.map(({ name, available, kernels, problem }): [string, string] => [
      `engine ${name}`,
      available
        ? kernels === null
          ? 'ready'
          : `ready, ${withKernels(kernels)}`
        : `not there: ${firstPart(problem)}`,
    ]),
    ...datasets.map(({ name, folder: at, found }): [string, string] => [
      `data ${name}`,
      at ?? (found ? 'generated' : 'not found'),
    ]),
    [
      'this folder',
      folder.problem ?? `${folder.freeBytes === null ? '?' : formatBytes(folder.freeBytes)} free`,
    ],
    [
      'queue',
      queue === null ? 'none named' : (queue.problem ?? `${queue.address}, ${queue.roundTripMs} ms away`),
    ],
    ...Object.entries(environment),
  ];
  const wide = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(wide)}  ${value}`);
  if (advice.length === 0) lines.push('', 'nothing is missing');
  else lines.push('', ...advice.map(({ level, what, remedy }) => `${level}: ${what}\n  ${remedy}`));
  return `${lines.join('\n')}\n`;
}

const firstPart = (problem: string | null): string => problem?.split('; ')[0] ?? '';
