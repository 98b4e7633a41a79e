// A layer with 8-bit weights and so few cells that the weights are widened to floats: as fast, and nothing is
// rounded on the way.
#pragma once
#include "lstm.h"

namespace edge {
namespace EDGE_ISA {

// The runtime's kernel rounds NaN and infinity to some 8 bits, as it does all numbers; floats would show them,
// and sums of what is very large would become infinite. So from such an input on, or from such a state, the
// weights stay what they are.
template <int G>
class WidenedLstm final : public Kernel {
 public:
  explicit WidenedLstm(const FloatLayer& layer) : sizes(layer.sizes), floats(layer), bytes(layer) {
    floats_at = places.take<char>(floats.scratch_bytes());
    bytes_at = places.take<char>(bytes.scratch_bytes());
  }

  size_t scratch_bytes() const override { return places.bytes; }

  void run(const void* inputs, int steps, void* h, void* c, void* outputs, void* scratch) const override {
    const float* x = static_cast<const float*>(inputs);
    const bool tame_states = tame(static_cast<const float*>(h), (size_t)sizes.outputs) &&
                             tame(static_cast<const float*>(c), (size_t)sizes.cells);
    const int first = tame_states ? first_wild(x, steps) : 0;
    if (first > 0) floats.run(x, first, h, c, outputs, at<char>(scratch, floats_at));
    if (first == steps) return;
    bytes.run(x + (size_t)first * sizes.inputs, steps - first, h, c,
              static_cast<float*>(outputs) + (size_t)first * sizes.outputs, at<char>(scratch, bytes_at));
  }

 private:
  // 2^100: no sum of so few products with 8-bit weights is infinite.
  EDGE_INLINE_METHOD static bool tame(const float* x, size_t count) {
    return largest_bits(x, count) < (127 + 100) << 23;
  }

  int first_wild(const float* x, int steps) const {
    const size_t count = (size_t)sizes.inputs;
    if (tame(x, count * (size_t)steps)) return steps;
    int row = 0;
    while (tame(x + count * (size_t)row, count)) row++;
    return row;
  }

  Sizes sizes;
  Places places;
  Lstm<FloatProducts, G> floats;
  Lstm<ByteProducts, G> bytes;
  size_t floats_at = 0, bytes_at = 0;
};

}  // namespace EDGE_ISA
}  // namespace edge
