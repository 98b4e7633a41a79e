// Layers with random numbers in every place, in memory that ends where they do: a sanitizer sees a step too far.
#pragma once
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "../engine.h"

namespace check {

struct Options {
  int inputs, cells, outputs;  // outputs other than cells: projected
  bool coupled, diagonal, peephole, norm, clip;
};

class Layers {
 public:
  explicit Layers(const Options& o) : o(o), random(static_cast<unsigned>(o.cells * 7919 + o.inputs)) {
    const edge::Sizes sizes = {o.inputs, o.cells, o.outputs, o.coupled, o.diagonal};
    floats.sizes = bytes.sizes = integers.sizes = sizes;
    const size_t cells = o.cells, r = cells * (o.diagonal ? 1 : o.outputs), w = cells * o.inputs;
    for (int g = o.coupled ? 1 : 0; g < 4; g++) {
      floats.input[g] = {some_floats(w, 0.3f), nullptr, 1};
      floats.recurrent[g] = {some_floats(r, 0.2f), nullptr, 1};
      bytes.input[g] = {nullptr, some<int8_t>(w, 127), 0.004f};
      bytes.recurrent[g] = {nullptr, some<int8_t>(r, 127), 0.003f};
      floats.bias[g] = bytes.bias[g] = some_floats(cells, 0.5f);
      if (o.peephole && g != 2) floats.peephole[g] = bytes.peephole[g] = some_floats(cells, 0.4f);
      if (o.norm) floats.norm[g] = bytes.norm[g] = some_floats(cells, 1.0f);
      edge::IntGate& gate = integers.gates[g];
      gate.input = bytes.input[g].bytes;
      gate.recurrent = bytes.recurrent[g].bytes;
      gate.input_bias = some<int32_t>(cells, 4000);
      gate.recurrent_bias = some<int32_t>(cells, 3000);
      if (o.peephole && g != 2) gate.peephole = some<int16_t>(cells, 32767);
      if (o.norm) gate.norm = some<int16_t>(cells, 32767);
      if (o.norm) gate.norm_bias = some<int32_t>(cells, 1000000);
      gate.input_scale = {1500000000, -3};
      gate.recurrent_scale = {1300000000, -4};
      gate.peephole_scale = {1100000000, -14};
      gate.norm_scale = {1400000000, -14};
      gate.variance_guard = 1;
    }
    integers.hidden_scale = {1090000000, -22};
    integers.hidden_zero = 3;
    integers.output_zero = -2;
    integers.cell_shift = -11;
    if (o.outputs != o.cells) {
      const size_t p = cells * o.outputs;
      floats.projection = {some_floats(p, 0.3f), nullptr, 1};
      bytes.projection = {nullptr, some<int8_t>(p, 127), 0.004f};
      integers.projection = bytes.projection.bytes;
      floats.projection_bias = bytes.projection_bias = some_floats(o.outputs, 0.2f);
      integers.projection_bias = some<int32_t>(o.outputs, 2000);
      integers.projection_scale = {1200000000, -7};
    }
    if (!o.clip) return;
    floats.cell_clip = bytes.cell_clip = 0.7f;
    floats.projection_clip = bytes.projection_clip = 0.4f;
    integers.cell_clip = 1500;
    integers.projection_clip = 60;
  }

  float* some_floats(size_t count, float size) {
    std::vector<float>& made = kept_floats.emplace_back(count);
    std::normal_distribution<float> normal(0, size);
    for (float& x : made) x = normal(random);
    return made.data();
  }
  template <class T>
  T* some(size_t count, int most) {
    auto* made = new T[count];
    kept.emplace_back(made, [](void* p) { delete[] static_cast<T*>(p); });
    std::uniform_int_distribution<int> uniform(-most, most);
    for (size_t n = 0; n < count; n++) made[n] = static_cast<T>(uniform(random));
    return made;
  }

  Options o;
  edge::FloatLayer floats = {}, bytes = {};
  edge::IntLayer integers = {};

 private:
  std::mt19937 random;
  std::deque<std::vector<float>> kept_floats;
  std::deque<std::shared_ptr<void>> kept;
};

}  // namespace check
