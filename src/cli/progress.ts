/** Shows the progress of a sweep on stderr: a bar on a terminal, plain lines elsewhere and in the background. */
import { Presets, SingleBar } from 'cli-progress';
import { ActiveTimeClock } from '../base/active-time-clock.js';
import { counted, formatDuration } from '../base/units.js';
import type { SweepProgress } from '../store/write/store.js';
import { canDraw, isInBackground, onRelease } from './terminal.js';

/** Without a terminal, progress prints at most one line in this interval. */
const LINE_EVERY_MS = 10_000;

/** The share of the work that is done, and the seconds left: null before they can be estimated. */
export interface ProgressEstimate {
  readonly workDone: number;
  readonly secondsLeft: number | null;
}

export interface ProgressDisplay {
  update(progress: SweepProgress, pace: ProgressEstimate): void;
  /** Prints a line without tearing the bar. */
  printLine(text: string): void;
  /** Restores the terminal. Safe to call twice. */
  end(): void;
}

const cellsOf = ({ cells, cellsDone }: SweepProgress): string => `${cellsDone}/${counted(cells, 'cell')}`;

function trajectoriesOf({ trajectories, trajectoriesDone, trajectoriesFailed }: SweepProgress): string {
  const failed = trajectoriesFailed > 0 ? `, ${trajectoriesFailed} failed` : '';
  return `${trajectoriesDone}/${counted(trajectories, 'trajectory', 'trajectories')}${failed}`;
}

/** Rate of cells and time left, as text. */
function formatPace(
  progress: SweepProgress,
  { secondsLeft }: ProgressEstimate,
  startCells: number,
  elapsedS: number,
) {
  const cells = progress.cellsDone - startCells;
  const rate = elapsedS > 0 ? cells / elapsedS : 0;
  return {
    rate: rate === 0 ? '' : `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} cells/s`,
    left: formatDuration(secondsLeft ?? Number.POSITIVE_INFINITY),
  };
}

export function createProgressDisplay(
  stream: NodeJS.WriteStream = process.stderr,
  isBehind: () => boolean = isInBackground,
): ProgressDisplay {
  const clock = new ActiveTimeClock();
  const elapsedS = () => clock.ms() / 1000;
  let startCells = -1;
  const start = (progress: SweepProgress): number => {
    if (startCells < 0) startCells = progress.cellsDone;
    return startCells;
  };
  const plain = lines(stream, start, elapsedS);
  return canDraw(stream) ? bar(stream, start, elapsedS, { isBehind, plain }) : plain;
}

type Start = (progress: SweepProgress) => number;

/** A bar; while the process is in the background, plain lines. */
function bar(
  stream: NodeJS.WriteStream,
  start: Start,
  elapsedS: () => number,
  { isBehind, plain }: { isBehind: () => boolean; plain: ProgressDisplay },
): ProgressDisplay {
  const single = new SingleBar(
    {
      stream,
      format: '{bar} {percentage}% | {left} left | {rate} | {cells} | {trajectories}',
      barsize: 20,
      hideCursor: true,
      clearOnComplete: false,
      gracefulExit: false,
      // Redraws without a change, too: a printed line may have overwritten the bar.
      forceRedraw: true,
      fps: 5,
    },
    Presets.shades_classic,
  );
  let started = false;
  let expectedEnd: number | null = null;
  let latest: Parameters<ProgressDisplay['update']> | null = null;
  const stop = () => {
    if (started) single.stop();
    started = false;
  };
  // Checkpoints may be far apart, so the time left also counts down between them.
  const countdown = setInterval(() => {
    if (started && expectedEnd !== null)
      single.update({ left: formatDuration(Math.max(0, expectedEnd - elapsedS())) });
  }, 1000).unref();
  const display: ProgressDisplay = {
    update(progress, pace) {
      latest = [progress, pace];
      if (isBehind()) {
        stop();
        plain.update(progress, pace);
        return;
      }
      const { rate, left } = formatPace(progress, pace, start(progress), elapsedS());
      expectedEnd = pace.secondsLeft === null ? null : elapsedS() + pace.secondsLeft;
      const payload = {
        cells: cellsOf(progress),
        trajectories: trajectoriesOf(progress),
        rate: rate || '- cells/s',
        left,
      };
      if (!started) single.start(progress.cells, progress.cellsDone, payload);
      else {
        // Refined checkpoints add cells.
        single.setTotal(progress.cells);
        single.update(progress.cellsDone, payload);
      }
      started = true;
    },
    printLine(text) {
      // At its end the bar returns to the last saved cursor position (ESC 7). It is drawn without wrapping (?7l).
      stream.write(started ? `\r\x1b[K\x1b[?7h${text}\n\x1b7\x1b[?7l` : `${text}\n`);
    },
    end() {
      clearInterval(countdown);
      forget();
      stop();
      plain.end();
    },
  };
  const forget = onRelease(stop, () => {
    if (latest) display.update(...latest);
  });
  return display;
}

function lines(stream: NodeJS.WriteStream, start: Start, elapsedS: () => number): ProgressDisplay {
  let lastAt = Number.NEGATIVE_INFINITY;
  let last: string | null = null;
  let pending: string | null = null;
  return {
    update(progress, estimate) {
      const { rate, left } = formatPace(progress, estimate, start(progress), elapsedS());
      const pace = rate ? `, ${rate}, ${left} left` : '';
      pending = `${cellsOf(progress)}, ${trajectoriesOf(progress)}${pace}`;
      if (performance.now() - lastAt < LINE_EVERY_MS) return;
      stream.write(`${pending}\n`);
      last = pending;
      lastAt = performance.now();
    },
    printLine(text) {
      stream.write(`${text}\n`);
    },
    end() {
      if (pending && pending !== last) stream.write(`${pending}\n`);
      last = pending;
    },
  };
}
