import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatDuration } from '../../src/base/units.js';
import { createProgressDisplay } from '../../src/cli/progress.js';
import { canDraw } from '../../src/cli/terminal.js';

const progress = (cellsDone: number, trajectoriesFailed = 0) => ({
  sweep: 's',
  trajectories: 2,
  trajectoriesDone: 0,
  trajectoriesFailed,
  cells: 10,
  cellsDone,
});

const ESC = '\x1b';

/** What a terminal of this width shows after it receives a text. */
function screen(text: string, width = 100): { lines: string[]; cursorShown: boolean; wraps: boolean } {
  const lines: string[][] = [[]];
  let [row, column, saved, cursorShown, wraps] = [0, 0, [0, 0], true, true];
  const tokens = text.match(new RegExp(`${ESC}\\[[?\\d]*[A-Za-z]|${ESC}[78]|[\\s\\S]`, 'gu')) ?? [];
  for (const token of tokens) {
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (token === '\r' || token === '\x1b[1G') column = 0;
    else if (token === '\x1b7') saved = [row, column];
    else if (token === '\x1b8') [row, column] = saved as [number, number];
    else if (token === '\x1b[K' || token === '\x1b[0K') lines[row]!.length = column;
    else if (token === '\x1b[?25l' || token === '\x1b[?25h') cursorShown = token.endsWith('h');
    else if (token === '\x1b[?7l' || token === '\x1b[?7h') wraps = token.endsWith('h');
    else if (token.startsWith('\x1b')) throw new Error(`unexpected ${JSON.stringify(token)}`);
    else {
      if (column === width && wraps) [row, column] = [row + 1, 0];
      lines[row] ??= [];
      lines[row]![Math.min(column, width - 1)] = token;
      column = Math.min(column + 1, width);
    }
    lines[row] ??= [];
  }
  return { lines: lines.map(line => Array.from(line, c => c ?? ' ').join('')), cursorShown, wraps };
}

function stream(isTTY: boolean) {
  let text = '';
  const write = (piece: string) => {
    text += piece;
    return true;
  };
  const fake = { isTTY, write, columns: 100, rows: 30, on: () => fake, once: () => fake };
  return { stream: fake as unknown as NodeJS.WriteStream, text: () => text };
}

const NEVER = () => false;
const NOTHING = { workDone: 0, secondsLeft: null };

