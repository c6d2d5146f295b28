import { constants } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import {
  ignoreStopSignals,
  onFirstStopSignal,
  onStopSignals,
  STOP_SIGNALS,
} from '../../src/base/stop-signals.js';

const counts = () => STOP_SIGNALS.map(name => process.listenerCount(name));

afterEach(() => {
  vi.resetModules();
  vi.doUnmock('node:os');
});

it.skipIf(process.platform === 'win32')('are those that terminals and schedulers send', () =>
  expect(STOP_SIGNALS).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU']),
);

it('are those that the platform has', async () => {
  const { SIGINT, SIGTERM, SIGHUP } = constants.signals;
  // The signals of Windows, of those in the list.
  vi.doMock('node:os', () => ({ constants: { signals: { SIGINT, SIGTERM, SIGHUP } } }));
  const windows = await import('../../src/base/stop-signals.js');
  expect(windows.STOP_SIGNALS).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP']);
});

it('call a listener each time, or once, until it is removed', () => {
  // Other tests of this process may have left listeners to the first signal only.
  for (const name of STOP_SIGNALS) process.emit(name, name);
  const before = counts();
  const called: string[] = [];
  const remove = onStopSignals(() => called.push('each'));
  const removeFirst = onFirstStopSignal(() => called.push('first'));
  for (const name of STOP_SIGNALS) process.emit(name, name);
  expect(called.filter(one => one === 'first')).toHaveLength(1);
  expect(called.filter(one => one === 'each')).toHaveLength(STOP_SIGNALS.length);
  remove();
  removeFirst();
  expect(counts()).toEqual(before);
  const kept = onFirstStopSignal(() => called.push('never'));
  kept();
  expect(counts()).toEqual(before);
});

it('are left to the parent by child processes', () => {
  const before = counts();
  ignoreStopSignals();
  expect(counts()).toEqual(before.map(count => count + 1));
  for (const name of STOP_SIGNALS) process.off(name, process.listeners(name).at(-1)!);
});
