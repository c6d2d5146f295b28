/** The kernels of the `wasm` engine. Address arguments count bytes from the start of the memory. */
export { activate, addNeuron, addStatistics } from './activations';
export { countColumns, fillColumns, layColumns, packEntries } from './entries';
export { candidateMoments, dotRows, panelProducts, panelSquares, subtractRows } from './gradient-basis';
export { gatherColumn, gram } from './gram';
export { logisticLoss, logisticPoint } from './logistic';
export { logisticLosses, logisticMargins, logisticMoments } from './logistic-blocks';
export { copyNeuron, dot, sketchProducts, sketchRows } from './prefetch';
export { sampleLosses } from './sampled';
export { descend, preactivate, preactivateHalf, sumRows } from './sparse';
export { descendTile, maskRows, spreadRows, sumSubsets } from './subset-sums';
export { addOutputs, addSignSums, deltas, lossSlopes } from './train';
