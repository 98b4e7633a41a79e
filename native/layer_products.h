// The products of a float layer, and those of a layer with 8-bit weights: what `Lstm` (lstm.h) is made with.
//
// Both give the sums of the gates in floats: of a chunk of inputs `[row][block][gates][L]`, bias included; of
// the hidden state, added to the sums of one or two blocks; and the projection.
#pragma once
#include "product.h"

namespace edge {
namespace EDGE_ISA {

constexpr int CHUNK =
    48;  // steps whose input products are made at once: weights are read from the cache 8 times less

// Two blocks of cells at once where the weights stay in the nearest cache, and one where they come from
// further off: what is done with the sums of a block then fills the wait for the weights of the next.
EDGE_INLINE int blocks_at_once(const Sizes& n, size_t weight_bytes) {
  return (size_t)n.cells * (size_t)n.outputs * 4 * weight_bytes <= 32768 ? 2 : 1;
}

// Every other step goes through the weights backwards: what a cache smaller than they are holds from the end
// of a step, the next one begins with. The blocks know nothing of each other: the order changes no number.
template <class One, class Two>
EDGE_INLINE void in_order(int blocks, int side, bool backwards, const One& one, const Two& two) {
  const int whole_sides = blocks / side, odd = blocks % side;
  if (odd && backwards) one(blocks - 1);
  for (int n = 0; n < whole_sides; n++) {
    const int block = side * (backwards ? whole_sides - 1 - n : n);
    if (side == 2)
      two(block);
    else
      one(block);
  }
  if (odd && !backwards) one(blocks - 1);
}

// Places of the arrays in a kernel's scratch memory.
struct Places {
  size_t bytes = 0;
  template <class T>
  size_t take(size_t count) {
    const size_t at = bytes;
    bytes += (count * sizeof(T) + 127) / 64 * 64;  // and room for a vector that reaches over the end
    return at;
  }
};
template <class T>
EDGE_INLINE T* at(void* scratch, size_t place) {
  return reinterpret_cast<T*>(static_cast<char*>(scratch) + place);
}

// Biases as the sums start with them, `[block][gates][L]`; zeros where layer norm adds them later.
static inline float* starts(const float* const* bias, int gates, int rows) {
  float* to = zeroed<float>((size_t)whole(rows, L) * gates * L);
  for (int g = 0; g < gates; g++)
    for (int row = 0; row < rows && bias[g]; row++) to[((row / L) * gates + g) * L + row % L] = bias[g][row];
  return to;
}
// The bias of a projection, in the order of the outputs; whole panels of four vectors.
static inline float* projection_start(const FloatLayer& layer) {
  float* to = zeroed<float>((size_t)whole(layer.sizes.outputs, 4 * L) * 4 * L);
  if (layer.projection_bias)
    __builtin_memcpy(to, layer.projection_bias, sizeof(float) * (size_t)layer.sizes.outputs);
  return to;
}

template <int G>
class FloatProducts {
 public:
  static constexpr size_t weight_bytes = sizeof(float);

  FloatProducts(const FloatLayer& layer, const float* const* bias, int side, Places&) : sizes(layer.sizes) {
    constexpr int first = 4 - G;
    const int cells = sizes.cells;
    w = pack(layer.input + first, G, cells, sizes.inputs, 1);
    start = starts(bias + first, G, cells);
    if (sizes.diagonal)
      for (int g = 0; g < G; g++) diagonal[g] = padded(layer.recurrent[first + g], cells);
    else
      r = pack(layer.recurrent + first, G, cells, sizes.outputs, side);
    if (!layer.projection.floats && !layer.projection.bytes) return;
    const int rows = whole(sizes.outputs, 4 * L) * L;
    float* floats = zeroed<float>((size_t)sizes.outputs * cells);
    for (size_t n = 0; n < (size_t)sizes.outputs * cells; n++) floats[n] = value(layer.projection, n);
    float* folded = fold(floats, sizes.outputs, cells);
    Matrix quarters[4];
    for (int g = 0; g < 4; g++) quarters[g] = {folded + (size_t)g * rows * cells, nullptr, 1};
    p = pack(quarters, 4, rows, cells, 1);
    p_start = projection_start(layer);
    release(floats);
    release(folded);
  }
  ~FloatProducts() {
    release_all(w, start, r, p, p_start, diagonal[0], diagonal[1], diagonal[2], diagonal[3]);
  }

  void inputs(const float* x, int rows, float* sums, void*) const {
    const int blocks = whole(sizes.cells, L), count = sizes.inputs;
    const size_t stride = (size_t)blocks * G * L;
    if (rows == 1) {
      for (int b = 0; b < blocks; b++) {
        vf s[G];
        for (int g = 0; g < G; g++) s[g] = load(start + (b * G + g) * L);
        add_product<G>(w + (size_t)b * count * G * L, x, count, s);
        for (int g = 0; g < G; g++) store(sums + (b * G + g) * L, s[g]);
      }
      return;
    }
    for (int b = 0; b < blocks; b++)
      over_rows(rows, [&](auto r, int row) {
        tile<decltype(r)::value, G>(w + (size_t)b * count * G * L, x + (size_t)row * count, count,
                                    start + b * G * L, sums + row * stride + b * G * L, stride);
      });
  }

  void before_step(const float*, void*) const {}

  // The sums of `side` blocks, which lie side by side.
  template <int side>
  EDGE_INLINE_METHOD void recur(int block, const float* h, vf* sums, void*) const {
    if (sizes.diagonal) {
      for (int b = 0; b < side; b++)
        for (int g = 0; g < G; g++)
          sums[b * G + g] += load(diagonal[g] + (block + b) * L) * load(h + (block + b) * L);
    } else {
      add_product<side * G>(r + (size_t)block * sizes.outputs * G * L, h, sizes.outputs, sums);
    }
  }

  bool projects() const { return p != nullptr; }
  void project(const float* m, float* h, void*) const {
    for (int panel = 0; panel < whole(sizes.outputs, 4 * L); panel++) {
      vf s[4];
      for (int v = 0; v < 4; v++) s[v] = load(p_start + (panel * 4 + v) * L);
      add_product<4>(p + (size_t)panel * sizes.cells * 4 * L, m, sizes.cells, s);
      for (int v = 0; v < 4; v++) store(h + (panel * 4 + v) * L, s[v]);
    }
  }

 private:
  Sizes sizes;
  float *w = nullptr, *start = nullptr, *r = nullptr, *p = nullptr, *p_start = nullptr;
  float* diagonal[4] = {};
};

}  // namespace EDGE_ISA
}  // namespace edge
