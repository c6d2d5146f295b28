import { parseAddress, type QueueAddress } from '../execute/queue/index.js';

/**
 * The Redis server in `--queue`, else that in ESPALIER_QUEUE; null without either. Credentials that the option lacks
 * come from ESPALIER_QUEUE. @throws InputError
 */
export function queueAddress(option: string | undefined): QueueAddress | null {
  const variable = process.env.ESPALIER_QUEUE;
  if (option !== undefined) return parseAddress('--queue', option, variable);
  return variable ? parseAddress('ESPALIER_QUEUE', variable) : null;
}
