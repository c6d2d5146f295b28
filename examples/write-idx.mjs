// Writes images of your own as IDX files, which sweeps name by `dataset: { name: idx, dir: FOLDER }`:
//   node examples/write-idx.mjs FOLDER
// The images here are noise, brighter in the left half (label 0) or in the right one (label 1).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = 'data/halves'] = process.argv.slice(2);
const [rows, columns] = [8, 8];

/** Numbers in [0, 1), the same on every machine. */
let state = 1;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Big-endian: 0x00000803 and three sizes before pixels, 0x00000801 and one size before labels. */
const header = (...numbers) =>
  Buffer.concat(
    numbers.map(number => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(number);
      return bytes;
    }),
  );

function write(set, count) {
  const labels = Uint8Array.from({ length: count }, () => Math.floor(2 * random()));
  const pixels = new Uint8Array(count * rows * columns);
  for (let i = 0; i < pixels.length; i++) {
    const label = labels[Math.floor(i / (rows * columns))];
    const isRight = i % columns >= columns / 2;
    pixels[i] = Math.floor(256 * random() * (isRight === (label === 1) ? 1 : 0.75));
  }
  writeFileSync(
    join(folder, `${set}-images-idx3-ubyte`),
    Buffer.concat([header(0x803, count, rows, columns), pixels]),
  );
  writeFileSync(join(folder, `${set}-labels-idx1-ubyte`), Buffer.concat([header(0x801, count), labels]));
}

mkdirSync(folder, { recursive: true });
write('train', 4000);
write('t10k', 1000);
