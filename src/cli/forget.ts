import { statSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { chooseSweeps } from '../analysis/choose-sweep.js';
import { UsageError } from '../base/errors.js';
import { counted, formatBytes } from '../base/units.js';
import { heldError } from '../store/file/lock-row.js';
import { walBytes } from '../store/file/write-ahead-log.js';
import { type ForgetScope, type Forgettable, isNothing, readForgettable } from '../store/read/forgettable.js';
import { openReader } from '../store/read/reader.js';
import type { ForgetResult } from '../store/write/forget.js';
import { Store } from '../store/write/store.js';
import { askYes, canAsk } from './ask.js';
import { type FilesystemArguments, filesystemOption } from './sweep-options.js';

interface ForgetArguments extends FilesystemArguments {
  readonly db: string;
  readonly sweep?: string | undefined;
  readonly unused: boolean;
  readonly failed: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** `espalier forget DB`: deletes what no other sweep asks for. */
export const forgetCommand: CommandModule<object, ForgetArguments> = {
  builder: yargs =>
    filesystemOption(yargs)
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .option('sweep', {
        type: 'string',
        nargs: 1,
        describe: 'This sweep, with everything that no other sweep asks for',
      })
      .option('unused', {
        type: 'boolean',
        default: false,
        describe: 'What no sweep asks for: edits of sweeps leave it behind',
      })
      .option('failed', {
        type: 'boolean',
        default: false,
        describe: 'What failed trajectories have recorded; they start over with the next run',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' })
      .option('json', { type: 'boolean', default: false, describe: 'Print as JSON' })
      .example('$0 forget my.sqlite --unused', 'say what edits have left behind, and ask')
      .example(
        '$0 forget my.sqlite --sweep trial --yes',
        'delete a sweep, and make the file smaller',
      ) as never,
  handler: async args => {
    const { db, yes, json } = args;
    const scope = scopeOf(args);
    refuse(db, scope);
    const { what, bytes } = readForgettable(db, scope);
    const nothing = isNothing(scope, what);
    const will = `${db}: ${nothing ? 'nothing to forget' : sentence(scope, what, bytes)}`;
    if (!nothing && !yes && !canAsk()) {
      if (json) printJson(db, scope, what, null, bytes);
      throw new UsageError(`${will}; there is no terminal to ask, expected --yes`);
    }
    const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
    say(will);
    const agreed = yes || (!nothing && (await askYes('Delete it?')));
    const before = sizeOf(db);
    // Even with nothing to delete: a process that was killed may have left free pages.
    const done = agreed ? deleteFrom(args, scope, what) : null;
    const freed = Math.max(0, before - sizeOf(db));
    const outcome = done && !nothing ? ['deleted'] : nothing ? [] : ['nothing was deleted'];
    if (done?.notShrunk) outcome.push(`the file keeps its size for now: ${done.notShrunk}`);
    else if (done && freed > 0) outcome.push(`the file is ${formatBytes(freed)} smaller`);
    if (outcome.length > 0) say(outcome.join('; '));
    if (json) printJson(db, scope, what, done, done ? freed : bytes);
  },
};

/** @throws UsageError unless exactly one is asked for. */
function scopeOf({ sweep, unused, failed }: ForgetArguments): ForgetScope {
  const scopes: ForgetScope[] = [];
  if (sweep !== undefined) scopes.push({ kind: 'sweep', sweep });
  if (unused) scopes.push({ kind: 'unused' });
  if (failed) scopes.push({ kind: 'failed' });
  const [scope, other] = scopes;
  if (!scope || other) {
    const given = scopes.map(({ kind }) => `--${kind}`).join(' and ');
    throw new UsageError(`${given ? `${given}: ` : ''}expected one of --sweep NAME, --unused and --failed`);
  }
  return scope;
}

/** @throws UsageError where there is no such sweep, StoreError DATABASE_HELD where a run is at work. */
function refuse(db: string, scope: ForgetScope): void {
  const reader = openReader(db);
  try {
    if (scope.kind === 'sweep') chooseSweeps(reader, db, scope.sweep, '--sweep');
    const holder = reader.holder();
    if (holder?.alive) throw heldError(db, holder);
  } finally {
    reader.close();
  }
}

function deleteFrom(
  { db, unsafeFilesystem }: ForgetArguments,
  scope: ForgetScope,
  what: Forgettable,
): ForgetResult {
  const store = Store.open(db, { unsafeFilesystem });
  try {
    return store.forget(scope, what);
  } finally {
    store.close();
  }
}

const sizeOf = (db: string): number => statSync(db).size + walBytes(db);

function sentence(scope: ForgetScope, what: Forgettable, bytes: number): string {
  const { trajectories, checkpoints, cells, attempts, snapshots, pendingAgain } = what;
  const counts = [
    counted(trajectories, 'trajectory', 'trajectories'),
    counted(checkpoints, 'checkpoint'),
    counted(cells, 'cell'),
    counted(attempts, 'attempt'),
    counted(snapshots, 'snapshot'),
  ].filter(text => !text.startsWith('0 '));
  const rows = [...counts, `about ${formatBytes(bytes)}`].join(', ');
  switch (scope.kind) {
    case 'sweep':
      return `deletes the sweep ${scope.sweep} and what no other sweep asks for: ${rows}`;
    case 'unused':
      return `deletes what no sweep asks for: ${rows}`;
    case 'failed': {
      const again = counted(pendingAgain, 'trajectory', 'trajectories');
      return `deletes what failed trajectories have recorded: ${rows}; pending again: ${again}`;
    }
  }
}

/**
 * The shape of `forget --json`: db, scope (sweep, unused, failed), sweep (its name or null), deleted (false where it was
 * only shown), trajectories, pendingAgain, checkpoints, cells, attempts, snapshots, bytes (of the file: estimated before,
 * measured after), notShrunk (why the file keeps its size, or null).
 */
function printJson(
  db: string,
  scope: ForgetScope,
  what: Forgettable,
  done: ForgetResult | null,
  bytes: number,
): void {
  const { trajectories, pendingAgain, checkpoints, cells, attempts, snapshots } = what;
  const result = {
    db,
    scope: scope.kind,
    sweep: scope.kind === 'sweep' ? scope.sweep : null,
    deleted: done !== null,
    trajectories,
    pendingAgain,
    checkpoints,
    cells,
    attempts,
    snapshots,
    bytes,
    notShrunk: done?.notShrunk ?? null,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}
