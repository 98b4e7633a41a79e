// Vectors of one instruction set: the types, and the few operations that the compiler's own vector arithmetic
// does not name. Compiled once for each set (kernels.cc), inside a namespace of its own. No templates of the
// standard library here: the linker keeps one copy of such a function, and it could be the one for a machine
// that this is not.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(EDGE_PORTABLE) && defined(__SSE2__)
#include <emmintrin.h>
#elif defined(EDGE_PORTABLE)
#elif defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace edge {
namespace EDGE_ISA {

#define EDGE_INLINE_METHOD inline __attribute__((always_inline))
#define EDGE_INLINE static EDGE_INLINE_METHOD

#if defined(EDGE_PORTABLE)
constexpr int L = 4;     // lanes of a vector
constexpr int ROWS = 3;  // rows of a tile of the input's product, as many as there are registers for
#elif defined(__AVX512F__)
constexpr int L = 16;
constexpr int ROWS = 6;
#elif defined(__AVX2__)
constexpr int L = 8;
constexpr int ROWS = 3;
#elif defined(__aarch64__)
constexpr int L = 4;
constexpr int ROWS = 6;
#else  // 32-bit NEON
constexpr int L = 4;
constexpr int ROWS = 3;
#endif

typedef float vf __attribute__((vector_size(L * 4)));
typedef int32_t vi __attribute__((vector_size(L * 4)));
typedef int16_t vh __attribute__((vector_size(L * 2)));

EDGE_INLINE vf splat(float x) { return x - (vf){}; }  // minus zero is exact, plus zero is not
EDGE_INLINE vi splat(int32_t x) { return x - (vi){}; }

template <class V, class T>
EDGE_INLINE V load_as(const T* from) {
  V v;
  __builtin_memcpy(&v, from, sizeof(V));
  return v;
}
EDGE_INLINE vf load(const float* from) { return load_as<vf>(from); }
EDGE_INLINE vi load(const int32_t* from) { return load_as<vi>(from); }
EDGE_INLINE vi load(const int16_t* from) { return __builtin_convertvector(load_as<vh>(from), vi); }
EDGE_INLINE void store(float* to, vf v) { __builtin_memcpy(to, &v, sizeof v); }
EDGE_INLINE void store(int32_t* to, vi v) { __builtin_memcpy(to, &v, sizeof v); }
EDGE_INLINE void store(int16_t* to, vi v) {
  vh narrow = __builtin_convertvector(v, vh);
  __builtin_memcpy(to, &narrow, sizeof narrow);
}

// Not a number stays: a comparison with it is false, and the processors give the second operand then.
EDGE_INLINE vf clamp(vf x, float low, float high) {
#if defined(__AVX512F__) && !defined(EDGE_PORTABLE)
  return (vf)_mm512_min_ps((__m512)splat(high), _mm512_max_ps((__m512)splat(low), (__m512)x));
#elif defined(__AVX2__) && !defined(EDGE_PORTABLE)
  return (vf)_mm256_min_ps((__m256)splat(high), _mm256_max_ps((__m256)splat(low), (__m256)x));
#else
  x = x < low ? splat(low) : x;
  return x > high ? splat(high) : x;
#endif
}
// What is not a number becomes the limit in the runtime's kernel on x86; on Arm it stays (but for the last one
// to three cells, which fill no vector there).
EDGE_INLINE vf clip(vf x, float limit) {
#if defined(__x86_64__) || defined(__i386__)
  x = x < limit ? x : splat(limit);
  return x > -limit ? x : splat(-limit);
#else
  return clamp(x, -limit, limit);
#endif
}
EDGE_INLINE vi clamp(vi x, int32_t low, int32_t high) {
#if defined(__AVX512F__) && !defined(EDGE_PORTABLE)
  return (vi)_mm512_min_epi32((__m512i)splat(high), _mm512_max_epi32((__m512i)splat(low), (__m512i)x));
#elif defined(__AVX2__) && !defined(EDGE_PORTABLE)
  return (vi)_mm256_min_epi32((__m256i)splat(high), _mm256_max_epi32((__m256i)splat(low), (__m256i)x));
#else
  x = x < low ? splat(low) : x;
  return x > high ? splat(high) : x;
#endif
}
EDGE_INLINE vf absolute(vf x) { return (vf)((vi)x & 0x7fffffff); }
EDGE_INLINE vi larger(vi a, vi b) {
#if defined(__AVX512F__) && !defined(EDGE_PORTABLE)
  return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__) && !defined(EDGE_PORTABLE)
  return (vi)_mm256_max_epi32((__m256i)a, (__m256i)b);
#else
  return a > b ? a : b;
#endif
}

#if defined(EDGE_PORTABLE)
EDGE_INLINE vi nearest(vf x) {
  return __builtin_convertvector(x + (x < 0.0f ? splat(-0.5f) : splat(0.5f)), vi);
}
EDGE_INLINE vf reciprocal(vf x) { return 1.0f / x; }
EDGE_INLINE int32_t largest(vi x) {
  int32_t most = x[0];
  for (int l = 1; l < L; l++) most = x[l] > most ? x[l] : most;
  return most;
}
#elif defined(__AVX512F__)
EDGE_INLINE vi nearest(vf x) { return (vi)_mm512_cvtps_epi32((__m512)x); }
EDGE_INLINE vf reciprocal(vf x) {
  vf y = (vf)_mm512_rcp14_ps((__m512)x);
  return y * (2.0f - x * y);
}
EDGE_INLINE int32_t largest(vi x) { return _mm512_reduce_max_epi32((__m512i)x); }
#elif defined(__AVX2__)
EDGE_INLINE vi nearest(vf x) { return (vi)_mm256_cvtps_epi32((__m256)x); }
EDGE_INLINE vf reciprocal(vf x) {
  vf y = (vf)_mm256_rcp_ps((__m256)x);
  return y * (2.0f - x * y);
}
EDGE_INLINE int32_t largest(vi x) {
  __m128i most = _mm_max_epi32(_mm256_castsi256_si128((__m256i)x), _mm256_extracti128_si256((__m256i)x, 1));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0x4e));
  return _mm_cvtsi128_si32(_mm_max_epi32(most, _mm_shuffle_epi32(most, 0xb1)));
}
#else  // NEON
#if defined(__aarch64__)
EDGE_INLINE vi nearest(vf x) { return (vi)vcvtnq_s32_f32((float32x4_t)x); }
EDGE_INLINE int32_t largest(vi x) { return vmaxvq_s32((int32x4_t)x); }
#else
// By integer conversion: the flags that let GCC use NEON for floats fold a magic number away.
EDGE_INLINE vi nearest(vf x) {
  return (vi)vcvtq_s32_f32((float32x4_t)(x + (x < 0.0f ? splat(-0.5f) : splat(0.5f))));
}
EDGE_INLINE int32_t largest(vi x) {
  int32x2_t most = vpmax_s32(vget_low_s32((int32x4_t)x), vget_high_s32((int32x4_t)x));
  return vget_lane_s32(vpmax_s32(most, most), 0);
}
#endif
EDGE_INLINE vf reciprocal(vf x) {
  float32x4_t y = vrecpeq_f32((float32x4_t)x);
  y = vmulq_f32(y, vrecpsq_f32((float32x4_t)x, y));
  return (vf)vmulq_f32(y, vrecpsq_f32((float32x4_t)x, y));
}
#endif

EDGE_INLINE float total(vf x) {
  float sum = 0;
  for (int l = 0; l < L; l++) sum += x[l];
  return sum;
}

}  // namespace EDGE_ISA
}  // namespace edge
