/** Shows the progress of a sweep on stderr: a bar on a terminal, plain lines elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import { ActiveTimeClock } from '../base/active-time-clock.js';
import { formatDuration } from '../base/units.js';
import type { SweepProgress } from '../store/write/store.js';

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

export function createProgressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  const clock = new ActiveTimeClock();
  const elapsedS = () => clock.ms() / 1000;
  let startCells = -1;
  const start = (progress: SweepProgress): number => {
    if (startCells < 0) startCells = progress.cellsDone;
    return startCells;
  };
  return stream.isTTY ? bar(stream, start, elapsedS) : lines(stream, start, elapsedS);
}

type Start = (progress: SweepProgress) => number;

function bar(stream: NodeJS.WriteStream, start: Start, elapsedS: () => number): ProgressDisplay {
  const single = new SingleBar(
    {
      stream,
      format: '{bar} {percentage}% | {left} left | {rate} | {value}/{total} cells | {trajectories}',
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
  // Checkpoints may be far apart, so the time left also counts down between them.
  const countdown = setInterval(() => {
    if (started && expectedEnd !== null)
      single.update({ left: formatDuration(Math.max(0, expectedEnd - elapsedS())) });
  }, 1000).unref();
  return {
    update(progress, pace) {
      const { rate, left } = formatPace(progress, pace, start(progress), elapsedS());
      expectedEnd = pace.secondsLeft === null ? null : elapsedS() + pace.secondsLeft;
      const failed = progress.trajectoriesFailed > 0 ? `, ${progress.trajectoriesFailed} failed` : '';
      const trajectories = `${progress.trajectoriesDone}/${progress.trajectories} trajectories${failed}`;
      const payload = { trajectories, rate: rate || '- cells/s', left };
      if (!started) single.start(progress.cells, progress.cellsDone, payload);
      else single.update(progress.cellsDone, payload);
      started = true;
    },
    printLine(text) {
      // At its end the bar returns to the last saved cursor position (ESC 7). It is drawn without wrapping (?7l).
      stream.write(started ? `\r\x1b[K\x1b[?7h${text}\n\x1b7\x1b[?7l` : `${text}\n`);
    },
    end() {
      clearInterval(countdown);
      if (started) single.stop();
      started = false;
    },
  };
}

function lines(stream: NodeJS.WriteStream, start: Start, elapsedS: () => number): ProgressDisplay {
  let lastAt = Number.NEGATIVE_INFINITY;
  let last: string | null = null;
  let pending: string | null = null;
  return {
    update(progress, pace) {
      const { rate, left } = formatPace(progress, pace, start(progress), elapsedS());
      const failed = progress.trajectoriesFailed > 0 ? `, ${progress.trajectoriesFailed} failed` : '';
      pending =
        `${progress.cellsDone}/${progress.cells} cells, ` +
        `${progress.trajectoriesDone}/${progress.trajectories} trajectories${failed}` +
        (rate ? `, ${rate}, ${left} left` : '');
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
