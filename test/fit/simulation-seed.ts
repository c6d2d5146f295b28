/** The seed of all samples that the proofs draw. `npm run test:simulations` prints it, and the environment changes it. */

const VARIABLE = 'ESPALIER_SIMULATION_SEED';

export const SIMULATION_SEED = readSeed(process.env[VARIABLE]);

function readSeed(text = '1'): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new Error(`${VARIABLE}: ${text} (expected a whole number from 0 on)`);
  return seed;
}

/** Runs once before all simulations. */
export default function printSeed(): void {
  console.log(`Seed ${SIMULATION_SEED}; again: ${VARIABLE}=${SIMULATION_SEED} npm run test:simulations`);
}
