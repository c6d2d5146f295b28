/** The folder of an export: whose it is, and whether it is whole. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PART } from '../base/atomic-file.js';

/** Appears when all other files are complete. */
const CONFIG = 'config.json';
/** In its place while they are written. */
const UNFINISHED = `${CONFIG}${PART}`;
const NAMES =
  /^(?:config\.json(?:\.part)?|(?:samples|inputs|labels|signs|batches)\.npy|(?:weights|outputs|picks_.+)_\d+\.npy)$/;

/** Files of an export, finished or not, that are in a folder. Anything else there is no concern of an export. */
export function exportedFiles(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(name => NAMES.test(name)) : [];
}

/** The trajectory whose export is in a folder, finished or not; null where nothing there says so. */
export function exportedTrajectory(folder: string): string | null {
  for (const name of [CONFIG, UNFINISHED]) {
    try {
      const { id, checkpoints } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      if (typeof id === 'string' && Array.isArray(checkpoints)) return id;
    } catch {
      // Missing, or not of an export.
    }
  }
  return null;
}

/** An export that is being written. Its folder then holds these files of an export and no others. */
export class ExportFolder {
  private readonly written = new Set<string>();

  /**
   * Removes the files of a former export.
   *
   * @param folder exists, and holds nothing or an export of the same trajectory.
   * @param config the content of config.json.
   */
  constructor(
    private readonly folder: string,
    config: object,
  ) {
    const former = exportedFiles(folder).filter(name => name !== UNFINISHED);
    try {
      writeFileSync(this.file(UNFINISHED), `${JSON.stringify(config, null, 2)}\n`);
    } catch (error) {
      this.discard();
      throw error;
    }
    for (const name of former) rmSync(join(folder, name));
  }

  /** The path for a file of the export. */
  file(name: string): string {
    this.written.add(name);
    return join(this.folder, name);
  }

  /** Makes the export whole. Returns the names of its files. */
  finish(): string[] {
    renameSync(join(this.folder, UNFINISHED), join(this.folder, CONFIG));
    this.written.delete(UNFINISHED);
    return [CONFIG, ...this.written];
  }

  /** Removes what was written. */
  discard(): void {
    for (const name of this.written) rmSync(join(this.folder, name), { force: true });
  }
}
