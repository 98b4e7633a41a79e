// Full int8 with the very bytes of the reference kernel: int8 vectors, int16 gates and cells, int32 sums.
//
// What has to be as there: the rescale rounds twice; the input's product is saturated to 16 bits before the
// recurrent one is added, and again after; sigmoid and tanh are tables filled by the reference's formulas.
#pragma once
#include "layer_products.h"

namespace edge {
namespace EDGE_ISA {

EDGE_INLINE vi clamp16(vi x) { return clamp(x, -32768, 32767); }

template <int G>
class IntLstm final : public Kernel {
 public:
  explicit IntLstm(const IntLayer& layer)
      : sizes(layer.sizes),
        blocks(whole(layer.sizes.cells, L)),
        side(blocks_at_once(layer.sizes, sizeof(weight))),
        plain(layer),
        normed(layer.gates[GATE_F].norm != nullptr),
        peeped(layer.gates[GATE_F].peephole != nullptr),
        projects(layer.projection != nullptr) {
    const int8_t *input[G], *recurrent[G];
    for (int g = 0; g < G; g++) {
      gates[g] = layer.gates[4 - G + g];
      input[g] = gates[g].input;
      recurrent[g] = gates[g].recurrent;
    }
    w = pack_bytes(input, G, sizes.cells, sizes.inputs, 1);
    r = pack_bytes(recurrent, G, sizes.cells, sizes.outputs, side);
    for (int g = 0; g < G; g++) {
      for (int row = 0; row < sizes.cells; row++) {
        const int place = ((row / L) * G + g) * L + row % L;
        w.start[place] += gates[g].input_bias[row];
        r.start[place] += gates[g].recurrent_bias[row];
      }
      gates[g].peephole = padded(gates[g].peephole, sizes.cells);
      gates[g].norm = padded(gates[g].norm, sizes.cells);
      gates[g].norm_bias = padded(normed ? gates[g].norm_bias : nullptr, sizes.cells);
    }
    if (projects) {
      const int rows = whole(sizes.outputs, 4 * L) * L;
      int8_t* folded = fold(layer.projection, sizes.outputs, sizes.cells);
      const int8_t* quarters[4];
      for (int g = 0; g < 4; g++) quarters[g] = folded + (size_t)g * rows * sizes.cells;
      p = pack_bytes(quarters, 4, rows, sizes.cells, 1);
      for (int n = 0; n < sizes.outputs; n++) p.start[n] += layer.projection_bias[n];
      release(folded);
    }
    plain.projection = nullptr;  // they belong to the file
    plain.projection_bias = nullptr;
    const size_t lanes = (size_t)blocks * L;
    const size_t longest = sizes.cells > sizes.outputs ? sizes.cells : sizes.outputs;
    qx = places.take<activation>((size_t)CHUNK * w.groups * GROUP + L);
    for (size_t& place : h_at)
      place = places.take<activation>((size_t)whole((int)longest, 4 * L) * 4 * L + GROUP);
    bytes_at = places.take<int8_t>((size_t)whole((int)longest, 4 * L) * 4 * L);
    sums_at = places.take<int16_t>(CHUNK * lanes * G);
    c_at = places.take<int16_t>(lanes);
    m_at = places.take<activation>(lanes + GROUP);
  }
  ~IntLstm() override {
    release_all(w.weights, w.start, r.weights, r.start, p.weights, p.start);
    for (const IntGate& gate : gates) {
      release(const_cast<int16_t*>(gate.peephole));
      release(const_cast<int16_t*>(gate.norm));
      release(const_cast<int32_t*>(gate.norm_bias));
    }
  }

  size_t scratch_bytes() const override { return places.bytes; }

