/** Entry of a worker thread: draws a range of generated images into memory that all threads share. */
import { type DigitsRange, fillDigits } from '../src/data/dataset.js';

export default function run({ dataset, settings, split, from, to }: DigitsRange): void {
  fillDigits(dataset, settings, split, from, to);
}
