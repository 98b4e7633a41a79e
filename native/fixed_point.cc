// The fixed-point functions of the reference's integer kernel (gemmlowp's, on int16 and int32 numbers), and
// the tables of sigmoid and tanh that are filled with them: every int16 number is asked once a process.
#include <cstdint>
#include <limits>
#include <mutex>

#include "engine.h"

namespace edge {
namespace {

// A number of an integer type with so many bits before the point: raw / 2^(bits - 1 - before).
template <class T>
T rounded_shift(T x, int bits) {
  const T mask = static_cast<T>((1ll << bits) - 1);
  const T threshold = static_cast<T>((mask >> 1) + (x < 0));
  return static_cast<T>((x >> bits) + ((x & mask) > threshold));
}

int32_t product(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::max();
  const int64_t both = static_cast<int64_t>(a) * b;
  return static_cast<int32_t>((both + (both >= 0 ? 1 << 30 : 1 - (1 << 30))) / (1ll << 31));
}
int16_t product(int16_t a, int16_t b) {
  if (a == b && a == std::numeric_limits<int16_t>::min()) return std::numeric_limits<int16_t>::max();
  const int32_t both = int32_t{a} * b;
  return static_cast<int16_t>((both + (both >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

int16_t saturated(int32_t x) { return static_cast<int16_t>(x > 32767 ? 32767 : x < -32768 ? -32768 : x); }

// x * 2^bits for bits >= 0, saturating as gemmlowp does: from the last number that fits on.
template <class T>
T saturated_left(T x, int bits) {
  const int32_t threshold = static_cast<int32_t>((1ll << (8 * sizeof(T) - 1 - bits)) - 1);
  if (x > threshold) return std::numeric_limits<T>::max();
  if (x < -threshold) return std::numeric_limits<T>::min();
  return static_cast<T>(x * (T{1} << bits));
}

// A constant that is written as a 32-bit number with as many bits before the point.
int16_t constant(int32_t raw) { return static_cast<int16_t>(rounded_shift(raw, 16)); }

// e^x for -1/4 <= x < 0, no bits before the point on either side.
int16_t exp_of_a_quarter(int16_t a) {
  const int16_t term = constant(1895147668), third = constant(715827883);
  const int16_t x = static_cast<int16_t>(a + (1 << 12));
  const int16_t x2 = product(x, x), x3 = product(x2, x), x4 = product(x2, x2);
  const int16_t x4_over_4 = rounded_shift(x4, 2);
  const int16_t sum = product(static_cast<int16_t>(x4_over_4 + x3), third);
  const int16_t rest = rounded_shift(static_cast<int16_t>(sum + x2), 1);
  return saturated(term + product(term, static_cast<int16_t>(x + rest)));
}

// e^a for a <= 0 with so many bits before the point.
int16_t exp_of_negative(int16_t a, int before) {
  if (a == 0) return std::numeric_limits<int16_t>::max();
  const int behind = 15 - before;
  const int16_t quarter = static_cast<int16_t>(1 << (behind - 2)), mask = static_cast<int16_t>(quarter - 1);
  const int16_t within = static_cast<int16_t>((a & mask) - quarter);
  int16_t result = exp_of_a_quarter(before ? saturated_left(within, before) : within);
  const int16_t remainder = static_cast<int16_t>(within - a);
  constexpr int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  for (int n = 0; n < 7; n++) {
    const int exponent = n - 2;
    if (before > exponent && (remainder & (1 << (behind + exponent))))
      result = product(result, constant(factors[n]));
  }
  if (before > 5 && a < constant(-(1 << (36 - before)))) result = 0;
  return result;
}

// Newton's division: 1 / (1 + a) or (1 - a) / (1 + a) for 0 < a < 1.
int16_t over_one_plus(int16_t a, bool one_minus) {
  const int32_t doubled = int32_t{a} + 32767;
  const int16_t half = static_cast<int16_t>((doubled + (doubled >= 0 ? 1 : -1)) / 2);
  const int16_t one = 1 << 13;  // two bits before the point
  int16_t x = static_cast<int16_t>(constant(1515870810) + product(half, constant(-1010580540)));
  for (int n = 0; n < 3; n++) {
    const int16_t error = static_cast<int16_t>(one - product(half, x));
    x = static_cast<int16_t>(x + saturated_left(product(x, error), 2));
  }
  if (one_minus) return saturated_left(static_cast<int16_t>(x - one), 2);
  return saturated_left(x, 1);
}

int16_t tanh_of(int16_t a, int before) {
  if (a == 0) return 0;
  const int16_t negative = a < 0 ? a : static_cast<int16_t>(-a);
  const int16_t t = over_one_plus(exp_of_negative(negative, before + 1), true);
  return a < 0 ? static_cast<int16_t>(-t) : t;
}

int16_t sigmoid_of(int16_t a) {  // three bits before the point
  if (a == 0) return 1 << 14;
  const int16_t size = a > 0 ? a : static_cast<int16_t>(-a);
  const int16_t s = over_one_plus(exp_of_negative(static_cast<int16_t>(-size), 3), false);
  return a > 0 ? s : static_cast<int16_t>(32767 - s);
}

struct Table {
  std::once_flag once;
  int16_t values[65536 + 2];  // a gather reads over the end
};

template <class F>
const int16_t* filled(Table& table, F f) {
  std::call_once(table.once, [&] {
    for (int x = -32768; x <= 32767; x++) table.values[32768 + x] = f(static_cast<int16_t>(x));
  });
  return table.values;
}

Table sigmoids, tanhs[7];

}  // namespace

const int16_t* sigmoid_table() { return filled(sigmoids, sigmoid_of); }

const int16_t* tanh_table(int bits) {
  return filled(tanhs[bits], [bits](int16_t x) { return tanh_of(x, bits); });
}

void inverse_root(int32_t variance, int32_t* multiplier, int* shift) {
  if (variance <= 1) {
    *multiplier = std::numeric_limits<int32_t>::max();
    *shift = 0;
    return;
  }
  int right = 11;
  while (variance >= 1 << 29) {
    variance /= 4;
    ++right;
  }
  const int pairs = (__builtin_clz(static_cast<uint32_t>(variance)) - 1) / 2 - 1;
  right -= pairs;
  variance <<= 2 * pairs;
  const int32_t half = rounded_shift(variance >> 1, 1);  // three bits before the point
  int32_t x = 1 << 28;
  for (int n = 0; n < 5; n++) {
    const int32_t cube = saturated_left(product(product(x, x), x), 6);
    x = saturated_left(product((1 << 28) + (1 << 27), x) - product(half, cube), 3);
  }
  *multiplier = product(x, 1518500250);
  if (right < 0) {
    *multiplier <<= -right;
    right = 0;
  }
  *shift = -right;
}

}  // namespace edge
