// Integer operations of one instruction set: the dot product of 8-bit weights, the rescale, the table
// look-up.
//
// A `weight` is how a weight is kept when packed, an `activation` how the vector that it meets is kept. A dot
// product takes GROUP of them for each lane. Where the instruction wants the activations unsigned they are
// kept with ACTIVATION_OFFSET added, and the packing takes it off again by the sums of the weights.
#pragma once
#include "simd.h"

namespace edge {
namespace EDGE_ISA {

#if defined(EDGE_PORTABLE) && defined(__SSE2__)  // every x86-64 has it
typedef int16_t weight;
typedef int16_t activation;
typedef __m128i activations;
constexpr int GROUP = 2, ACTIVATION_OFFSET = 0;
EDGE_INLINE activations group(const activation* a) { return _mm_set1_epi32(load_as<int32_t>(a)); }
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  return sum + (vi)_mm_madd_epi16(load_as<__m128i>(w), a);
}
#elif defined(EDGE_PORTABLE)
typedef int8_t weight;
typedef int8_t activation;
typedef vi activations;
typedef int8_t quarter __attribute__((vector_size(L)));
constexpr int GROUP = 1, ACTIVATION_OFFSET = 0;
EDGE_INLINE activations group(const activation* a) { return splat((int32_t)*a); }
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  return sum + __builtin_convertvector(load_as<quarter>(w), vi) * a;
}
#elif defined(__AVX512VNNI__)
typedef int8_t weight;
typedef uint8_t activation;
typedef __m512i activations;
constexpr int GROUP = 4, ACTIVATION_OFFSET = 128;
EDGE_INLINE activations group(const activation* a) { return _mm512_set1_epi32(load_as<int32_t>(a)); }
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, a, _mm512_loadu_si512(w));
}
#elif defined(__AVXVNNI__)
typedef int8_t weight;
typedef uint8_t activation;
typedef __m256i activations;
constexpr int GROUP = 4, ACTIVATION_OFFSET = 128;
EDGE_INLINE activations group(const activation* a) { return _mm256_set1_epi32(load_as<int32_t>(a)); }
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  return (vi)_mm256_dpbusd_avx_epi32((__m256i)sum, a, load_as<__m256i>(w));
}
#elif defined(__AVX2__)
// The 8-bit product of AVX2 saturates at 16 bits, so the weights are kept in 16.
typedef int16_t weight;
typedef int16_t activation;
typedef __m256i activations;
constexpr int GROUP = 2, ACTIVATION_OFFSET = 0;
EDGE_INLINE activations group(const activation* a) { return _mm256_set1_epi32(load_as<int32_t>(a)); }
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  return sum + (vi)_mm256_madd_epi16(load_as<__m256i>(w), a);
}
#elif defined(__ARM_FEATURE_DOTPROD)
typedef int8_t weight;
typedef int8_t activation;
typedef int8x16_t activations;
constexpr int GROUP = 4, ACTIVATION_OFFSET = 0;
EDGE_INLINE activations group(const activation* a) {
  return vreinterpretq_s8_s32(vdupq_n_s32(load_as<int32_t>(a)));
}
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  return (vi)vdotq_s32((int32x4_t)sum, vld1q_s8(w), a);
}
#else  // NEON
// Two products fit into 16 bits, if no weight is -128 where an activation is: with 8-bit weights none of these
// is, and full int8 with such a weight is left alone (integer_node.cc). So a lane's four lie two by two.
#define EDGE_PART 2
typedef int8_t weight;
typedef int8_t activation;
typedef int16x8x2_t activations;  // the first two of a group again and again, and the other two
constexpr int GROUP = 4, ACTIVATION_OFFSET = 0;
EDGE_INLINE activations group(const activation* a) {
  const int16x8_t both = vreinterpretq_s16_s32(vdupq_n_s32(load_as<int32_t>(a)));
  return vuzpq_s16(both, both);
}
EDGE_INLINE vi dot(vi sum, const weight* w, activations a) {
  const int8x16_t both = vld1q_s8(w);
  const int8x8_t first = vget_low_s8(vreinterpretq_s8_s16(a.val[0]));
  const int8x8_t second = vget_high_s8(vreinterpretq_s8_s16(a.val[1]));
  const int16x8_t product = vmlal_s8(vmull_s8(vget_low_s8(both), first), vget_high_s8(both), second);
  return (vi)vpadalq_s16((int32x4_t)sum, product);
}
#endif
#if defined(EDGE_PART)
constexpr int PART = EDGE_PART;
#else
constexpr int PART = GROUP;  // of a lane's weights, those that lie side by side
#endif

