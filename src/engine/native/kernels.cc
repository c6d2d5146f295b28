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
             float momentum, float decay, float rate, Address shift) {
  const Column *columns = reinterpret_cast<const Column *>(memory + columnsAt);
  const char *deltas = memory + deltasAt;
  const bool isPlain = velocity == 0 && decay == 0;
  Row shifts;
  if (shift) UNROLLED for (int k = 0; k < REGISTERS; k++) shifts.v[k] = load(memory + shift + k * STEP);
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
    if (shift) UNROLLED for (int k = 0; k < REGISTERS; k++) sum.v[k] = sum.v[k] + shifts.v[k];
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

void sumRows(char *memory, Address rowsAt, uint32_t count, float factor, Address sumAt) {
  char wide[WIDE_ROW] = {};
  const char *row = memory + rowsAt;
  for (uint32_t from = 0; from < count; from += SEGMENT) {
    const uint32_t rows = count - from < SEGMENT ? count - from : SEGMENT;
    Row sum;
    sum.clear();
    for (uint32_t r = 0; r < rows; r++, row += ROW)
      UNROLLED for (int k = 0; k < REGISTERS; k++) sum.v[k] = sum.v[k] + load(row + k * STEP);
    sum.addWideTo(wide);
  }
  UNROLLED for (int k = 0; k < REGISTERS; k++)
    store(memory + sumAt + k * STEP,
          factor * __builtin_convertvector(*reinterpret_cast<const Wide *>(wide + 2 * k * STEP), Vector));
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

// Per sample instead of per neuron: eight or sixteen lanes on every width, so that sums have one order.
typedef double Eight __attribute__((vector_size(64)));
typedef int64_t EightMask __attribute__((vector_size(64)));
typedef double UnalignedEight __attribute__((vector_size(64), aligned(8), may_alias));
typedef float EightSingle __attribute__((vector_size(32)));
typedef float UnalignedEightSingle __attribute__((vector_size(32), aligned(4), may_alias));
typedef float Sixteen __attribute__((vector_size(64)));
typedef float UnalignedSixteen __attribute__((vector_size(64), aligned(4), may_alias));

/** All lanes x. Adding x to 0 would lose the sign of -0. */
INLINE Eight splat(double x) { return Eight{x, x, x, x, x, x, x, x}; }
INLINE Eight wide(const float *at) {
  return __builtin_convertvector(EightSingle(*reinterpret_cast<const UnalignedEightSingle *>(at)), Eight);
}
INLINE void narrow(float *at, Eight v) {
  *reinterpret_cast<UnalignedEightSingle *>(at) = __builtin_convertvector(v, EightSingle);
}

constexpr double LN2_HIGH = 0.6931471803691238;
constexpr double LN2_LOW = 1.9082149292705877e-10;
constexpr double LOG2E = 1.4426950408889634;
constexpr double SQRT2 = 1.4142135623730951;
constexpr double UNDERFLOW_AT = -700;
constexpr double TO_INTEGER = 6755399441055744;
constexpr uint32_t LOG_SEGMENT = 256;

/** e^x of each x <= 0. */
INLINE Eight expm(Eight x) {
  const Eight floor = Eight{} + UNDERFLOW_AT;
  const Eight clamped = x < floor ? floor : x;
  const Eight shifted = clamped * LOG2E + TO_INTEGER;
  const Eight n = shifted - TO_INTEGER;
  Eight r = clamped - n * LN2_HIGH;
  r = r - n * LN2_LOW;
  Eight p = Eight{} + 1.0 / 479001600.0;
  constexpr double TERMS[] = {1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0,
                              1.0 / 120.0,      1.0 / 24.0,      1.0 / 6.0,      0.5,           1,            1};
  UNROLLED for (int i = 0; i < 12; i++) p = p * r + TERMS[i];
  const EightMask power = EightMask(p) + (EightMask(shifted) << 52);
  return Eight(power & ~(x < floor));
}

/** log(x) for a normal x >= 1. NaN stays NaN. */
double logOf(double x) {
  if (!(x >= 1)) return x;
  uint64_t bits;
  memcpy(&bits, &x, 8);
  double exponent = double(int64_t(bits >> 52) - 1023);
  bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u;
  double mantissa;
  memcpy(&mantissa, &bits, 8);
  if (mantissa > SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const double s = (mantissa - 1) / (mantissa + 1);
  const double s2 = s * s;
  double p = 2.0 / 21.0;
  for (double k = 19; k > 2; k -= 2) p = p * s2 + 2.0 / k;
  return exponent * LN2_HIGH + (2 * s + (s * s2 * p + exponent * LN2_LOW));
}

INLINE Eight negativeSize(Eight m) {
  const Eight zero = {};
  return m < zero ? m : -m;
}
INLINE Eight excessOf(Eight m) {
  const Eight zero = {};
  return zero < -m ? -m : zero;
}
INLINE double productOf(Eight p) { return ((p[0] * p[2]) * (p[4] * p[6])) * ((p[1] * p[3]) * (p[5] * p[7])); }
INLINE double sumOf(Eight v) { return ((v[0] + v[2]) + (v[4] + v[6])) + ((v[1] + v[3]) + (v[5] + v[7])); }
INLINE double lossOf(double m, double e) { return (m < 0 ? -m : 0) + logOf(1 + e); }

/** The three derivatives of eight samples, from m and e = e^-|m|. */
struct Derivatives {
  Eight first, second, third;

  INLINE Derivatives(Eight y, Eight m, Eight e) {
    const Eight zero = {};
    const Eight high = 1.0 / (1.0 + e);
    const Eight low = e * high;
    second = high * low;
    first = -y * (m < zero ? high : low);
    third = (y * second) * (m < zero ? high - low : low - high);
  }
};

void logisticPoint(char *memory, Address zAt, Address labelsAt, uint32_t n, double j, Address derivatives, uint32_t stride,
                   Address loss) {
  const double *z = reinterpret_cast<const double *>(memory + zAt);
  const float *labels = reinterpret_cast<const float *>(memory + labelsAt);
  float *first = reinterpret_cast<float *>(memory + derivatives);
  float *second = reinterpret_cast<float *>(memory + derivatives + stride);
  float *third = reinterpret_cast<float *>(memory + derivatives + 2 * size_t(stride));
  const uint32_t whole = n & ~7u;
  Eight linear = {};
  double logs = 0;
  for (uint32_t from = 0; from < whole; from += LOG_SEGMENT) {
    const uint32_t to = least(from + LOG_SEGMENT, whole);
    Eight product = Eight{} + 1.0;
    for (uint32_t s = from; s < to; s += 8) {
      const Eight y = wide(labels + s);
      const Eight m = (y * *reinterpret_cast<const UnalignedEight *>(z + s)) / j;
      const Eight e = expm(negativeSize(m));
      const Derivatives at(y, m, e);
      narrow(first + s, at.first);
      narrow(second + s, at.second);
      narrow(third + s, at.third);
      linear = linear + excessOf(m);
      product = product * (1.0 + e);
    }
    logs += logOf(productOf(product));
  }
  double total = sumOf(linear) + logs;
  for (uint32_t s = whole; s < n; s++) {
    const Eight y = splat(labels[s]);
    const Eight m = (y * z[s]) / j;
    const Eight e = expm(negativeSize(m));
    const Derivatives at(y, m, e);
    first[s] = float(at.first[0]);
    second[s] = float(at.second[0]);
    third[s] = float(at.third[0]);
    total += lossOf(m[0], e[0]);
  }
  memcpy(memory + loss, &total, 8);
}

void logisticLoss(char *memory, Address outputsAt, Address zAt, Address labelsAt, uint32_t n, double j, Address loss) {
  const float *outputs = reinterpret_cast<const float *>(memory + outputsAt);
  const double *z = reinterpret_cast<const double *>(memory + zAt);
  const float *labels = reinterpret_cast<const float *>(memory + labelsAt);
  const uint32_t whole = n & ~7u;
  Eight linear = {};
  double logs = 0;
  for (uint32_t from = 0; from < whole; from += LOG_SEGMENT) {
    const uint32_t to = least(from + LOG_SEGMENT, whole);
    Eight product = Eight{} + 1.0;
    for (uint32_t s = from; s < to; s += 8) {
      const Eight moved = *reinterpret_cast<const UnalignedEight *>(z + s) + wide(outputs + s);
      const Eight m = (wide(labels + s) * moved) / j;
      linear = linear + excessOf(m);
      product = product * (1.0 + expm(negativeSize(m)));
    }
    logs += logOf(productOf(product));
  }
  double total = sumOf(linear) + logs;
  for (uint32_t s = whole; s < n; s++) {
    const double m = (double(labels[s]) * (z[s] + double(outputs[s]))) / j;
    total += lossOf(m, expm(negativeSize(splat(m)))[0]);
  }
  memcpy(memory + loss, &total, 8);
}

enum Objective : uint32_t { SQUARED_ERROR, LOGISTIC_LOSS, BRIER_SCORE };
constexpr uint32_t FACTORS = 512;

/** Eight neurons, at most FACTORS samples. */
template <Objective OBJECTIVE>
INLINE Eight sumOfLosses(const char *phi, const uint32_t *rows, const double *z, const float *labels, uint32_t count,
                         double j) {
  const Eight zero = {};
  Eight sum = {}, product = zero + 1.0;
  for (uint32_t s = 0; s < count; s++) {
    const double y = labels[s];
    const Eight u = (z[s] + wide(reinterpret_cast<const float *>(phi + rows[s]))) / j;
    if (OBJECTIVE == SQUARED_ERROR) {
      const Eight d = u - y;
      sum = sum + d * d;
      continue;
    }
    const Eight m = y * u;
    const Eight e = expm(negativeSize(m));
    if (OBJECTIVE == LOGISTIC_LOSS) {
      sum = sum + excessOf(m);
      product = product * (1.0 + e);
    } else {
      const Eight high = 1.0 / (1.0 + e);
      const Eight wrong = m < zero ? high : e * high;
      sum = sum + wrong * wrong;
    }
  }
  if (OBJECTIVE == LOGISTIC_LOSS)
    for (int lane = 0; lane < 8; lane++) sum[lane] += logOf(product[lane]);
  return sum;
}

template <Objective OBJECTIVE>
void addSampleLosses(const char *phi, const uint32_t *rows, const double *z, const float *labels, uint32_t count, double j,
                     double *losses) {
  for (uint32_t from = 0; from < count; from += FACTORS)
    for (int lane = 0; lane < BLOCK; lane += 8) {
      UnalignedEight *at = reinterpret_cast<UnalignedEight *>(losses + lane);
      *at = *at + sumOfLosses<OBJECTIVE>(phi + 4 * lane, rows + from, z + from, labels + from,
                                         least(FACTORS, count - from), j);
    }
}

void sampleLosses(char *memory, uint32_t objective, Address phiAt, Address rowsAt, Address zAt, Address labelsAt,
                  uint32_t count, double j, Address lossesAt) {
  const char *phi = memory + phiAt;
  const uint32_t *rows = reinterpret_cast<const uint32_t *>(memory + rowsAt);
  const double *z = reinterpret_cast<const double *>(memory + zAt);
  const float *labels = reinterpret_cast<const float *>(memory + labelsAt);
  double *losses = reinterpret_cast<double *>(memory + lossesAt);
  const auto add = objective == SQUARED_ERROR   ? addSampleLosses<SQUARED_ERROR>
                   : objective == LOGISTIC_LOSS ? addSampleLosses<LOGISTIC_LOSS>
                                                : addSampleLosses<BRIER_SCORE>;
  add(phi, rows, z, labels, count, j, losses);
}

void logisticMoments(char *memory, Address phi, Address derivatives, uint32_t stride, uint32_t n, Address moments) {
  const float *one = reinterpret_cast<const float *>(memory + derivatives);
  const float *two = reinterpret_cast<const float *>(memory + derivatives + stride);
  const float *three = reinterpret_cast<const float *>(memory + derivatives + 2 * size_t(stride));
  for (uint32_t from = 0; from < n; from += SEGMENT) {
    const uint32_t end = least(from + SEGMENT, n);
    for (int k = 0; k < REGISTERS; k++) {
      const char *row = memory + phi + size_t(from) * ROW + k * STEP;
      Vector first = {}, second = {}, third = {}, fourth = {};
      for (uint32_t s = from; s < end; s++, row += ROW) {
        const Vector v = load(row);
        __builtin_prefetch(row + SEGMENT * ROW);
        const Vector square = v * v;
        first = first + one[s] * v;
        third = third + square * (three[s] * v);
        const Vector curved = two[s] * square;
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

/** e^x of each x <= 0, in float32. */
INLINE Vector expOfNegative(Vector x) {
  const Vector floor = Vector{} + -87.3f;
  const Vector clamped = x < floor ? floor : x;
  // 1.5 * 2^23: adding it rounds to an integer.
  const Vector n = (clamped * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
  Vector r = clamped - n * 0.693359375f;
  r = r - n * -2.1219444e-4f;
  Vector p = Vector{} + 1.98756915e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * (r * r) + r) + 1.0f;
  const Mask power = (__builtin_convertvector(n, Mask) + 127) << 23;
  return Vector(Mask(p * Vector(power)) & ~(x < floor));
}

void logisticLosses(char *memory, Address phi, Address marginsAt, uint32_t n, Address lossesAt) {
  const float *margins = reinterpret_cast<const float *>(memory + marginsAt);
  double *losses = reinterpret_cast<double *>(memory + lossesAt);
  double products[BLOCK];
  for (int lane = 0; lane < BLOCK; lane++) {
    losses[lane] = 0;
    products[lane] = 1;
  }
  const auto takeLogarithms = [&] {
    for (int lane = 0; lane < BLOCK; lane++) {
      losses[lane] += logOf(products[lane]);
      products[lane] = 1;
    }
  };
  const Vector zero = {};
  uint32_t pending = 0;
  for (uint32_t from = 0; from < n; from += SEGMENT) {
    const uint32_t end = least(from + SEGMENT, n);
    for (int k = 0; k < REGISTERS; k++) {
      const char *row = memory + phi + size_t(from) * ROW + k * STEP;
      Vector linear = {}, product = zero + 1.0f;
      for (uint32_t s = from; s < end; s++, row += ROW) {
        const Vector m = margins[2 * s] + margins[2 * s + 1] * load(row);
        const Vector e = expOfNegative(m < zero ? m : -m);
        linear = linear + (zero < -m ? -m : zero);
        product = product * (1.0f + e);
      }
      addWide(reinterpret_cast<char *>(losses + k * WIDTH), linear);
      Wide *wide = reinterpret_cast<Wide *>(products + k * WIDTH);
      *wide = *wide * __builtin_convertvector(product, Wide);
    }
    pending += end - from;
    // A product of 960 factors up to 2 does not overflow float64.
    if (pending > 960 - SEGMENT) {
      takeLogarithms();
      pending = 0;
    }
  }
  takeLogarithms();
}

INLINE Sixteen load16(const float *at) { return *reinterpret_cast<const UnalignedSixteen *>(at); }

/** Lane i with i + 8, then with i + 4, i + 2, i + 1. */
INLINE double sumOf(Sixteen v) {
  double w[8];
  UNROLLED for (int i = 0; i < 8; i++) w[i] = double(v[i]) + double(v[i + 8]);
  return ((w[0] + w[4]) + (w[2] + w[6])) + ((w[1] + w[5]) + (w[3] + w[7]));
}

/** Samples of a vector that are summed in float32, 64 a lane. */
constexpr uint32_t PART = SEGMENT * 16;

void dotRows(char *memory, Address rowsAt, Address vectorAt, uint32_t padded, uint32_t count, Address productsAt) {
  const float *row = reinterpret_cast<const float *>(memory + rowsAt);
  const float *vector = reinterpret_cast<const float *>(memory + vectorAt);
  double *products = reinterpret_cast<double *>(memory + productsAt);
  for (uint32_t i = 0; i < count; i++, row += padded) {
    double sum = 0;
    for (uint32_t from = 0; from < padded; from += PART) {
      const uint32_t to = least(from + PART, padded);
      Sixteen part = {};
      for (uint32_t s = from; s < to; s += 16) part = part + load16(row + s) * load16(vector + s);
      sum += sumOf(part);
    }
    products[i] = sum;
  }
}

void subtractRows(char *memory, Address rowsAt, Address coefficientsAt, uint32_t padded, uint32_t count, Address vectorAt) {
  const float *rows = reinterpret_cast<const float *>(memory + rowsAt);
  const float *coefficients = reinterpret_cast<const float *>(memory + coefficientsAt);
  float *vector = reinterpret_cast<float *>(memory + vectorAt);
  constexpr uint32_t PIECE = 64;
  uint32_t from = 0;
  for (; from + PIECE <= padded; from += PIECE) {
    Sixteen v[PIECE / 16];
    UNROLLED for (uint32_t k = 0; k < PIECE / 16; k++) v[k] = load16(vector + from + 16 * k);
    for (uint32_t i = 0; i < count; i++)
      UNROLLED for (uint32_t k = 0; k < PIECE / 16; k++)
        v[k] = v[k] - coefficients[i] * load16(rows + size_t(i) * padded + from + 16 * k);
    UNROLLED for (uint32_t k = 0; k < PIECE / 16; k++)
      *reinterpret_cast<UnalignedSixteen *>(vector + from + 16 * k) = v[k];
  }
  for (; from < padded; from += 16) {
    Sixteen v = load16(vector + from);
    for (uint32_t i = 0; i < count; i++) v = v - coefficients[i] * load16(rows + size_t(i) * padded + from);
    *reinterpret_cast<UnalignedSixteen *>(vector + from) = v;
  }
}

void candidateMoments(char *memory, Address outputsAt, Address derivatives, uint32_t padded, Address momentsAt) {
  const float *outputs = reinterpret_cast<const float *>(memory + outputsAt);
  const float *one = reinterpret_cast<const float *>(memory + derivatives);
  const float *two = one + padded;
  const float *three = two + padded;
  double *moments = reinterpret_cast<double *>(memory + momentsAt);
  memset(moments, 0, 4 * 8);
  for (uint32_t from = 0; from < padded; from += PART) {
    const uint32_t to = least(from + PART, padded);
    Sixteen sums[4] = {};
    for (uint32_t s = from; s < to; s += 16) {
      const Sixteen v = load16(outputs + s);
      const Sixteen square = v * v;
      sums[0] = sums[0] + load16(one + s) * v;
      sums[2] = sums[2] + square * (load16(three + s) * v);
      const Sixteen curved = load16(two + s) * square;
      sums[1] = sums[1] + curved;
      sums[3] = sums[3] + curved * square;
    }
    for (int lane = 0; lane < 16; lane += 4)
      for (int k = 0; k < 4; k++) {
        moments[k] += (double(sums[k][lane]) + double(sums[k][lane + 2])) +
                      (double(sums[k][lane + 1]) + double(sums[k][lane + 3]));
      }
  }
}

/** Vectors of a panel, those that are formed together, and the registers of a row that are. */
constexpr uint32_t VECTORS = 12;
constexpr uint32_t FORMED = 4;
constexpr int THREE = 3;

/** Whether the neurons' outputs are squared. */
template <bool SQUARED>
INLINE void addPanel(Start<THREE> sums[FORMED], const float *x, const char *row) {
  Vector v[THREE];
  UNROLLED for (int k = 0; k < THREE; k++) {
    v[k] = load(row + k * STEP);
    if (SQUARED) v[k] = v[k] * v[k];
  }
  UNROLLED for (uint32_t c = 0; c < FORMED; c++)
    UNROLLED for (int k = 0; k < THREE; k++) sums[c].v[k] = sums[c].v[k] + x[c] * v[k];
}

template <bool SQUARED>
void addProducts(char *memory, Address phi, Address vectorsAt, uint32_t n, uint32_t columns, Address products) {
  const float *vectors = reinterpret_cast<const float *>(memory + vectorsAt);
  for (uint32_t from = 0; from < n; from += SEGMENT) {
    const uint32_t end = least(from + SEGMENT, n);
    for (uint32_t column = 0; column < columns; column += FORMED)
      for (int k = 0; k < REGISTERS; k += THREE) {
        const char *row = memory + phi + size_t(from) * ROW + k * STEP;
        Start<THREE> sums[FORMED];
        UNROLLED for (uint32_t c = 0; c < FORMED; c++) sums[c].clear();
        for (uint32_t s = from; s < end; s++, row += ROW)
          addPanel<SQUARED>(sums, vectors + size_t(s) * VECTORS + column, row);
        UNROLLED for (uint32_t c = 0; c < FORMED; c++)
          sums[c].addWideTo(memory + products + (column + c) * WIDE_ROW + 2 * k * STEP);
      }
  }
}

void panelProducts(char *memory, Address phi, Address vectors, uint32_t n, uint32_t columns, Address products) {
  addProducts<false>(memory, phi, vectors, n, columns, products);
}

void panelSquares(char *memory, Address phi, Address vectors, uint32_t n, uint32_t columns, Address products) {
  addProducts<true>(memory, phi, vectors, n, columns, products);
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

extern "C" const Kernels NAME = {preactivate, preactivateHalf, descend, sumRows, addOutputs, deltas, activate,
                                 addStatistics, gram, sketchProducts, logisticPoint, logisticMoments, logisticLosses,
                                 logisticLoss, sampleLosses,
                                 dotRows, subtractRows, candidateMoments, panelProducts, panelSquares, sumSubsets,
                                 descendTile};
