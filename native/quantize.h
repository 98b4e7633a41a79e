// Floats as activations: 8 bits, with a scale of their own every step, symmetric about zero.
#pragma once
#include "simd_int.h"

namespace edge {
namespace EDGE_ISA {

constexpr int32_t INFINITY_BITS = 0x7f800000;

// The largest magnitude as its bits, which are in the order of the numbers: infinity comes behind all numbers,
// and what is not a number behind infinity.
EDGE_INLINE int32_t largest_bits(const float* x, size_t count) {
  vi most = splat((int32_t)0);
  size_t k = 0;
  for (; k + L <= count; k += L) most = larger(most, (vi)absolute(load(x + k)));
  float tail[L] = {};
  __builtin_memcpy(tail, x + k, sizeof(float) * (count - k));
  return largest(larger(most, (vi)absolute(load(tail))));
}

// Rounded to -127 .. 127. NaN becomes what the runtime's kernel makes of it on this processor.
static inline int rounded(float x) {
#if defined(__x86_64__) || defined(__i386__)
  if (!(x >= -127)) return -127;
#else
  if (x != x) return 0;
  if (x < -127) return -127;
#endif
  return x > 127 ? 127 : (int)(x < 0 ? x - 0.5f : x + 0.5f);
}

// A row with NaN or infinity in it, comparison by comparison as the runtime's kernel does it: it takes the
// least and the largest from std::minmax_element, and where NaN stands decides what that finds.
static inline __attribute__((noinline, cold)) float quantize_wild(const float* x, int count, activation* to) {
  const bool falling = count > 1 && x[1] < x[0];
  float least = x[falling], most = x[count > 1 && !falling];
  for (int k = 2; k < count; k += 2) {
    if (k + 1 == count) {
      if (x[k] < least)
        least = x[k];
      else if (!(x[k] < most))
        most = x[k];
      break;
    }
    const bool falls = x[k + 1] < x[k];
    const float low = x[k + falls], high = x[k + !falls];
    if (low < least) least = low;
    if (!(high < most)) most = high;
  }
  least = __builtin_fabsf(least);
  most = __builtin_fabsf(most);
  const float range = least < most ? most : least;
  const float inverse = 127.0f / range;
  for (int k = 0; k < count; k++)
    to[k] = (activation)((range == 0 ? 0 : rounded(x[k] * inverse)) + ACTIVATION_OFFSET);
  return range / 127.0f;
}

// `count` floats as activations; the scale. Places behind the end meet weights that are zero.
EDGE_INLINE float quantize(const float* x, int count, activation* to) {
  const int32_t bits = largest_bits(x, (size_t)count);
  if (__builtin_expect(bits >= INFINITY_BITS, 0)) return quantize_wild(x, count, to);
  float range;
  __builtin_memcpy(&range, &bits, sizeof range);
  const float inverse = range > 0 ? 127.0f / range : 0.0f;
  int k = 0;
  for (; k + L <= count; k += L) store_activations(to + k, nearest(load(x + k) * inverse));
  if (k == count) return range / 127.0f;
  float tail[L] = {};
  __builtin_memcpy(tail, x + k, sizeof(float) * (size_t)(count - k));
  store_activations(to + k, nearest(load(tail) * inverse));
  return range / 127.0f;
}

}  // namespace EDGE_ISA
}  // namespace edge
