// How weights lie in memory: whole vectors of cells, in the order in which the products read them.
//
// `[block of L cells][k][gates][L]`, or with two blocks side by side `[pair of blocks][k][2][gates][L]`: as
// many sums as hide the latency of a multiply-add. 8-bit weights lie in groups of k, one dot product each:
// `[block][k / GROUP][gates][L][GROUP]`. Places that no weight has are zero.
#pragma once
#include "engine.h"
#include "simd_int.h"

namespace edge {
namespace EDGE_ISA {

constexpr int whole(int count, int of) { return (count + of - 1) / of; }

template <class T>
EDGE_INLINE T* zeroed(size_t count) {
  const size_t bytes = count * sizeof(T) + 64;  // a vector may reach over the end
  T* memory = static_cast<T*>(allocate(bytes));
  __builtin_memset(memory, 0, bytes);
  return memory;
}

template <class... T>
EDGE_INLINE void release_all(T*... memory) {
  (release(memory), ...);
}

// A copy of `count` numbers in whole vectors, zeros behind; null of null.
template <class T>
EDGE_INLINE T* padded(const T* from, int count) {
  if (!from) return nullptr;
  T* to = zeroed<T>((size_t)whole(count, L) * L);
  __builtin_memcpy(to, from, sizeof(T) * (size_t)count);
  return to;
}

EDGE_INLINE float value(const Matrix& m, size_t at) {
  return m.floats ? m.floats[at] : (float)m.bytes[at] * m.scale;
}
EDGE_INLINE Matrix below(const Matrix& m, size_t offset) {
  return {m.floats ? m.floats + offset : nullptr, m.bytes ? m.bytes + offset : nullptr, m.scale};
}

// A diagonal, or any vector that may be kept in 8 bits.
static inline float* padded(const Matrix& from, int count) {
  float* to = zeroed<float>((size_t)whole(count, L) * L);
  for (int n = 0; n < count; n++) to[n] = value(from, (size_t)n);
  return to;
}

// `gates` matrices of `rows` x `columns`, `side` blocks side by side; a last odd block stands alone.
static inline float* pack(const Matrix* m, int gates, int rows, int columns, int side) {
  const int blocks = whole(rows, L);
  float* packed = zeroed<float>((size_t)blocks * columns * gates * L);
  float* to = packed;
  for (int block = 0; block < blocks; block += side) {
    const int together = blocks - block < side ? blocks - block : side;
    for (int k = 0; k < columns; k++)
      for (int b = block; b < block + together; b++)
        for (int g = 0; g < gates; g++)
          for (int l = 0; l < L; l++, to++)
            if (const int row = b * L + l; row < rows) *to = value(m[g], (size_t)row * columns + k);
  }
  return packed;
}

// A matrix of 8-bit weights, and what to take off its products for the offset of the activations.
struct Bytes {
  weight* weights;
  int32_t* start;  // [block][gates][L]: -ACTIVATION_OFFSET times the sum of a row
  int groups;      // of GROUP columns
};

static inline Bytes pack_bytes(const int8_t* const* m, int gates, int rows, int columns, int side) {
  const int blocks = whole(rows, L), groups = whole(columns, GROUP);
  Bytes packed = {zeroed<weight>((size_t)blocks * groups * gates * L * GROUP),
                  zeroed<int32_t>((size_t)blocks * gates * L), groups};
  weight* to = packed.weights;
  for (int block = 0; block < blocks; block += side) {
    const int together = blocks - block < side ? blocks - block : side;
    for (int group = 0; group < groups; group++)
      for (int b = block; b < block + together; b++)
        for (int g = 0; g < gates; g++)
          for (int n = 0; n < L * GROUP; n++, to++) {
            const int l = n / PART % L, row = b * L + l;
            const int k = group * GROUP + n / (PART * L) * PART + n % PART;
            if (row >= rows || k >= columns) continue;
            *to = m[g][(size_t)row * columns + k];
            packed.start[(b * gates + g) * L + l] -= ACTIVATION_OFFSET * *to;
          }
  }
  return packed;
}

// A matrix that stands alone (the projection) is packed as four gates: rows g * L to g * L + L of every 4 *
// L. `fold` gives it the shape `[4][whole rows / 4][columns]` that the packing above wants.
template <class T>
EDGE_INLINE T* fold(const T* m, int rows, int columns) {
  const int quarter = whole(rows, 4 * L) * L;
  T* folded = zeroed<T>((size_t)4 * quarter * columns);
  for (int row = 0; row < rows; row++) {
    const int gate = row / L % 4, within = row / (4 * L) * L + row % L;
    __builtin_memcpy(folded + ((size_t)gate * quarter + within) * columns, m + (size_t)row * columns,
                     sizeof(T) * (size_t)columns);
  }
  return folded;
}

}  // namespace EDGE_ISA
}  // namespace edge
