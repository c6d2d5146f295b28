/** `--param name=value`: values for the parameters of a query. */
import { UsageError } from '../base/errors.js';
import type { Value } from '../store/user-sql/query.js';

/** SQLite's integers have 64 bits. */
const MAX_INTEGER = 2n ** 63n - 1n;

/**
 * Parses values by name. As in SQL, `12` and `0.5` are numbers, `NULL` is NULL, and single quotes enclose text. Any
 * other value is text as it stands.
 *
 * @throws UsageError where one is not name=value, or a name comes twice.
 */
export function parseParameters(given: readonly string[]): Record<string, Value> {
  const values = new Map<string, Value>();
  for (const text of given) {
    const [, name, value] = /^[:@$]?([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(
        `--param: found "${text}", expected name=value, as in --param n=1000 for :n in the SQL`,
      );
    }
    if (values.has(name)) throw new UsageError(`--param ${name} is given more than once`);
    values.set(name, literal(value));
  }
  // A name may be `__proto__`, which an assignment to an object would lose.
  return Object.fromEntries(values);
}

function literal(text: string): Value {
  if (/^null$/i.test(text)) return null;
  const quoted = /^'((?:[^']|'')*)'$/s.exec(text);
  if (quoted) return quoted[1]!.replaceAll("''", "'");
  if (/^[+-]?\d+$/.test(text)) {
    const integer = BigInt(text.replace(/^\+/, ''));
    return integer <= MAX_INTEGER && integer >= -MAX_INTEGER - 1n ? integer : Number(text);
  }
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  return text;
}
