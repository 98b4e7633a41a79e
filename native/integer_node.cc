#include "integer_node.h"

#include <algorithm>
#include <cmath>

#include "operands.h"

namespace edge {
namespace {

// A factor as multiplier * 2^(shift - 31). The factors are products of floats, in the reference's order: in
// double they would round otherwise.
Scale scale_of(float factor) {
  if (!(factor >= 0) || !std::isfinite(factor)) throw LeftAlone("a scale of it is not a positive number");
  if (factor == 0) return {0, 0};
  int shift;
  const double fraction = std::frexp(static_cast<double>(factor), &shift);
  int64_t whole = static_cast<int64_t>(std::round(fraction * (1ll << 31)));
  if (whole == 1ll << 31) {
    whole /= 2;
    ++shift;
  }
  if (shift < -31) return {0, 0};
  if (shift > 30) throw LeftAlone("a scale of it is too large");
  return {static_cast<int32_t>(whole), shift};
}

// bias[row] + zero * sum of the row
#if defined(__arm__) || defined(__aarch64__)  // Debian's armhf compiles this file without NEON
constexpr bool TWO_IN_16_BITS = true;  // of products, by the kernels for NEON and by the runtime's
#else
constexpr bool TWO_IN_16_BITS = false;
#endif

const int32_t* with_zero(const int32_t* bias, const int8_t* weights, int rows, int columns, int32_t zero,
                         Description& d) {
  std::vector<int32_t>& sums = d.own_integers.emplace_back(rows);
  for (int row = 0; row < rows; row++) {
    int32_t sum = 0;
    for (int k = 0; k < columns; k++) {
      const int weight = weights[static_cast<size_t>(row) * columns + k];
      if (TWO_IN_16_BITS && weight == -128)
        throw LeftAlone("one of its weights is -128, which in 8 bits that are symmetric about zero none is");
      sum += weight;
    }
    sums[row] = static_cast<int32_t>((bias ? static_cast<uint32_t>(bias[row]) : 0u) +
                                     static_cast<uint32_t>(sum) * static_cast<uint32_t>(zero));
  }
  return sums.data();
}

struct Quantized {
  float scale;
  int32_t zero;
};
Quantized intermediate(TfLiteContext* context, const TfLiteNode* node, int n) {
  const TfLiteIntArray* all = node->intermediates;
  if (!all || all->size != 5 || all->data[n] < 0 ||
      static_cast<size_t>(all->data[n]) >= context->tensors_size)
    throw LeftAlone("it has not the five intermediate tensors of an int8 LSTM");
  const TfLiteQuantization& of = context->tensors[all->data[n]].quantization;
  const auto* affine = static_cast<const TfLiteAffineQuantization*>(of.params);
  if (of.type != kTfLiteAffineQuantization || !affine || !affine->scale || affine->scale->size < 1 ||
      !affine->zero_point || affine->zero_point->size < 1 || !(affine->scale->data[0] > 0))
    throw LeftAlone("one of its intermediate tensors has no scale");
  return {affine->scale->data[0], affine->zero_point->data[0]};
}

// The cell's scale is a power of two, and tanh takes at most six bits before the point.
int shift_of_cell(float scale) {
  int exponent;
  if (!(scale > 0) || std::frexp(scale, &exponent) != 0.5f)
    throw LeftAlone("the scale of its cell is no power of two");
  const int shift = exponent - 1;
  if (shift < -15 || shift > -9) throw LeftAlone("the scale of its cell is not between 2^-15 and 2^-9");
  return shift;
}

}  // namespace

void read_integers(Constants& of, TfLiteContext* context, const TfLiteNode* node, float cell_clip,
                   float projection_clip, Description& d) {
  const Sizes& n = d.sizes;
  IntLayer& layer = d.integers;
  layer.sizes = n;
  d.kind = Kind::INTEGERS;
  if (of.type(INPUT_WEIGHTS + GATE_O) != kTfLiteInt8)
    throw LeftAlone("its input is int8 and its weights are not");
  if (n.diagonal) throw LeftAlone("a diagonal recurrence in int8 is not covered");
  const TfLiteTensor &h = of.tensor(OUTPUT_STATE), &c = of.tensor(CELL_STATE), &input = of.tensor(INPUT);
  const TfLiteTensor& output = context->tensors[d.output];
  if (h.type != kTfLiteInt8 || c.type != kTfLiteInt16 || output.type != kTfLiteInt8)
    throw LeftAlone("its states are not int8 and int16");
  const float input_scale = of.scale(INPUT), h_scale = of.scale(OUTPUT_STATE);
  layer.cell_shift = shift_of_cell(of.scale(CELL_STATE));
  const float cell_scale = std::ldexp(1.0f, layer.cell_shift);
  const bool normed = of.has(NORM + GATE_F), peeped = of.has(PEEPHOLE + GATE_F),
             projected = of.has(PROJECTION);
  if (peeped && n.outputs != n.cells)
    throw LeftAlone("in int8 the runtime's own kernel is wrong for a peephole with a projection");

  for (int g = n.coupled ? GATE_F : GATE_I; g < 4; g++) {
    IntGate& gate = layer.gates[g];
    const float sum_scale = normed ? intermediate(context, node, g).scale : 1.0f / 4096;
    gate.input = of.bytes(INPUT_WEIGHTS + g, {n.cells, n.inputs});
    gate.recurrent = of.bytes(RECURRENT_WEIGHTS + g, {n.cells, n.outputs});
    const int32_t* bias = of.integers(BIAS + g, {n.cells});
    gate.input_bias =
        with_zero(normed ? nullptr : bias, gate.input, n.cells, n.inputs, -input.params.zero_point, d);
    gate.recurrent_bias = with_zero(nullptr, gate.recurrent, n.cells, n.outputs, -h.params.zero_point, d);
    gate.input_scale = scale_of(of.scale(INPUT_WEIGHTS + g) * input_scale / sum_scale);
    gate.recurrent_scale = scale_of(of.scale(RECURRENT_WEIGHTS + g) * h_scale / sum_scale);
    if (const int peephole = peephole_of(g); peeped && peephole >= 0) {
      gate.peephole = of.shorts(peephole, {n.cells});
      const double product = static_cast<double>(cell_scale) * of.scale(peephole) / sum_scale;
      gate.peephole_scale = scale_of(static_cast<float>(product));
    }
    if (normed) {
      const float scale = of.scale(NORM + g);
      gate.norm = of.shorts(NORM + g, {n.cells});
      gate.norm_bias = bias;
      gate.norm_scale = scale_of(scale);
      gate.variance_guard = std::max(1, static_cast<int32_t>(10000 * scale));
    }
  }

  const Quantized hidden = intermediate(context, node, 4);
  layer.hidden_scale =
      scale_of(static_cast<float>(std::ldexp(1.0, -15) / hidden.scale * std::ldexp(1.0, -15)));
  layer.hidden_zero = projected ? -hidden.zero : hidden.zero;
  layer.output_zero = h.params.zero_point;
  if (projected) {
    layer.projection = of.bytes(PROJECTION, {n.outputs, n.cells});
    layer.projection_bias = with_zero(of.integers(PROJECTION_BIAS, {n.outputs}), layer.projection, n.outputs,
                                      n.cells, hidden.zero, d);
    layer.projection_scale = scale_of(of.scale(PROJECTION) * hidden.scale / h_scale);
  }
  const auto clipped = [](float value, float low, float high) {
    return static_cast<int32_t>(std::min(std::max(value, low), high));
  };
  if (cell_clip > 0) layer.cell_clip = clipped(cell_clip / c.params.scale, -32768.0f, 32767.0f);
  if (projection_clip > 0) {
    if (!(output.params.scale > 0)) throw LeftAlone("the scale of its output is not a positive number");
    layer.projection_clip = clipped(projection_clip / output.params.scale, -128.0f, 127.0f);
  }
}

}  // namespace edge