  void run(const void* inputs, int steps, void* h_state, void* c_state, void* outputs,
           void* scratch) const override {
    const int8_t* x = static_cast<const int8_t*>(inputs);
    int8_t* to = static_cast<int8_t*>(outputs);
    int16_t* sums = at<int16_t>(scratch, sums_at);
    int16_t* c = at<int16_t>(scratch, c_at);
    int8_t* bytes = at<int8_t>(scratch, bytes_at);
    activation* h[2] = {at<activation>(scratch, h_at[0]), at<activation>(scratch, h_at[1])};
    const size_t h_bytes = (size_t)sizes.outputs;
    __builtin_memcpy(bytes, h_state, h_bytes);
    __builtin_memcpy(c, c_state, sizeof(int16_t) * (size_t)sizes.cells);
    take(bytes, sizes.outputs, h[0]);
    int now = 0;
    for (int first = 0; first < steps; first += CHUNK) {
      const int rows = steps - first < CHUNK ? steps - first : CHUNK;
      input_sums(x + (size_t)first * sizes.inputs, rows, sums, at<activation>(scratch, qx));
      for (int row = 0; row < rows; row++, now ^= 1, to += sizes.outputs) {
        step(sums + (size_t)row * blocks * G * L, h[now], h[now ^ 1], bytes, c, row & 1,
             at<activation>(scratch, m_at));
        __builtin_memcpy(to, bytes, h_bytes);
      }
    }
    __builtin_memcpy(h_state, bytes, h_bytes);
    __builtin_memcpy(c_state, c, sizeof(int16_t) * (size_t)sizes.cells);
  }

 private:
  EDGE_INLINE void take(const int8_t* from, int count, activation* to) {
    for (int n = 0; n < count; n++) to[n] = (activation)(from[n] + ACTIVATION_OFFSET);
  }

  void input_sums(const int8_t* x, int rows, int16_t* sums, activation* q) const {
    for (int row = 0; row < rows; row++)
      take(x + (size_t)row * sizes.inputs, sizes.inputs, q + (size_t)row * w.groups * GROUP);
    byte_sums_of_rows<G>(w, blocks, q, rows, [=](int row, int block, int g, vi sum) {
      const Scale scale = gates[g].input_scale;
      store(sums + ((size_t)row * blocks + block) * G * L + g * L,
            clamp16(rescale(sum, scale.multiplier, scale.shift)));
    });
  }

  void step(int16_t* sums, const activation* h, activation* new_h, int8_t* bytes, int16_t* c, bool backwards,
            activation* m) const {
    if (!projects) m = new_h;
    const auto one = [=](int block) { together<1>(block, sums, h, m, bytes, c); };
    const auto two = [=](int block) { together<2>(block, sums, h, m, bytes, c); };
    in_order(blocks, side, backwards, one, two);
    if (normed) norm_cells(sums, m, bytes, c);
    if (!projects) return;
    for (int panel = 0; panel < whole(sizes.outputs, 4 * L); panel++) {
      vi s[4];
      byte_sums<4, 4>(p, panel, m, s);
      for (int v = 0; v < 4; v++) {
        vi y = rescale(s[v], plain.projection_scale.multiplier, plain.projection_scale.shift) +
               plain.output_zero;
        y = clamp(y, -128, 127);
        if (plain.projection_clip > 0) y = clamp(y, -plain.projection_clip, plain.projection_clip);
        put(y, (panel * 4 + v) * L, new_h, bytes);
      }
    }
  }

  EDGE_INLINE void put(vi y, int place, activation* h, int8_t* bytes) {
    typedef int8_t narrow __attribute__((vector_size(L)));
    const narrow n = __builtin_convertvector(y, narrow);
    __builtin_memcpy(bytes + place, &n, sizeof n);
    store_activations(h + place, y);
  }

  template <int side>
  EDGE_INLINE_METHOD void together(int block, int16_t* sums, const activation* h, activation* m,
                                   int8_t* bytes, int16_t* c) const {
    vi s[side * G];
    byte_sums<G, side * G>(r, block, h, s);
    int16_t* from = sums + block * G * L;
#pragma GCC unroll 8
    for (int v = 0; v < side * G; v++) {
      const Scale scale = gates[v % G].recurrent_scale;
      s[v] = clamp16(rescale(s[v], scale.multiplier, scale.shift) + load(from + v * L));
    }
    if (normed) {
      for (int v = 0; v < side * G; v++) store(from + v * L, s[v]);
      return;
    }
#pragma GCC unroll 2
    for (int b = 0; b < side; b++) {
      const int place = (block + b) * L;
      vi* z = s + b * G;
      vi cell = load(c + place);
      for (int g = 0; g < G - 2; g++) z[g] = with_peephole(z[g], g, place, cell);
      cell = new_cell(z, cell);
      store(c + place, cell);
      put(new_output(with_peephole(z[G - 1], G - 1, place, cell), cell), place, m, bytes);
    }
  }

