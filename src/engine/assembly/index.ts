/** The kernels of the wasm engine. All arguments that are addresses are bytes from the start of its memory. */
export { activate, addNeuron, addStatistics } from './activations';
export { fillPanel, gram } from './gram';
export { logisticLoss, logisticPoint, logisticSums } from './logistic';
export { countColumns, descend, fillColumns, layColumns, preactivate } from './sparse';
export { addOutputs, deltas, lossSlopes } from './train';
