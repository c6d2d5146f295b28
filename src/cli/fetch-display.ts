/** The progress of downloads on stderr. */
import { Presets, SingleBar } from 'cli-progress';
import { formatBytes } from '../base/units.js';
import type { FetchProgress } from '../data/fetch.js';
import { canDraw, isInBackground, onRelease } from './terminal.js';

/** Without a terminal, a download prints at most one line in this interval. */
const LINE_EVERY_MS = 10_000;

/** Shows downloads: a bar on a terminal, plain lines elsewhere. */
export function createFetchDisplay(stream: NodeJS.WriteStream) {
  let url = '';
  let lastLineAt = 0;
  let bar: SingleBar | null = null;
  const draws = canDraw(stream);
  const endBar = () => {
    bar?.stop();
    bar = null;
  };
  const forget = onRelease(endBar);
  const size = ({ received, total }: FetchProgress) =>
    total === null ? formatBytes(received) : `${formatBytes(received)} of ${formatBytes(total)}`;
  return {
    progress(progress: FetchProgress): void {
      const isNew = progress.url !== url;
      url = progress.url;
      if (draws && !isInBackground()) {
        if (isNew || bar === null) {
          endBar();
          const format = '{bar} {percentage}% | {file} | {size}';
          const options = { stream, format, hideCursor: true, gracefulExit: false };
          bar = new SingleBar(options, Presets.shades_classic);
          bar.start(progress.total ?? 0, 0, { file: progress.file, size: '' });
        }
        bar.update(progress.received, { size: size(progress) });
        return;
      }
      endBar();
      if (isNew || performance.now() - lastLineAt > LINE_EVERY_MS) {
        stream.write(`${progress.url}: ${size(progress)}\n`);
        lastLineAt = performance.now();
      }
    },
    line(text: string): void {
      endBar();
      stream.write(`${text}\n`);
    },
    end(): void {
      forget();
      endBar();
    },
  };
}
