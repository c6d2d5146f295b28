// Compiled once for each width of registers: -DLANES_PER_REGISTER=4|8|16 -DNAME=kernels128|kernels256|kernels512.
//
// A neuron is a lane, so every width sums in the same order. Products are rounded before they are added: the compiler
// must not fuse them (-ffp-contract=off), nor reorder sums (no -ffast-math).
#include "kernels.h"

#include <cstring>

namespace {

constexpr int BLOCK = 48;                     // neurons of a block
constexpr int HALF = 24;                      // neurons whose outputs are summed in float32
constexpr int ROW = BLOCK * 4;                // bytes of a row of a block
constexpr int WIDE_ROW = BLOCK * 8;           // bytes of a row in float64
constexpr int WIDTH = LANES_PER_REGISTER;
constexpr int REGISTERS = BLOCK / WIDTH;      // of a row
constexpr int STEP = WIDTH * 4;               // bytes of a register
constexpr uint32_t SEGMENT = 64;              // samples of a float32 sum
constexpr uint32_t DEPTH = 256;               // the same in `gram`, and entries in `descend`

#define UNROLLED _Pragma("GCC unroll 16")
#define INLINE inline __attribute__((always_inline))

typedef float Vector __attribute__((vector_size(WIDTH * 4)));
typedef int32_t Mask __attribute__((vector_size(WIDTH * 4)));
// Addresses are multiples of 4 or 8 only.
typedef float Unaligned __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef double Wide __attribute__((vector_size(WIDTH * 8), aligned(8), may_alias));
typedef float Four __attribute__((vector_size(16)));
typedef float UnalignedFour __attribute__((vector_size(16), aligned(4), may_alias));

struct Entry {
  uint32_t offset;
  float value;
};
struct Run {
  uint32_t start, end;
};
struct Column {
  uint32_t offset, start, end;
};

INLINE Vector load(const char *at) { return *reinterpret_cast<const Unaligned *>(at); }
INLINE void store(char *at, Vector v) { *reinterpret_cast<Unaligned *>(at) = v; }
INLINE Four load4(const char *at) { return *reinterpret_cast<const UnalignedFour *>(at); }
/** Adds float32 lanes to float64 in memory. */
INLINE void addWide(char *at, Vector v) { *reinterpret_cast<Wide *>(at) += __builtin_convertvector(v, Wide); }
INLINE Vector relu(Vector z) {
  const Vector zero = {};
  return z < zero ? zero : z;
}

/** The first SIZE registers of a row of a block. */
template <int SIZE>
struct Start {
  Vector v[SIZE];