  EDGE_INLINE_METHOD vi with_peephole(vi z, int g, int place, vi cell) const {
    if (!peeped) return z;
    const Scale scale = gates[g].peephole_scale;
    return clamp16(z + rescale(load(gates[g].peephole + place) * cell, scale.multiplier, scale.shift));
  }

  EDGE_INLINE_METHOD vi new_cell(const vi* z, vi cell) const {
    const vi f = look_up(sigmoid, z[G - 3]), g = look_up(tanh3, z[G - 2]);
    const vi i = G == 4 ? look_up(sigmoid, z[0]) : 32767 - f;
    cell = clamp16(rounded_shift(f * cell, 15) + rounded_shift(i * g, 30 + plain.cell_shift));
    return plain.cell_clip > 0 ? clamp(cell, -plain.cell_clip, plain.cell_clip) : cell;
  }

  EDGE_INLINE_METHOD vi new_output(vi gate, vi cell) const {
    const vi product = look_up(sigmoid, gate) * look_up(tanh_of_cell, cell);
    const Scale scale = plain.hidden_scale;
    return clamp(rescale(product, scale.multiplier, scale.shift) + plain.hidden_zero, -128, 127);
  }

  void norm_cells(int16_t* sums, activation* m, int8_t* bytes, int16_t* c) const {
    for (int g = 0; g < G - 1; g++) norm(sums, g, c, g < G - 2);
    for (int b = 0; b < blocks; b++) {
      vi z[G];
      for (int g = 0; g < G; g++) z[g] = load(sums + (b * G + g) * L);
      store(c + b * L, new_cell(z, load(c + b * L)));
    }
    norm(sums, G - 1, c, true);
    for (int b = 0; b < blocks; b++)
      put(new_output(load(sums + (b * G + G - 1) * L), load(c + b * L)), b * L, m, bytes);
  }

  // The peephole, then the reference's integer layer norm, whose own scale is 2^10.
  void norm(int16_t* sums, int g, const int16_t* c, bool sees_cell) const {
    const IntGate& gate = gates[g];
    int16_t* z = sums + g * L;
    int64_t sum = 0, squares = 0;
    for (int b = 0; b < blocks; b++) {
      int16_t* place = z + b * G * L;
      if (sees_cell) store(place, with_peephole(load(place), g, b * L, load(c + b * L)));
      for (int l = 0; l < L; l++) {  // zero behind the last cell
        sum += place[l];
        squares += place[l] * place[l];
      }
    }
    const int32_t count = sizes.cells, mean = (int32_t)(sum * 1024 / count);
    const int64_t variance = squares * ((1 << 20) / count) - (int64_t)mean * mean;
    int32_t size = (int32_t)(variance / (1 << 20)), multiplier;
    if (size < 1) size = gate.variance_guard;
    int shift;
    inverse_root(size, &multiplier, &shift);
    typedef uint32_t vu __attribute__((vector_size(L * 4)));
    for (int b = 0; b < blocks; b++) {
      int16_t* place = z + b * G * L;
      const vi normal = rescale(1024 * load(place) - mean, multiplier, shift);
      const vi y = (vi)((vu)normal * (vu)load(gate.norm + b * L) + (vu)load(gate.norm_bias + b * L));
      const vi halved = (vi)(((vu)(y < 0 ? (vi)(0u - (vu)y) : y) + 512u) >> 10);
      const vi signed_ = y < 0 ? -halved : halved;
      store(place, clamp16(rescale(signed_, gate.norm_scale.multiplier, gate.norm_scale.shift + 12)));
      for (int l = 0; l < L && b == blocks - 1; l++)
        if (b * L + l >= count) place[l] = 0;
    }
  }

  Sizes sizes;
  int blocks, side;
  IntLayer plain;  // the numbers of the layer that are no arrays
  bool normed, peeped, projects;
  IntGate gates[G];
  Places places;
  Bytes w = {}, r = {}, p = {};
  const int16_t* sigmoid = sigmoid_table();
  const int16_t* tanh3 = tanh_table(3);
  const int16_t* tanh_of_cell = tanh_table(15 + plain.cell_shift);
  size_t qx = 0, h_at[2] = {}, bytes_at = 0, sums_at = 0, c_at = 0, m_at = 0;
};

}  // namespace EDGE_ISA
}  // namespace edge
