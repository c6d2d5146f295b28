// The addon: binds the kernels of one width to one memory. It has no state of its own, so every thread may load it.
#define NAPI_VERSION 8
#include <node_api.h>

#include <cstdlib>

#include "kernels.h"

namespace {

constexpr size_t MAX_ARGUMENTS = 12;

const Kernels *kernelsOf(uint32_t bits) {
#ifdef WIDER
  __builtin_cpu_init();
  if (bits == 512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512bw")
               ? &kernels512
               : nullptr;
  if (bits == 256) return __builtin_cpu_supports("avx2") ? &kernels256 : nullptr;
#endif
  return bits == 128 ? &kernels128 : nullptr;
}

/** The kernels and the memory of a bound function. */
struct Binding {
  const Kernels *kernels;
  char *memory;
};

/** The arguments of a call: numbers, which JavaScript stores as float64. */
struct Call {
  Binding *binding;
  double values[MAX_ARGUMENTS] = {};

  Call(napi_env env, napi_callback_info info) {
    napi_value given[MAX_ARGUMENTS];
    size_t count = MAX_ARGUMENTS;
    napi_get_cb_info(env, info, &count, given, nullptr, reinterpret_cast<void **>(&binding));
    for (size_t i = 0; i < count && i < MAX_ARGUMENTS; i++) napi_get_value_double(env, given[i], &values[i]);
  }
  uint32_t whole(int i) const { return uint32_t(values[i]); }
  float real(int i) const { return float(values[i]); }
};

// Arguments as the wasm kernels take them: `kind` comes first where there is one, `scratch` last.
#define KERNEL(name, ...)                                            \
  napi_value name(napi_env env, napi_callback_info info) {           \
    const Call a(env, info);                                         \
    a.binding->kernels->name(a.binding->memory, __VA_ARGS__);        \
    return nullptr;                                                  \
  }

KERNEL(preactivate, a.whole(0), a.whole(1), a.whole(2), a.whole(3))
KERNEL(preactivateHalf, a.whole(0), a.whole(1), a.whole(2), a.whole(3))
KERNEL(descend, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4), a.real(5), a.real(6), a.real(7),
       a.whole(8))
KERNEL(sumRows, a.whole(0), a.whole(1), a.real(2), a.whole(3))
KERNEL(addOutputs, a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(deltas, a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(activate, a.whole(1), a.whole(2), a.whole(3))
KERNEL(addStatistics, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4), a.whole(5))
KERNEL(gram, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(sketchProducts, a.whole(0), a.whole(1), a.whole(2), a.whole(3))
KERNEL(logisticPoint, a.whole(0), a.whole(1), a.whole(2), a.values[3], a.whole(4), a.whole(5), a.whole(6))
KERNEL(logisticMoments, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(logisticLoss, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.values[4], a.whole(5))
KERNEL(sampleLosses, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4), a.whole(5), a.values[6], a.whole(7))
KERNEL(dotRows, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(subtractRows, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(candidateMoments, a.whole(0), a.whole(1), a.whole(2), a.whole(3))
KERNEL(panelProducts, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(panelSquares, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4))
KERNEL(logisticLosses, a.whole(0), a.whole(1), a.whole(2), a.whole(3))
KERNEL(sumSubsets, a.whole(0), a.whole(1), a.whole(2), a.whole(3))
KERNEL(descendTile, a.whole(0), a.whole(1), a.whole(2), a.whole(3), a.whole(4), a.whole(5), a.whole(6), a.real(7),
       a.real(8), a.real(9))

struct Named {
  const char *name;
  napi_callback call;
};

constexpr Named KERNELS[] = {
    {"preactivate", preactivate},         {"preactivateHalf", preactivateHalf},
    {"descend", descend},                 {"sumRows", sumRows},
    {"addOutputs", addOutputs},           {"deltas", deltas},
    {"activate", activate},               {"addStatistics", addStatistics},
    {"gram", gram},                       {"sketchProducts", sketchProducts},
    {"logisticPoint", logisticPoint},     {"logisticMoments", logisticMoments},
    {"logisticLoss", logisticLoss},       {"sampleLosses", sampleLosses},
    {"dotRows", dotRows},                 {"subtractRows", subtractRows},
    {"candidateMoments", candidateMoments}, {"panelProducts", panelProducts},
    {"panelSquares", panelSquares},       {"logisticLosses", logisticLosses},
    {"sumSubsets", sumSubsets},           {"descendTile", descendTile},
};

/** widths(): those that this machine and this build have, in bits, ascending. */
napi_value widths(napi_env env, napi_callback_info) {
  napi_value list;
  napi_create_array(env, &list);
  uint32_t count = 0;
  constexpr uint32_t ALL[] = {128, 256, 512};
  for (uint32_t bits : ALL) {
    if (!kernelsOf(bits)) continue;
    napi_value value;
    napi_create_uint32(env, bits, &value);
    napi_set_element(env, list, count++, value);
  }
  return list;
}

/**
 * bind(buffer, bits): an object with the kernels of a width, bound to the memory whose buffer that is; undefined where
 * the machine lacks the width. The caller keeps the memory alive, and binds again after it has grown.
 */
napi_value bind(napi_env env, napi_callback_info info) {
  napi_value given[2];
  size_t count = 2;
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  uint32_t bits = 0;
  void *memory = nullptr;
  size_t bytes = 0;
  if (count < 2 || napi_get_value_uint32(env, given[1], &bits) != napi_ok ||
      napi_get_arraybuffer_info(env, given[0], &memory, &bytes) != napi_ok || !kernelsOf(bits))
    return nullptr;
  Binding *binding = new Binding{kernelsOf(bits), static_cast<char *>(memory)};
  napi_value bound;
  napi_create_object(env, &bound);
  const auto release = [](napi_env, void *data, void *) { delete static_cast<Binding *>(data); };
  // The functions keep the object alive that owns the binding.
  napi_wrap(env, bound, binding, release, nullptr, nullptr);
  for (const Named &kernel : KERNELS) {
    napi_value function;
    napi_create_function(env, kernel.name, NAPI_AUTO_LENGTH, kernel.call, binding, &function);
    napi_set_named_property(env, function, "owner", bound);
    napi_set_named_property(env, bound, kernel.name, function);
  }
  return bound;
}

}  // namespace

NAPI_MODULE_INIT() {
  const Named functions[] = {{"widths", widths}, {"bind", bind}};
  for (const Named &each : functions) {
    napi_value function;
    napi_create_function(env, each.name, NAPI_AUTO_LENGTH, each.call, nullptr, &function);
    napi_set_named_property(env, exports, each.name, function);
  }
  return exports;
}
