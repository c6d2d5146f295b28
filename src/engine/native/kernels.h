// The hot loops of engine `wasm` in native code: the same work on the same memory, to the same bits.
//
// Each function is the twin of the kernel of its name in ../assembly, which documents shapes and arguments. `memory` is
// the start of the WebAssembly memory, and addresses count bytes from there.
#pragma once
#include <cstdint>

using Address = uint32_t;

struct Kernels {
  void (*preactivate)(char *memory, Address weights, Address runs, uint32_t count, Address out);
  void (*preactivateHalf)(char *memory, Address weights, Address runs, uint32_t count, Address out);
  void (*descend)(char *memory, Address weights, Address velocity, Address deltas, Address columns, uint32_t count,
                  float momentum, float decay, float rate, Address shift);
  void (*sumRows)(char *memory, Address rows, uint32_t count, float factor, Address sum);
  /** Of relu, as are `deltas` and `activate`. */
  void (*addOutputs)(char *memory, Address z, uint32_t count, Address coefficients, Address f);
  void (*deltas)(char *memory, Address z, uint32_t count, Address slopes, Address factors);
  void (*activate)(char *memory, Address z, uint32_t count, Address gains);
  void (*addStatistics)(char *memory, Address phi, Address labels, uint32_t count, Address projections, Address norms,
                        Address peaks);
  void (*gram)(char *memory, Address phi, uint32_t n, Address runs, Address targets, uint32_t columns);
  void (*sketchProducts)(char *memory, Address sketch, Address values, uint32_t m, Address products);
  void (*logisticPoint)(char *memory, Address z, Address labels, uint32_t n, double j, Address derivatives,
                        uint32_t stride, Address loss);
  void (*logisticMoments)(char *memory, Address phi, Address derivatives, uint32_t stride, uint32_t n, Address moments);
  void (*logisticLosses)(char *memory, Address phi, Address margins, uint32_t n, Address losses);
  void (*logisticLoss)(char *memory, Address outputs, Address z, Address labels, uint32_t n, double j, Address loss);
  void (*sampleLosses)(char *memory, uint32_t objective, Address phi, Address rows, Address z, Address labels,
                       uint32_t count, double j, Address losses);
  void (*dotRows)(char *memory, Address rows, Address vector, uint32_t padded, uint32_t count, Address products);
  void (*subtractRows)(char *memory, Address rows, Address coefficients, uint32_t padded, uint32_t count,
                       Address vector);
  void (*candidateMoments)(char *memory, Address outputs, Address derivatives, uint32_t padded, Address moments);
  void (*panelProducts)(char *memory, Address phi, Address vectors, uint32_t n, uint32_t columns, Address products);
  void (*panelSquares)(char *memory, Address phi, Address vectors, uint32_t n, uint32_t columns, Address products);
  void (*sumSubsets)(char *memory, Address panel, Address slopes, uint32_t groups, Address tables);
  void (*descendTile)(char *memory, Address weights, Address velocity, Address masks, Address tables, uint32_t groups,
                      uint32_t columns, Address factors, float momentum, float decay, float rate);
};

// One for each width of registers, in bits. A width that was not compiled is absent.
extern "C" const Kernels kernels128;
#ifdef WIDER
extern "C" const Kernels kernels256, kernels512;
#endif
