// The loop over time of a layer whose sums are floats: `Products` makes them
// (layer_products.h, byte_products.h).
#pragma once
#include "activation.h"
#include "byte_products.h"

namespace edge {
namespace EDGE_ISA {

constexpr float NORM_EPSILON = 1e-8f;

template <template <int> class Products, int G>
class Lstm final : public Kernel {
 public:
  explicit Lstm(const FloatLayer& layer)
      : sizes(layer.sizes),
        blocks(whole(layer.sizes.cells, L)),
        side(blocks_at_once(layer.sizes, Products<G>::weight_bytes)),
        normed(layer.norm[GATE_F] != nullptr),
        products(layer, normed ? nothing : layer.bias, side, places),
        projection_clip(layer.projection_clip) {
    constexpr int first = 4 - G;
    const int count = sizes.cells;
    for (int g = 0; g < 4; g++) peephole[g] = padded(layer.peephole[g], count);
    cells = {peephole[GATE_I], peephole[GATE_F], peephole[GATE_O], layer.cell_clip};
    there = zeroed<float>((size_t)blocks * L);
    for (int n = 0; n < count; n++) there[n] = 1;
    for (int g = 0; g < G && normed; g++) {
      coefficient[g] = padded(layer.norm[first + g], count);
      bias[g] = padded(layer.bias[first + g], count);
    }
    const size_t lanes = (size_t)blocks * L;
    const int longest = sizes.cells > sizes.outputs ? sizes.cells : sizes.outputs;
    const size_t h_lanes = (size_t)whole(longest, 4 * L) * 4 * L;
    sums_at = places.take<float>(CHUNK * lanes * G);
    h_at[0] = places.take<float>(h_lanes);
    h_at[1] = places.take<float>(h_lanes);
    c_at = places.take<float>(lanes);
    m_at = places.take<float>(lanes);
  }
  ~Lstm() override {
    release(there);
    for (int g = 0; g < 4; g++) {
      release(peephole[g]);
      release(coefficient[g]);
      release(bias[g]);
    }
  }

  size_t scratch_bytes() const override { return places.bytes; }

  void run(const void* inputs, int steps, void* h_state, void* c_state, void* outputs,
           void* scratch) const override {
    const float* x = static_cast<const float*>(inputs);
    float* to = static_cast<float*>(outputs);
    float* sums = at<float>(scratch, sums_at);
    float* h[2] = {at<float>(scratch, h_at[0]), at<float>(scratch, h_at[1])};
    float* c = at<float>(scratch, c_at);
    const size_t stride = (size_t)blocks * G * L;
    const size_t h_bytes = sizeof(float) * (size_t)sizes.outputs,
                 c_bytes = sizeof(float) * (size_t)sizes.cells;
    __builtin_memcpy(h[0], h_state, h_bytes);
    store(c + (size_t)(blocks - 1) * L, splat(0.0f));  // NaN may stand behind the last cell since the last run
    __builtin_memcpy(c, c_state, c_bytes);
    int now = 0;
    for (int first = 0; first < steps; first += CHUNK) {
      const int rows = steps - first < CHUNK ? steps - first : CHUNK;
      products.inputs(x + (size_t)first * sizes.inputs, rows, sums, scratch);
      for (int row = 0; row < rows; row++, now ^= 1, to += sizes.outputs) {
        step(sums + row * stride, h[now], h[now ^ 1], c, row & 1, scratch);
        __builtin_memcpy(to, h[now ^ 1], h_bytes);
      }
    }
    __builtin_memcpy(h_state, h[now], h_bytes);
    __builtin_memcpy(c_state, c, c_bytes);
  }

 private:
  void step(float* sums, const float* h, float* new_h, float* c, bool backwards, void* scratch) const {
    float* m = products.projects() ? at<float>(scratch, m_at) : new_h;
    products.before_step(h, scratch);
    const auto one = [=](int block) { together<1>(block, sums, h, m, c, scratch); };
    const auto two = [=](int block) { together<2>(block, sums, h, m, c, scratch); };
    in_order(blocks, side, backwards, one, two);
    if (normed) norm_cells(sums, m, c);
    if (!products.projects()) return;
    products.project(m, new_h, scratch);
    if (projection_clip > 0)
      for (int n = 0; n < sizes.outputs; n += L)
        store(new_h + n, clip(load(new_h + n), projection_clip));
  }

  template <int side>
  EDGE_INLINE_METHOD void together(int block, float* sums, const float* h, float* m, float* c,
                                   void* scratch) const {
    vf s[side * G];
    float* from = sums + block * G * L;
#pragma GCC unroll 8
    for (int v = 0; v < side * G; v++) s[v] = load(from + v * L);
    products.template recur<side>(block, h, s, scratch);
    if (normed) {
      for (int v = 0; v < side * G; v++) store(from + v * L, s[v]);
      return;
    }
#pragma GCC unroll 2
    for (int b = 0; b < side; b++) {
      const size_t place = (size_t)(block + b) * L;
      store(m + place, step_cells<G>(s + b * G, c + place, cells, place));
    }
  }

  // Layer norm needs the sums of all cells before it makes any: first those of i f g, and
  // with the new cells that of o.
  void norm_cells(float* sums, float* m, float* c) const {
    if (cells.peephole_f) {
      if (G == 4) add_peephole(sums, cells.peephole_i, c);
      add_peephole(sums + (G - 3) * L, cells.peephole_f, c);
    }
    for (int g = 0; g < G - 1; g++) norm(sums + g * L, g);
    for (int b = 0; b < blocks; b++) {
      vf s[G];
      for (int g = 0; g < G; g++) s[g] = load(sums + (b * G + g) * L);
      store(c + b * L, new_cell<G>(s, load(c + b * L), cells.clip));
    }
    float* o = sums + (G - 1) * L;
    if (cells.peephole_f) add_peephole(o, cells.peephole_o, c);
    norm(o, G - 1);
    for (int b = 0; b < blocks; b++) store(m + b * L, new_output(load(o + b * G * L), load(c + b * L)));
  }

  void add_peephole(float* sums, const float* weights, const float* c) const {
    for (int b = 0; b < blocks; b++, sums += G * L)
      store(sums, load(sums) + load(weights + b * L) * load(c + b * L));
  }

  // (x - mean) / sqrt(variance + epsilon) * coefficient + bias. The lanes behind the last cell
  // are zero before.
  void norm(float* sums, int g) const {
    vf sum = splat(0.0f);
    for (int b = 0; b < blocks; b++) sum += load(sums + b * G * L);
    const float mean = total(sum) / (float)sizes.cells;
    vf squares = splat(0.0f);
    for (int b = 0; b < blocks; b++) {
      const vf difference = (load(sums + b * G * L) - mean) * load(there + b * L);
      squares += difference * difference;
    }
    const float scale = 1.0f / __builtin_sqrtf(total(squares) / (float)sizes.cells + NORM_EPSILON);
    for (int b = 0; b < blocks; b++) {
      float* place = sums + b * G * L;
      store(place, (load(place) - mean) * scale * load(coefficient[g] + b * L) + load(bias[g] + b * L));
    }
  }

  static constexpr const float* nothing[4] = {};
  Sizes sizes;
  int blocks, side;
  bool normed;
  Places places;
  Products<G> products;
  float projection_clip;
  Cells cells;
  float *peephole[4] = {}, *coefficient[4] = {}, *bias[4] = {};
  float* there;  // 1 where a lane is a cell
  size_t sums_at = 0, h_at[2] = {}, c_at = 0, m_at = 0;
};

}  // namespace EDGE_ISA
}  // namespace edge
