/** Counts messages that were dropped, and reports the first of each kind. */

/** Kinds that are told apart; a flood of different ones is reported no further. */
const MAX_KINDS = 20;

export class PoisonLog {
  count = 0;
  readonly #kinds = new Map<string, number>();

  constructor(private readonly report: (message: string) => void) {}

  add(what: string, from: string, reason: string): void {
    this.count++;
    const kind = `${what} from ${from}`;
    const before = this.#kinds.get(kind);
    if (before === undefined && this.#kinds.size >= MAX_KINDS) return;
    this.#kinds.set(kind, (before ?? 0) + 1);
    if (before === undefined) this.report(`dropped ${kind}: ${reason}`);
  }

  /** Reports how many there were beyond those reported. */
  end(): void {
    if (this.count > this.#kinds.size) this.report(`dropped ${this.count} messages in all`);
  }
}
