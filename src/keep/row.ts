/** One row of a kept table, out of a file or of a database, which reads its fields. */
import { formatValue, InputError } from '../base/errors.js';

export class KeptRow {
  constructor(
    /** File and line, or the database, for errors. */
    readonly place: string,
    private readonly fields: Readonly<Record<string, string>>,
  ) {}

  /** A row as a database has it. */
  static of(place: string, row: Readonly<Record<string, string | number | null>>): KeptRow {
    const fields = Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)]);
    return new KeptRow(place, Object.fromEntries(fields));
  }

  /** Null where the field is empty or there is no such column. */
  text(name: string): string | null {
    return this.fields[name] || null;
  }

  /** @throws InputError where there is none. */
  required(name: string): string {
    return this.text(name) ?? this.refuse(name, 'a value', 'found none');
  }

  /** @throws InputError for what is no finite number. */
  number(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const isNumber = NUMBER.test(text) && Number.isFinite(Number(text));
    return isNumber ? Number(text) : this.refuse(name, 'a number');
  }

  /** @throws InputError for what is no number from 0 to 1. */
  share(name: string): number {
    this.required(name);
    const share = this.number(name)!;
    return share >= 0 && share <= 1 ? share : this.refuse(name, 'a number from 0 to 1');
  }

  /** @throws InputError for what is no whole number from 0 on. */
  count(name: string): number {
    const text = this.required(name);
    const isCount = /^\d+$/.test(text) && Number.isSafeInteger(Number(text));
    return isCount ? Number(text) : this.refuse(name, 'a whole number');
  }

  /** As `count`; null where there is none. */
  countOrNull(name: string): number | null {
    return this.text(name) === null ? null : this.count(name);
  }

  /** Refuses another value in a column that says what another file or the row's configuration says already. */
  expectValue(name: string, value: string | number, from: string): void {
    if (this.required(name) !== String(value)) this.refuse(name, `${value} as in ${from}`);
  }

  /** @throws InputError always. */
  refuse(name: string, expected: string, what = `found ${formatValue(this.text(name) ?? undefined)}`): never {
    throw new InputError({ path: name, source: this.place, value: this.text(name), what, expected });
  }
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