beforeEach(() => {
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('progress on a terminal', () => {
  it('is a bar below the printed lines, and restores the terminal at its end', () => {
    const { stream: terminal, text } = stream(true);
    const display = createProgressDisplay(terminal, NEVER);
    display.printLine('before');
    display.update(progress(0), { workDone: 0, secondsLeft: null });
    display.printLine('warning: first');
    display.printLine(`warning: ${'long '.repeat(25)}end`);
    display.update(progress(4, 1), { workDone: 0.4, secondsLeft: 70 });
    display.printLine('warning: last');
    const during = screen(text());
    expect(during).toMatchObject({ cursorShown: false, wraps: false });
    display.end();
    display.end();
    terminal.write('after\n');
    const { lines, cursorShown, wraps } = screen(text());
    expect(lines.slice(0, 2)).toEqual(['before', 'warning: first']);
    expect(lines.slice(2, 4).join('')).toBe(`warning: ${'long '.repeat(25)}end`);
    expect(lines[4]).toBe('warning: last');
    expect(lines[5]).toMatch(
      /^[█░]{20} 40% \| 70 s left \| \d+ cells\/s \| 4\/10 cells \| 0\/2 trajectories, 1 failed$/,
    );
    expect(lines.slice(6)).toEqual(['after', '']);
    expect({ cursorShown, wraps }).toEqual({ cursorShown: true, wraps: true });
  });

  it('restores the terminal before any exit, and leaves no listener behind', () => {
    const { stream: terminal, text } = stream(true);
    const listeners = () => ['exit', 'SIGTSTP', 'SIGCONT'].map(name => process.listeners(name as 'exit'));
    const before = listeners();
    const display = createProgressDisplay(terminal, NEVER);
    display.update(progress(3), NOTHING);
    const [atExit] = process.listeners('exit').filter(listener => !before[0]!.includes(listener));
    atExit!(0);
    expect(screen(text())).toMatchObject({ cursorShown: true, wraps: true });
    display.end();
    expect(listeners()).toEqual(before);
  });

  it('restores the terminal on ^Z and draws again afterwards', () => {
    const { stream: terminal, text } = stream(true);
    const display = createProgressDisplay(terminal, NEVER);
    const suspended: string[] = [];
    const kill = vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
      // Nothing of ours listens any more, so that the signal suspends.
      suspended.push(`${pid === process.pid} ${signal} ${process.listenerCount('SIGTSTP')}`);
      expect(screen(text())).toMatchObject({ cursorShown: true, wraps: true });
      return true;
    });
    for (const round of [1, 2]) {
      display.update(progress(round), NOTHING);
      process.emit('SIGTSTP');
      process.emit('SIGCONT');
      expect(screen(text())).toMatchObject({ cursorShown: false, wraps: false });
      expect(screen(text()).lines.at(-1)).toMatch(`| ${round}/10 cells |`);
    }
    kill.mockRestore();
    display.end();
    expect(screen(text())).toMatchObject({ cursorShown: true, wraps: true });
    expect(suspended).toEqual(['true SIGTSTP 0', 'true SIGTSTP 0']);
  });

  it('in the background is plain lines, and leaves the terminal to its owner', () => {
    const { stream: terminal, text } = stream(true);
    let isBehind = false;
    const display = createProgressDisplay(terminal, () => isBehind);
    display.update(progress(1), NOTHING);
    isBehind = true;
    const length = () => text().length;
    display.update(progress(2), NOTHING);
    expect(screen(text())).toMatchObject({ cursorShown: true, wraps: true });
    const from = length();
    display.printLine('warning: something');
    display.update(progress(3), NOTHING);
    display.end();
    expect(text().slice(from)).toMatch(/^warning: something\n3\/10 cells, 0\/2 trajectories.*\n$/);
  });
});

it.each([
  [true, 'xterm', true],
  [true, 'dumb', false],
  [true, '', false],
  [false, 'xterm', false],
])('draws with isTTY %s, TERM %s: %s', (isTTY, term, draws) => {
  vi.stubEnv('TERM', term);
  const { stream: fake, text } = stream(isTTY);
  expect(canDraw(fake)).toBe(draws);
  const display = createProgressDisplay(fake, NEVER);
  display.update({ ...progress(1), cells: 1, trajectories: 1, trajectoriesDone: 1 }, NOTHING);
  display.printLine('a line');
  display.end();
  expect(text().includes(ESC)).toBe(draws);
  if (!draws) expect(text()).toBe('1/1 cell, 1/1 trajectory\na line\n');
});

describe('progress elsewhere', () => {
  it('is a plain line at the start, at intervals, and at the end', () => {
    const { stream: file, text } = stream(false);
    const display = createProgressDisplay(file);
    display.update(progress(0), { workDone: 0, secondsLeft: null });
    display.printLine('warning: something');
    for (let cells = 1; cells <= 10; cells++)
      display.update(progress(cells), { workDone: cells / 10, secondsLeft: 10 - cells });
    display.end();
    display.end();
    expect(text().split('\n')).toEqual([
      '0/10 cells, 0/2 trajectories',
      'warning: something',
      expect.stringMatching(/^10\/10 cells, 0\/2 trajectories, \d+ cells\/s, 0 s left$/),
      '',
    ]);
  });

  it('prints nothing if nothing started', () => {
    const { stream: file, text } = stream(false);
    createProgressDisplay(file).end();
    expect(text()).toBe('');
  });
});

it.each([
  [0, '0 s'],
  [89.4, '89 s'],
  [91, '2 min'],
  [3600, '60 min'],
  [5400, '1 h 30 min'],
  [11_100, '3 h 05 min'],
  [Number.POSITIVE_INFINITY, '?'],
])('%s seconds', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