EDGE_INLINE void store_activations(activation* to, vi q) {
#if defined(__AVX512VNNI__) && !defined(EDGE_PORTABLE)
  const __m128i narrow = _mm512_cvtepi32_epi8((__m512i)(q + ACTIVATION_OFFSET));
  __builtin_memcpy(to, &narrow, sizeof narrow);
#else
  typedef activation narrow __attribute__((vector_size(L * sizeof(activation))));
  const narrow n = __builtin_convertvector(q + ACTIVATION_OFFSET, narrow);
  __builtin_memcpy(to, &n, sizeof n);
#endif
}

// round(a * b / 2^31) of every lane, b not negative: gemmlowp's SaturatingRoundingDoublingHighMul.
EDGE_INLINE vi high_product(vi a, int32_t b) {
#if defined(EDGE_PORTABLE)
  vi product;
  for (int l = 0; l < L; l++) product[l] = (int32_t)(((int64_t)a[l] * b + (1 << 30)) >> 31);
  return product;
#elif defined(__AVX512F__)
  const __m512i half = _mm512_set1_epi64(1 << 30), factor = _mm512_set1_epi64(b);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32((__m512i)a, factor), half);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64((__m512i)a, 32), factor), half);
  return (vi)_mm512_mask_mov_epi32(_mm512_srli_epi64(even, 31), 0xaaaa, _mm512_slli_epi64(odd, 1));
#elif defined(__AVX2__)
  const __m256i half = _mm256_set1_epi64x(1 << 30), factor = _mm256_set1_epi64x(b);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32((__m256i)a, factor), half);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64((__m256i)a, 32), factor), half);
  return (vi)_mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
#else
  return (vi)vqrdmulhq_s32((int32x4_t)a, vdupq_n_s32(b));
#endif
}

// x / 2^bits, rounded to the nearest, halves away from zero: gemmlowp's RoundingDivideByPOT. Of a negative
// number one less is taken: then the half, too, goes down. No sum here leaves 32 bits.
EDGE_INLINE vi rounded_shift(vi x, int bits) {
  if (bits == 0) return x;
  const vi y = x + (x >> 31);
  return (y >> bits) + ((y >> (bits - 1)) & 1);
}

// The multiplier of a rescale, as the reference takes it apart.
EDGE_INLINE vi rescale(vi x, int32_t multiplier, int shift) {
  typedef uint32_t vu __attribute__((vector_size(L * 4)));
  if (shift > 0) return high_product((vi)((vu)x << shift), multiplier);
  return rounded_shift(high_product(x, multiplier), -shift);
}

// table[32768 + index], 16 bits each; a gather reads two bytes more than the entry.
EDGE_INLINE vi look_up(const int16_t* table, vi index) {
#if defined(__AVX512F__) && !defined(EDGE_PORTABLE)
  return ((vi)_mm512_i32gather_epi32((__m512i)index, (const int*)(table + 32768), 2) << 16) >> 16;
#elif defined(__AVX2__) && !defined(EDGE_PORTABLE)
  return ((vi)_mm256_i32gather_epi32((const int*)(table + 32768), (__m256i)index, 2) << 16) >> 16;
#else
  vi value;
  for (int l = 0; l < L; l++) value[l] = table[32768 + index[l]];
  return value;
#endif
}

}  // namespace EDGE_ISA
}  // namespace edge
