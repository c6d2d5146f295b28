/** Sends what a worker reports of one run, in order, several reports in one entry of the run's stream. */
import type { Redis } from 'ioredis';
import { pack } from './codec.js';
import { KEEP_S } from './keys.js';
import { type Origin, PROTOCOL, type Report, type Reports } from './schemas.js';

/** How long a report may wait for others. */
const WAIT_MS = 10;
/** Reports and cells of one entry. */
const MAX_WEIGHT = 2_000;

export class ReportSender {
  #reports: Report[] = [];
  #weight = 0;
  #timer: NodeJS.Timeout | null = null;
  #sent: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly redis: Redis,
    private readonly key: string,
    private readonly worker: string,
    private readonly by: Origin,
  ) {}

  add(report: Report): void {
    this.#reports.push(report);
    this.#weight += 1 + (report.event.kind === 'rows' ? report.event.cells.length : 0);
    if (this.#weight >= MAX_WEIGHT) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), WAIT_MS);
  }

  /** Resolves when everything that was added before is in Redis. */
  async flush(): Promise<void> {
    this.#send();
    await this.#sent;
  }

  #send(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#reports.length === 0) return;
    const message: Reports = { protocol: PROTOCOL, worker: this.worker, by: this.by, reports: this.#reports };
    this.#reports = [];
    this.#weight = 0;
    const pipeline = this.redis.pipeline();
    pipeline.xadd(this.key, '*', 'm', pack(message)).expire(this.key, KEEP_S);
    // Redis may refuse a write, e.g. for lack of memory: the coordinator finds the gap, and hands out again.
    this.#sent = pipeline.exec().catch(() => {});
  }
}