  INLINE void clear() { UNROLLED for (int k = 0; k < SIZE; k++) v[k] = Vector{}; }
  INLINE void add(float x, const char *row) {
    UNROLLED for (int k = 0; k < SIZE; k++) v[k] = v[k] + x * load(row + k * STEP);
  }
  INLINE void storeTo(char *row) const { UNROLLED for (int k = 0; k < SIZE; k++) store(row + k * STEP, v[k]); }
  INLINE void addWideTo(char *row) const { UNROLLED for (int k = 0; k < SIZE; k++) addWide(row + 2 * k * STEP, v[k]); }
};
using Row = Start<REGISTERS>;

template <int SIZE>
INLINE void addEntries(Start<SIZE> &sum, const Entry *entry, const Entry *end, const char *rows) {
  for (; entry < end; entry++) sum.add(entry->value, rows + entry->offset);
}

/** The sum over the entries of a run. */
template <int SIZE>
INLINE Start<SIZE> combine(const char *memory, Run run, const char *rows) {
  Start<SIZE> sum;
  sum.clear();
  addEntries(sum, reinterpret_cast<const Entry *>(memory + run.start),
             reinterpret_cast<const Entry *>(memory + run.end), rows);
  return sum;
}

/** Samples whose products are formed together where their entries lie in the same places, as those of dense inputs. */
constexpr uint32_t TOGETHER = WIDTH == 16 ? 4 : 2;

/** Whether the entries of these samples are all columns from the first on. */
INLINE bool areDense(const char *memory, const Run *runs) {
  const uint32_t bytes = runs[0].end - runs[0].start;
  if (bytes == 0) return false;
  const uint32_t last = bytes / sizeof(Entry) - 1;
  for (uint32_t s = 0; s < TOGETHER; s++) {
    const Entry *entries = reinterpret_cast<const Entry *>(memory + runs[s].start);
    // Columns ascend, so the first and the last say all.
    if (runs[s].end - runs[s].start != bytes || entries[0].offset != 0 || entries[last].offset != last * ROW) return false;
  }
  return true;
}

void preactivate(char *memory, Address weights, Address runsAt, uint32_t count, Address outAt) {
  const Run *runs = reinterpret_cast<const Run *>(memory + runsAt);
  const char *rows = memory + weights;
  char *out = memory + outAt;
  uint32_t s = 0;
  while (s < count) {
    if (s + TOGETHER <= count && areDense(memory, runs + s)) {
      const Entry *entries[TOGETHER];
      Row sums[TOGETHER];
      for (uint32_t q = 0; q < TOGETHER; q++) {
        entries[q] = reinterpret_cast<const Entry *>(memory + runs[s + q].start);
        sums[q].clear();
      }
      const uint32_t columns = (runs[s].end - runs[s].start) / sizeof(Entry);
      for (uint32_t c = 0; c < columns; c++) {
        Vector row[REGISTERS];
        UNROLLED for (int k = 0; k < REGISTERS; k++) row[k] = load(rows + size_t(c) * ROW + k * STEP);
        UNROLLED for (uint32_t q = 0; q < TOGETHER; q++) {
          const float x = entries[q][c].value;
          UNROLLED for (int k = 0; k < REGISTERS; k++) sums[q].v[k] = sums[q].v[k] + x * row[k];
        }
      }
      for (uint32_t q = 0; q < TOGETHER; q++, out += ROW) sums[q].storeTo(out);
      s += TOGETHER;
      continue;
    }
    combine<REGISTERS>(memory, runs[s], rows).storeTo(out);
    out += ROW;
    s++;
  }
}

void preactivateHalf(char *memory, Address weights, Address runsAt, uint32_t count, Address outAt) {
  const Run *runs = reinterpret_cast<const Run *>(memory + runsAt);
  char *out = memory + outAt;
  for (uint32_t s = 0; s < count; s++, out += ROW) {
    combine<(HALF + WIDTH - 1) / WIDTH>(memory, runs[s], memory + weights).storeTo(out);
    memset(out + HALF * 4, 0, ROW - HALF * 4);
  }
}

/** v <- momentum v + G + decay w        w <- w - rate v. `velocity` is null if momentum is 0. */
INLINE void move(char *weights, char *velocity, Vector gradient, float momentum, float decay, float rate) {
  const Vector held = load(weights);
  Vector v = gradient + decay * held;
  if (velocity) {
    v = v + momentum * load(velocity);
    store(velocity, v);
  }
  store(weights, held - rate * v);
}

/** Columns whose weights are fetched ahead. */
constexpr uint32_t AHEAD = 16;

void descend(char *memory, Address weights, Address velocity, Address deltasAt, Address columnsAt, uint32_t count,
             float momentum, float decay, float rate) {
  const Column *columns = reinterpret_cast<const Column *>(memory + columnsAt);
  const char *deltas = memory + deltasAt;
  const bool isPlain = velocity == 0 && decay == 0;
  for (uint32_t c = 0; c < count; c++) {
    const Entry *entry = reinterpret_cast<const Entry *>(memory + columns[c].start);
    const Entry *end = reinterpret_cast<const Entry *>(memory + columns[c].end);
    Row sum;
    sum.clear();
    if (end - entry <= int64_t(DEPTH)) {
      addEntries(sum, entry, end, deltas);
    } else {
      char wide[WIDE_ROW] = {};
      while (entry < end) {
        const Entry *stop = end - entry > int64_t(DEPTH) ? entry + DEPTH : end;
        sum.clear();
        addEntries(sum, entry, stop, deltas);
        sum.addWideTo(wide);
        entry = stop;
      }
      UNROLLED for (int k = 0; k < REGISTERS; k++)
        sum.v[k] = __builtin_convertvector(*reinterpret_cast<const Wide *>(wide + 2 * k * STEP), Vector);
    }
    // Weights lie too far apart for the hardware to look ahead across pages.
    if (c + AHEAD < count) {
      const char *next = memory + weights + columns[c + AHEAD].offset;
      UNROLLED for (int line = 0; line < ROW; line += 64) __builtin_prefetch(next + line, 1);
    }
    char *w = memory + weights + columns[c].offset;
    char *v = velocity ? memory + velocity + columns[c].offset : nullptr;
    if (isPlain) {
      UNROLLED for (int k = 0; k < REGISTERS; k++) store(w + k * STEP, load(w + k * STEP) - rate * sum.v[k]);
    } else {
      UNROLLED for (int k = 0; k < REGISTERS; k++)
        move(w + k * STEP, v ? v + k * STEP : nullptr, sum.v[k], momentum, decay, rate);
    }
  }
}

void addOutputs(char *memory, Address zAt, uint32_t count, Address coefficients, Address fAt) {
  double *f = reinterpret_cast<double *>(memory + fAt);
  for (int half = 0; half < BLOCK; half += HALF) {
    const char *z = memory + zAt + half * 4;
    Four c[6];
    UNROLLED for (int k = 0; k < 6; k++) c[k] = load4(memory + coefficients + half * 4 + 16 * k);
    for (uint32_t s = 0; s < count; s++, z += ROW) {
      Four p[6];
      const Four zero = {};
      UNROLLED for (int k = 0; k < 6; k++) {
        const Four v = load4(z + 16 * k);
        p[k] = c[k] * (v < zero ? zero : v);
      }
      const Four t = ((p[0] + p[1]) + (p[2] + p[3])) + (p[4] + p[5]);
      f[s] += (double(t[0]) + double(t[1])) + (double(t[2]) + double(t[3]));
    }
  }
}

void deltas(char *memory, Address zAt, uint32_t count, Address slopesAt, Address factors) {
  const float *slopes = reinterpret_cast<const float *>(memory + slopesAt);
  char *z = memory + zAt;
  Row factor;
  UNROLLED for (int k = 0; k < REGISTERS; k++) factor.v[k] = load(memory + factors + k * STEP);
  const Vector zero = {};
  for (uint32_t s = 0; s < count; s++, z += ROW) {
    UNROLLED for (int k = 0; k < REGISTERS; k++) {
      const Vector v = load(z + k * STEP);
      store(z + k * STEP, v > zero ? factor.v[k] * slopes[s] : zero);
    }
  }
}

void activate(char *memory, Address zAt, uint32_t count, Address gains) {
  char *z = memory + zAt;
  Row gain;
  UNROLLED for (int k = 0; k < REGISTERS; k++) gain.v[k] = load(memory + gains + k * STEP);
  for (uint32_t s = 0; s < count; s++, z += ROW) {
    UNROLLED for (int k = 0; k < REGISTERS; k++) store(z + k * STEP, gain.v[k] * relu(load(z + k * STEP)));
  }
}

INLINE uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

void addStatistics(char *memory, Address phi, Address labelsAt, uint32_t count, Address projections, Address norms,
                   Address peaks) {
  const float *labels = reinterpret_cast<const float *>(memory + labelsAt);
  const Vector zero = {};
  for (uint32_t from = 0; from < count; from += SEGMENT) {
    const uint32_t end = least(from + SEGMENT, count);
    for (int k = 0; k < REGISTERS; k++) {
      const char *row = memory + phi + size_t(from) * ROW + k * STEP;
      Vector projection = {}, norm = {}, peak = load(memory + peaks + k * STEP);
      for (uint32_t s = from; s < end; s++, row += ROW) {
        const Vector v = load(row);
        projection = projection + labels[s] * v;
        norm = norm + v * v;
        const Vector size = v < zero ? -v : v;
        peak = peak < size ? size : peak;
      }
      addWide(memory + projections + 2 * k * STEP, projection);
      addWide(memory + norms + 2 * k * STEP, norm);
      store(memory + peaks + k * STEP, peak);
    }
  }
}

/** Columns of a pass, and the samples whose rows stay in the first-level cache for all of them. */
constexpr uint32_t PANEL = 12;
constexpr uint32_t CACHED = 128;

void gram(char *memory, Address phiAt, uint32_t n, Address runsAt, Address targetsAt, uint32_t columns) {
  const Run *runs = reinterpret_cast<const Run *>(memory + runsAt);
  const uint32_t *targets = reinterpret_cast<const uint32_t *>(memory + targetsAt);
  const char *phi = memory + phiAt;
  for (uint32_t c = 0; c < columns; c++) memset(memory + targets[c], 0, WIDE_ROW);
  const Entry *at[PANEL];
  Row sums[PANEL];
  for (uint32_t from = 0; from < n; from += DEPTH, runs += PANEL) {
    const uint32_t end = least(from + DEPTH, n);
    for (uint32_t c = 0; c < columns; c++) {
      at[c] = reinterpret_cast<const Entry *>(memory + runs[c].start);
      sums[c].clear();
    }
    for (uint32_t part = from; part < end; part += CACHED) {
      const uint32_t stop = least(part + CACHED, end);
      const uint32_t limit = stop * ROW;
      for (const char *line = phi + size_t(part) * ROW; line < phi + size_t(stop) * ROW; line += 64)
        __builtin_prefetch(line + size_t(CACHED) * ROW);
      for (uint32_t c = 0; c < columns; c++) {
        const Entry *entry = at[c];
        const Entry *last = reinterpret_cast<const Entry *>(memory + runs[c].end);
        Row sum = sums[c];
        for (; entry < last && entry->offset < limit; entry++) sum.add(entry->value, phi + entry->offset);
        sums[c] = sum;
        at[c] = entry;
      }
    }
    for (uint32_t c = 0; c < columns; c++) sums[c].addWideTo(memory + targets[c]);
  }
}

void sketchProducts(char *memory, Address sketch, Address valuesAt, uint32_t m, Address products) {
  memset(memory + products, 0, WIDE_ROW);
  const float *values = reinterpret_cast<const float *>(memory + valuesAt);
  const char *row = memory + sketch;
  for (uint32_t from = 0; from < m; from += SEGMENT) {
    const uint32_t end = least(from + SEGMENT, m);
    Row sum;
    sum.clear();
    for (uint32_t s = from; s < end; s++, row += ROW) sum.add(values[s], row);
    sum.addWideTo(memory + products);
  }
}

void logisticMoments(char *memory, Address phi, Address derivativesAt, uint32_t n, Address moments) {
  memset(memory + moments, 0, 4 * WIDE_ROW);
  for (uint32_t from = 0; from < n; from += SEGMENT) {
    const uint32_t end = least(from + SEGMENT, n);
    for (int k = 0; k < REGISTERS; k++) {
      const char *row = memory + phi + size_t(from) * ROW + k * STEP;
      const float *derivative = reinterpret_cast<const float *>(memory + derivativesAt) + 4 * size_t(from);
      Vector first = {}, second = {}, third = {}, fourth = {};
      for (uint32_t s = from; s < end; s++, row += ROW, derivative += 4) {
        const Vector v = load(row);
        __builtin_prefetch(row + SEGMENT * ROW);
        const Vector square = v * v;
        first = first + derivative[0] * v;
        third = third + square * (derivative[2] * v);
        const Vector curved = derivative[1] * square;
        second = second + curved;
        fourth = fourth + curved * square;
      }
      char *target = memory + moments + 2 * k * STEP;
      addWide(target, first);
      addWide(target + WIDE_ROW, second);
      addWide(target + 2 * WIDE_ROW, third);
      addWide(target + 3 * WIDE_ROW, fourth);
    }
  }
}

// Subset sums work on tiles of 16 columns, whatever the width of a block.
constexpr int TILE = 16;
constexpr int TILE_ROW = TILE * 4;
constexpr int TILE_REGISTERS = TILE / WIDTH;
constexpr uint32_t TABLE = TILE_ROW << 8;

void sumSubsets(char *memory, Address panelAt, Address slopesAt, uint32_t groups, Address tables) {
  const char *panel = memory + panelAt;
  const float *slope = reinterpret_cast<const float *>(memory + slopesAt);
  char *table = memory + tables;
  for (uint32_t g = 0; g < groups; g++, table += TABLE) {
    memset(table, 0, TILE_ROW);
    for (uint32_t half = TILE_ROW; half < TABLE; half <<= 1, panel += TILE_ROW, slope++) {
      Vector x[TILE_REGISTERS];
      UNROLLED for (int k = 0; k < TILE_REGISTERS; k++) x[k] = *slope * load(panel + k * STEP);
      for (char *sum = table; sum < table + half; sum += TILE_ROW)
        UNROLLED for (int k = 0; k < TILE_REGISTERS; k++) store(sum + half + k * STEP, load(sum + k * STEP) + x[k]);
    }
  }
}

/** Neurons whose sums are formed together, to hide the latency of additions. */
constexpr int NEURONS = WIDTH == 16 ? 8 : WIDTH == 8 ? 4 : 2;

void descendTile(char *memory, Address weights, Address velocity, Address masks, Address tables, uint32_t groups,
                 uint32_t columns, Address factors, float momentum, float decay, float rate) {
  // [column][neuron]
  float gradients[TILE][BLOCK] __attribute__((aligned(64)));
  for (int lane = 0; lane < BLOCK; lane += NEURONS) {
    Vector sums[NEURONS][TILE_REGISTERS] = {};
    const uint32_t *mask = reinterpret_cast<const uint32_t *>(memory + masks) + lane;
    const char *table = memory + tables;
    for (uint32_t g = 0; g < groups; g++, mask += BLOCK, table += TABLE)
      UNROLLED for (int q = 0; q < NEURONS; q++) {
        const char *sum = table + mask[q];
        UNROLLED for (int k = 0; k < TILE_REGISTERS; k++) sums[q][k] = sums[q][k] + load(sum + k * STEP);
      }
    UNROLLED for (int q = 0; q < NEURONS; q++)
      for (int c = 0; c < TILE; c++) gradients[c][lane + q] = sums[q][c / WIDTH][c % WIDTH];
  }
  const bool isPlain = velocity == 0 && decay == 0;
  for (uint32_t c = 0; c < columns; c++)
    UNROLLED for (int k = 0; k < REGISTERS; k++) {
      const Vector sum = load(reinterpret_cast<const char *>(&gradients[c][k * WIDTH]));
      const Vector gradient = load(memory + factors + k * STEP) * sum;
      const size_t place = size_t(c) * ROW + k * STEP;
      char *w = memory + weights + place;
      if (isPlain) store(w, load(w) - rate * gradient);
      else move(w, velocity ? memory + velocity + place : nullptr, gradient, momentum, decay, rate);
    }
}

}  // namespace

extern "C" const Kernels NAME = {preactivate, preactivateHalf, descend,         addOutputs, deltas,     activate,
                                 addStatistics, gram, sketchProducts, logisticMoments, sumSubsets, descendTile};
