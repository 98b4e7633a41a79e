// The products of a layer with 8-bit weights and float activations: what meets a weight is rounded to 8 bits,
// with a scale of its own every step, symmetric about zero.
#pragma once
#include "layer_products.h"
#include "quantize.h"

namespace edge {
namespace EDGE_ISA {

template <int G>
class ByteProducts {
 public:
  static constexpr size_t weight_bytes = sizeof(weight);

  ByteProducts(const FloatLayer& layer, const float* const* bias, int side, Places& places)
      : sizes(layer.sizes) {
    constexpr int first = 4 - G;
    const int8_t *inputs[G], *recurrent[G];
    for (int g = 0; g < G; g++) {
      inputs[g] = layer.input[first + g].bytes;
      recurrent[g] = layer.recurrent[first + g].bytes;
      w_scale[g] = layer.input[first + g].scale;
      r_scale[g] = layer.recurrent[first + g].scale;
    }
    w = pack_bytes(inputs, G, sizes.cells, sizes.inputs, 1);
    start = starts(bias + first, G, sizes.cells);
    r = pack_bytes(recurrent, G, sizes.cells, sizes.outputs, side);
    qx = places.take<activation>((size_t)CHUNK * w.groups * GROUP + L);
    x_scale = places.take<float>(CHUNK);
    const int longest = sizes.cells > sizes.outputs ? sizes.cells : sizes.outputs;
    qh = places.take<activation>((size_t)longest + GROUP + L);
    h_scale = places.take<float>(1);
    if (!layer.projection.bytes) return;
    const int rows = whole(sizes.outputs, 4 * L) * L;
    int8_t* folded = fold(layer.projection.bytes, sizes.outputs, sizes.cells);
    const int8_t* quarters[4];
    for (int g = 0; g < 4; g++) quarters[g] = folded + (size_t)g * rows * sizes.cells;
    p = pack_bytes(quarters, 4, rows, sizes.cells, 1);
    p_start = projection_start(layer);
    p_scale = layer.projection.scale;
    release(folded);
  }
  ~ByteProducts() { release_all(w.weights, w.start, r.weights, r.start, p.weights, p.start, start, p_start); }

  void inputs(const float* x, int rows, float* sums, void* scratch) const {
    const int blocks = whole(sizes.cells, L);
    const size_t stride = (size_t)blocks * G * L;
    activation* q = at<activation>(scratch, qx);
    float* scales = at<float>(scratch, x_scale);
    for (int row = 0; row < rows; row++)
      scales[row] =
          quantize(x + (size_t)row * sizes.inputs, sizes.inputs, q + (size_t)row * w.groups * GROUP);
    byte_sums_of_rows<G>(w, blocks, q, rows, [=](int row, int block, int g, vi sum) {
      const int place = (block * G + g) * L;
      const vf product = __builtin_convertvector(sum, vf) * (scales[row] * w_scale[g]);
      store(sums + row * stride + place, load(start + place) + product);
    });
  }

  void before_step(const float* h, void* scratch) const {
    *at<float>(scratch, h_scale) = quantize(h, sizes.outputs, at<activation>(scratch, qh));
  }

  template <int side>
  EDGE_INLINE_METHOD void recur(int block, const float*, vf* sums, void* scratch) const {
    vi s[side * G];
    byte_sums<G, side * G>(r, block, at<activation>(scratch, qh), s);
    const float scale = *at<float>(scratch, h_scale);
#pragma GCC unroll 8
    for (int v = 0; v < side * G; v++)
      sums[v] += __builtin_convertvector(s[v], vf) * (scale * r_scale[v % G]);
  }

  bool projects() const { return p.weights != nullptr; }
  void project(const float* m, float* h, void* scratch) const {
    activation* q = at<activation>(scratch, qh);
    const float scale = quantize(m, sizes.cells, q) * p_scale;
    for (int panel = 0; panel < whole(sizes.outputs, 4 * L); panel++) {
      vi s[4];
      byte_sums<4, 4>(p, panel, q, s);
      for (int v = 0; v < 4; v++) {
        const size_t place = (size_t)(panel * 4 + v) * L;
        store(h + place, load(p_start + place) + __builtin_convertvector(s[v], vf) * scale);
      }
    }
  }

 private:
  Sizes sizes;
  Bytes w = {}, r = {}, p = {};
  float *start = nullptr, *p_start = nullptr;
  float w_scale[G], r_scale[G], p_scale = 0;
  size_t qx = 0, x_scale = 0, qh = 0, h_scale = 0;
};

}  // namespace EDGE_ISA
}  // namespace edge
