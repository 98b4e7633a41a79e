#include "node.h"

#include <cmath>
#include <cstring>

#include "constants.h"
#include "integer_node.h"
#include "operands.h"

namespace edge {

const char* name_of(Kind kind) {
  return kind == Kind::FLOATS ? "float" : kind == Kind::BYTES ? "8-bit weights" : "int8";
}

namespace {

void read_floats(Constants& of, Description& d) {
  FloatLayer& layer = d.floats;
  const Sizes& n = d.sizes;
  layer.sizes = n;
  const std::vector<int> whole = {n.cells, n.outputs}, diagonal = {n.cells};
  const TfLiteType type = of.type(INPUT_WEIGHTS + GATE_O);
  for (int g = n.coupled ? GATE_F : GATE_I; g < 4; g++) {
    layer.input[g] = of.matrix(INPUT_WEIGHTS + g, {n.cells, n.inputs});
    layer.recurrent[g] = of.matrix(RECURRENT_WEIGHTS + g, n.diagonal ? diagonal : whole);
    for (int operand : {INPUT_WEIGHTS + g, RECURRENT_WEIGHTS + g})
      if ((of.type(operand) == kTfLiteInt8) != (type == kTfLiteInt8))
        throw LeftAlone("some of its weights are 8-bit and some are not");
    layer.bias[g] = of.floats(BIAS + g, {n.cells});
    layer.norm[g] = of.floats(NORM + g, {n.cells});
    const int peephole = peephole_of(g);
    if (peephole < 0 || !of.has(peephole)) continue;
    const Matrix weights = of.matrix(peephole, {n.cells});
    if ((of.type(peephole) == kTfLiteInt8) != (type == kTfLiteInt8))
      throw LeftAlone("some of its weights are 8-bit and some are not");
    if (weights.bytes) {
      std::vector<float>& wide = d.own_floats.emplace_back(n.cells);
      for (int cell = 0; cell < n.cells; cell++)
        wide[cell] = weights.scale * static_cast<float>(weights.bytes[cell]);
      layer.peephole[g] = wide.data();
    } else {
      layer.peephole[g] = weights.floats;
    }
  }
  if (of.has(PROJECTION)) {
    layer.projection = of.matrix(PROJECTION, {n.outputs, n.cells});
    if ((of.type(PROJECTION) == kTfLiteInt8) != (type == kTfLiteInt8))
      throw LeftAlone("some of its weights are 8-bit and some are not");
    layer.projection_bias = of.floats(PROJECTION_BIAS, {n.outputs});
  }
  if (type == kTfLiteInt8 && n.diagonal)
    throw LeftAlone("a diagonal recurrence with 8-bit weights is not covered");
  d.kind = type == kTfLiteInt8 ? Kind::BYTES : Kind::FLOATS;
}

// All gates have an operand, or none has.
void all_or_none(const Constants& of, const Sizes& n, int operand, int count, const char* what, bool needed) {
  int there = 0, wanted = 0;
  for (int g = 0; g < count; g++) {
    const bool absent_gate = n.coupled && g == GATE_I;
    if (absent_gate && of.has(operand + g)) throw LeftAlone(std::string("a coupled gate has ") + what);
    wanted += !absent_gate;
    there += of.has(operand + g);
  }
  if (there != wanted && (there || needed))
    throw LeftAlone(std::string("only some of its gates have ") + what);
}

void read(TfLiteContext* context, const TfLiteIntArray* plan, const TfLiteNode* node, Description& d) {
  if ((node->inputs->size != 24 && node->inputs->size != 20) || node->outputs->size != 1)
    throw LeftAlone("it has not the operands of an LSTM");
  Constants of(context, plan, node, &d);
  for (int needed :
       {int{INPUT}, INPUT_WEIGHTS + GATE_O, RECURRENT_WEIGHTS + GATE_O, int{OUTPUT_STATE}, int{CELL_STATE}})
    if (!of.has(needed)) throw LeftAlone("it has not the operands of an LSTM");
  d.input = of.index(INPUT);
  d.h = of.index(OUTPUT_STATE);
  d.c = of.index(CELL_STATE);
  d.output = node->outputs->data[0];
  if (!of.tensor(OUTPUT_STATE).is_variable || !of.tensor(CELL_STATE).is_variable)
    throw LeftAlone("its states are not variables");
  const auto* params = static_cast<const TfLiteUnidirectionalSequenceLSTMParams*>(node->builtin_data);
  if (!params) throw LeftAlone("it has no parameters");
  const float cell_clip = params->cell_clip, projection_clip = params->proj_clip;
  if (!(cell_clip >= 0) || !(projection_clip >= 0))
    throw LeftAlone("its clipping is not a number of 0 or more");
  d.time_major = params->time_major;

  const TfLiteIntArray* input = of.tensor(INPUT_WEIGHTS + GATE_O).dims;
  const TfLiteIntArray* recurrent = of.tensor(RECURRENT_WEIGHTS + GATE_O).dims;
  if (!input || input->size != 2 || !recurrent || recurrent->size < 1 || recurrent->size > 2)
    throw LeftAlone("its weights are of another shape than those of an LSTM");
  Sizes& n = d.sizes;
  n = {input->data[1], input->data[0], recurrent->data[recurrent->size - 1], !of.has(INPUT_WEIGHTS + GATE_I),
       recurrent->size == 1};
  constexpr int MOST = 1 << 20;
  for (int size : {n.inputs, n.cells, n.outputs})
    if (size < 1 || size > MOST) throw LeftAlone("its weights are of another shape than those of an LSTM");
  if (!of.has(PROJECTION) && n.outputs != n.cells)
    throw LeftAlone("its outputs are not its cells, and nothing projects them");
  all_or_none(of, n, INPUT_WEIGHTS, 4, "input weights", true);
  all_or_none(of, n, RECURRENT_WEIGHTS, 4, "recurrent weights", true);
  all_or_none(of, n, BIAS, 4, "a bias", true);
  all_or_none(of, n, NORM, 4, "layer norm", false);
  all_or_none(of, n, PEEPHOLE, 3, "a peephole", false);

  const TfLiteType type = of.tensor(INPUT).type;
  if (type == kTfLiteFloat32) {
    if (params->activation != kTfLiteActTanh) throw LeftAlone("its activation is not tanh");
    read_floats(of, d);
    d.floats.cell_clip = cell_clip;
    d.floats.projection_clip = projection_clip;
  } else if (type == kTfLiteInt8) {
    read_integers(of, context, node, cell_clip, projection_clip, d);
  } else {
    throw LeftAlone("its input is neither float nor int8");
  }
}

// FNV-1a by words: a change of any weight changes it.
class Content {
 public:
  void add(const void* data, size_t bytes) {
    const auto* from = static_cast<const unsigned char*>(data);
    add_number(data ? bytes + 1 : 0);
    if (!data) return;
    for (; bytes >= 8; from += 8, bytes -= 8) {
      uint64_t word;
      std::memcpy(&word, from, 8);
      add_number(word);
    }
    for (; bytes; from++, bytes--) add_number(*from);
  }
  void add_number(uint64_t number) {
    sum = (sum ^ number) * 0x9e3779b97f4a7c15u;
    sum ^= sum >> 29;
  }
  uint64_t sum = 14695981039346656037u;
};

void add(Content& content, const Matrix& m, size_t count) {
  content.add(m.floats, count * sizeof(float));
  content.add(m.bytes, count);
  content.add(&m.scale, sizeof m.scale);
}

uint64_t content_of(const Description& d) {
  Content content;
  const Sizes& n = d.sizes;
  const size_t cells = static_cast<size_t>(n.cells), r = cells * (n.diagonal ? 1 : n.outputs),
               w = cells * n.inputs;
  for (int number : {static_cast<int>(d.kind), n.inputs, n.cells, n.outputs, int{n.coupled}, int{n.diagonal}})
    content.add_number(static_cast<uint64_t>(number));
  if (d.kind == Kind::INTEGERS) {
    const IntLayer& layer = d.integers;
    for (const IntGate& gate : layer.gates) {
      content.add(gate.input, w);
      content.add(gate.recurrent, r);
      content.add(gate.input_bias, cells * 4);
      content.add(gate.recurrent_bias, cells * 4);
      content.add(gate.peephole, cells * 2);
      content.add(gate.norm, cells * 2);
      content.add(gate.norm_bias, cells * 4);
      for (const Scale& scale :
           {gate.input_scale, gate.recurrent_scale, gate.peephole_scale, gate.norm_scale})
        content.add(&scale, sizeof scale);
      content.add_number(static_cast<uint64_t>(gate.variance_guard));
    }
    content.add(layer.projection, cells * n.outputs);
    content.add(layer.projection_bias, static_cast<size_t>(n.outputs) * 4);
    for (const Scale& scale : {layer.projection_scale, layer.hidden_scale}) content.add(&scale, sizeof scale);
    for (int32_t number :
         {layer.hidden_zero, layer.output_zero, layer.cell_shift, layer.cell_clip, layer.projection_clip})
      content.add_number(static_cast<uint64_t>(number));
    return content.sum;
  }
  const FloatLayer& layer = d.floats;
  for (int g = 0; g < 4; g++) {
    add(content, layer.input[g], w);
    add(content, layer.recurrent[g], r);
    for (const float* numbers : {layer.bias[g], layer.peephole[g], layer.norm[g]})
      content.add(numbers, cells * 4);
  }
  add(content, layer.projection, cells * n.outputs);
  content.add(layer.projection_bias, static_cast<size_t>(n.outputs) * 4);
  for (float number : {layer.cell_clip, layer.projection_clip}) content.add(&number, sizeof number);
  return content.sum;
}

}  // namespace

Description describe(TfLiteContext* context, const TfLiteIntArray* plan, int index) {
  Description d;
  TfLiteNode* node = nullptr;
  TfLiteRegistration* registration = nullptr;
  if (context->GetNodeAndRegistration(context, index, &node, &registration) != kTfLiteOk) {
    d.why_not = "the runtime does not show it";
    return d;
  }
  try {
    read(context, plan, node, d);
    d.content = content_of(d);
  } catch (const LeftAlone& reason) {
    d.why_not = reason.what();
  }
  return d;
}

}  // namespace edge
