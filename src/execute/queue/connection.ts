/** Connections to Redis: the first one has to come about, later ones are made anew until they do. */
import { Redis } from 'ioredis';
import { QueueError } from '../../base/errors.js';
import type { QueueAddress } from './address.js';
import type { QueueTimes } from './options.js';

const RETRY_MS = 250;
/** Redis 6.2 is the first with what BullMQ and this executor use. */
const OLDEST_REDIS = [6, 2] as const;

interface ConnectionListener {
  /** The server cannot be reached. Called once for each outage. */
  onLost(reason: string): void;
  onBack(): void;
}

/**
 * Connects to a server. Commands that are sent while it is away wait for it, in order, and are sent again if their
 * answer was lost.
 *
 * @throws QueueError QUEUE_UNREACHABLE, QUEUE_REFUSED
 */
export async function connect(
  address: QueueAddress,
  times: QueueTimes,
  listener: ConnectionListener | null = null,
): Promise<Redis> {
  const redis = new Redis(address.url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    connectTimeout: Math.min(times.silenceMs, times.connectMs),
    socketTimeout: times.silenceMs,
    keepAlive: 10_000,
    retryStrategy: () => RETRY_MS,
  });
  let reason = 'no answer';
  let isUp = false;
  let isReported = false;
  redis.on('error', (error: NodeJS.ErrnoException) => {
    reason = reasonOf(error);
  });
  redis.on('close', () => forgetAwaitedAnswer(redis));
  await firstConnection(redis, address, times.connectMs, () => reason);
  isUp = true;
  redis.on('close', () => {
    if (isUp && !isReported && redis.status !== 'end') {
      isReported = true;
      listener?.onLost(reason);
    }
    isUp = false;
  });
  redis.on('ready', () => {
    isUp = true;
    if (isReported) listener?.onBack();
    isReported = false;
  });
  return redis;
}

/**
 * ioredis 5.11 keeps the timer of `socketTimeout` when a connection closes. It would keep the process, and end the next
 * connection, on which that answer cannot come.
 */
function forgetAwaitedAnswer(redis: Redis): void {
  const internal = redis as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
  clearTimeout(internal.socketTimeoutTimer);
  internal.socketTimeoutTimer = undefined;
}

async function firstConnection(
  redis: Redis,
  address: QueueAddress,
  withinMs: number,
  reason: () => string,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        redis.once('ready', resolve);
        redis.on('error', (error: NodeJS.ErrnoException) => {
          const expected = isOfCertificate(error) ? `; ${CERTIFICATES}` : '';
          if (expected !== '' || isRefusal(error))
            reject(new QueueError('QUEUE_REFUSED', `${address.shown}: ${reasonOf(error)}${expected}`));
        });
        redis.connect().catch(() => {});
      }),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () =>
            reject(new QueueError('QUEUE_UNREACHABLE', `${address.shown} cannot be reached: ${reason()}`)),
          withinMs,
        );
      }),
    ]);
  } catch (error) {
    redis.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Errors that a retry does not mend: credentials, permissions, a server that is none of Redis. */
const isRefusal = ({ message }: Error): boolean => /^(NOAUTH|WRONGPASS|NOPERM|ERR|DENIED)\b/.test(message);

const CERTIFICATES = 'expected a certificate of a known authority, or of one in the file NODE_EXTRA_CA_CERTS';
const isOfCertificate = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  /CERT|HOSTNAME_MISMATCH|INVALID_CA/.test(code);

/** ioredis puts no credentials into its messages; an URL is removed all the same. */
const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  (message || code || 'no answer').replaceAll(/rediss?:\/\/\S+/g, 'the server').replaceAll(/\s+/g, ' ');

/**
 * What is wrong with a server's version and settings, one line each. A server that does not let itself be asked is
 * taken as it is.
 *
 * @throws QueueError QUEUE_REFUSED for one that is too old.
 */
export async function serverAdvice(redis: Redis, address: QueueAddress): Promise<string[]> {
  const info = await redis.info().catch(() => '');
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('valkey_version') ? null : field('redis_version');
  const [major = 0, minor = 0] = version?.split('.').map(Number) ?? [];
  const [oldestMajor, oldestMinor] = OLDEST_REDIS;
  if (version && (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)))
    throw new QueueError(
      'QUEUE_REFUSED',
      `${address.shown}: Redis ${version}, expected ${OLDEST_REDIS.join('.')} or later`,
    );
  const policy = field('maxmemory_policy');
  if (policy === undefined || policy === 'noeviction') return [];
  return [
    `${address.shown} may throw away what it holds (maxmemory-policy ${policy}): set it to noeviction, or work is done twice`,
  ];
}

/** Runs a pipeline. @throws the first error of its commands. */
export async function runPipeline(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  for (const [error] of results) if (error) throw error;
  return results.map(([, result]) => result);
}

/** Ends a connection. Commands without an answer reject. */
export function disconnect(redis: Redis): void {
  redis.disconnect(false);
}

/** Waits for work that may wait for Redis, but not for long. Its errors are dropped. */
export async function withinMs(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}
