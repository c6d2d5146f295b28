/**
 * Runs a sweep with three workers while everything that can die does, at random moments. Then compares its database bit
 * for bit with that of an undisturbed local run. Everything random comes from one seed.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { integerBelow, stream, type Uniform } from '../../src/math/random.js';
import { compareDatabases } from '../kill/harness.js';
import type { RunningProcess, Workplace } from '../support/program.js';
import { TcpProxy } from '../support/proxy.js';
import { RedisServer } from '../support/redis.js';
import type { SweepObject } from '../support/small-sweeps.js';

/** ESPALIER_CHAOS_SEED, or a new seed each time. */
export const SEED = Number(process.env.ESPALIER_CHAOS_SEED ?? Math.floor(Math.random() * 1e9));

const LEASE_MS = 3_000;
const TIMES = {
  leaseMs: LEASE_MS,
  stallCheckMs: 500,
  beatMs: 200,
  staleMs: 2_000,
  lookMs: 200,
  silenceMs: 2_000,
};
const ENVIRONMENT = {
  ESPALIER_QUEUE_TIMES: Object.entries(TIMES)
    .map(([name, ms]) => `${name}=${ms}`)
    .join(' '),
};

export const FAULTS = [
  'worker killed',
  'worker told to leave',
  'worker stopped past its lease',
  'coordinator killed',
  'redis killed',
  'redis killed, its data lost',
  'redis flushed',
  'network swallows',
  'network delays',
  'network cut',
  'all killed',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface ChaosOutcome {
  faults: number;
  databases: number;
  rows: number;
  missing: number;
  duplicate: number;
  differing: number;
}

/** Threads of the three workers. */
const WORKERS = [1, 2, 1];

interface WorkerSeat {
  readonly threads: number;
  readonly proxy: TcpProxy;
  process: RunningProcess;
}

/** Disturbs runs of a sweep at least `faults` times, on as many databases as that takes. */
export async function disturb(
  work: Workplace,
  sweep: SweepObject,
  faults: number,
  kinds: readonly Fault[] = FAULTS,
  args: readonly string[] = [],
): Promise<ChaosOutcome> {
  console.log(`${sweep.name}: seed ${SEED}; ESPALIER_CHAOS_SEED repeats it`);
  const next = stream(SEED, 'chaos', sweep.name);
  const file = work.sweep(sweep);
  const calm = `${sweep.name}-calm.sqlite`;
  const { code } = await work.run('run', file, '--db', calm, '--threads', '2', ...args);
  expect(code).toBe(0);
  const outcome = { faults: 0, databases: 0, rows: 0, missing: 0, duplicate: 0, differing: 0 };
  const redis = await RedisServer.start();
  const chaos = new Chaos(work, redis, next, ['run', file, '--snapshot-every', '0.1', ...args]);
  try {
    await chaos.startWorkers();
    while (outcome.faults < faults) {
      const db = `${sweep.name}-${outcome.databases++}.sqlite`;
      outcome.faults += await chaos.runOne(db, faults - outcome.faults, kinds);
      const compared = compareDatabases(work.path(db), work.path(calm));
      outcome.rows += compared.rows;
      outcome.missing += compared.missing;
      outcome.duplicate += compared.duplicate;
      outcome.differing += compared.differing;
    }
  } finally {
    await chaos.close();
    await redis.remove();
  }
  console.log(JSON.stringify(outcome));
  return outcome;
}

class Chaos {
  readonly #seats: WorkerSeat[] = [];
  #coordinator!: RunningProcess;
  #db = '';
  #kinds: Fault[] = [];

  constructor(
    private readonly work: Workplace,
    private readonly redis: RedisServer,
    private readonly next: Uniform,
    private readonly command: readonly string[],
  ) {}

  async startWorkers(): Promise<void> {
    for (const threads of WORKERS) {
      const proxy = await TcpProxy.start(this.redis.port);
      this.#seats.push({ threads, proxy, process: this.#worker(threads, proxy) });
    }
  }

  /** Runs into one database until it is done. Returns the number of faults. */
  async runOne(db: string, faults: number, kinds: readonly Fault[]): Promise<number> {
    this.#db = db;
    this.#startCoordinator();
    let done = 0;
    for (;;) {
      const patience = 100 + 900 * this.next();
      const ended = await Promise.race([
        wait(done < faults ? patience : 1e9, null, { ref: false }),
        this.#end(),
      ]);
      if (ended) return done;
      const kind = this.#nextKind(kinds);
      const seat = this.#seats[integerBelow(this.next, this.#seats.length)]!;
      if (process.env.ESPALIER_CHAOS_VERBOSE) console.log(`${db}: ${kind}`);
      await this.#disturb(kind, seat);
      done++;
    }
  }

  async close(): Promise<void> {
    for (const { process, proxy } of this.#seats) {
      process.child.kill('SIGKILL');
      proxy.close();
    }
    this.#coordinator?.child.kill('SIGKILL');
  }

  /** Every kind once before any comes again. */
  #nextKind(kinds: readonly Fault[]): Fault {
    if (this.#kinds.length === 0) this.#kinds = [...kinds];
    return this.#kinds.splice(integerBelow(this.next, this.#kinds.length), 1)[0]!;
  }

  /** Resolves to true when the run is done. A coordinator that found no server is started again. */
  async #end(): Promise<boolean> {
    for (;;) {
      const coordinator = this.#coordinator;
      const { code, signal, stderr } = await coordinator.ended;
      if (coordinator !== this.#coordinator) continue;
      if (signal === 'SIGKILL') {
        await wait(20);
        continue;
      }
      if (code !== 0) expect({ code, stderr }).toMatchObject({ code: 0 });
      return true;
    }
  }

  async #disturb(kind: Fault, seat: WorkerSeat): Promise<void> {
    const moment = 50 + 800 * this.next();
    switch (kind) {
      case 'worker killed':
        return this.#replace(seat, 'SIGKILL', moment);
      case 'worker told to leave':
        return this.#replace(seat, 'SIGTERM', 0);
      case 'worker stopped past its lease':
        seat.process.child.kill('SIGSTOP');
        await wait(LEASE_MS + 1_000);
        seat.process.child.kill('SIGCONT');
        return;
      case 'coordinator killed':
        await this.#killCoordinator();
        await wait(moment);
        this.#startCoordinator();
        return;
      case 'redis killed':
        await this.redis.kill();
        await wait(moment);
        await this.redis.restart();
        return;
      case 'redis killed, its data lost':
        await this.redis.kill();
        this.redis.forget();
        await this.redis.restart();
        return;
      case 'redis flushed':
        return this.redis.flush();
      case 'network swallows':
      case 'network delays':
        seat.proxy.mode = kind === 'network swallows' ? 'swallow' : 'delay';
        await wait(3 * moment);
        seat.proxy.mode = 'pass';
        if (kind === 'network swallows') seat.proxy.cut();
        return;
      case 'network cut':
        seat.proxy.cut();
        return;
      case 'all killed':
        await this.#killCoordinator();
        for (const { process } of this.#seats) process.child.kill('SIGKILL');
        await this.redis.kill();
        await this.redis.restart();
        for (const each of this.#seats) each.process = this.#worker(each.threads, each.proxy);
        this.#startCoordinator();
    }
  }

  async #replace(seat: WorkerSeat, signal: NodeJS.Signals, moment: number): Promise<void> {
    const since = performance.now();
    seat.process.child.kill(signal);
    const { code } = await seat.process.ended;
    if (process.env.ESPALIER_CHAOS_VERBOSE) console.log(`${signal}: ${performance.now() - since} ms`);
    // Before its handler was there, the signal kills it.
    if (signal === 'SIGTERM') expect([0, 3, null]).toContain(code);
    await wait(moment);
    seat.process = this.#worker(seat.threads, seat.proxy);
  }

  async #killCoordinator(): Promise<void> {
    this.#coordinator.child.kill('SIGKILL');
    await this.#coordinator.ended;
  }

  #startCoordinator(): void {
    this.#coordinator = this.work.startWith(
      ENVIRONMENT,
      ...this.command,
      ...['--db', this.#db, '--queue', this.redis.url],
    );
  }

  #worker(threads: number, proxy: TcpProxy): RunningProcess {
    const process = this.work.startWith(
      ENVIRONMENT,
      ...['worker', '--queue', proxy.url, '--threads', String(threads)],
    );
    process.ended.catch(() => {});
    return process;
  }
}
