/**
 * Prints the golden hashes as this version of Node computes them on this machine, for any Node from 20.19 on:
 *
 *   npm run build && node test/engine/golden/print.mjs | diff - test/engine/golden/hashes.json
 */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('cases.ts', import.meta.url)));
console.log(JSON.stringify(await module.goldenHashes(), null, 2));
