// An LSTM node of a graph as a checked value: what the kernel is made from, or why it is left alone.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "engine.h"
#include "tflite_c.h"

namespace edge {

enum class Kind { FLOATS, BYTES, INTEGERS };
const char* name_of(Kind kind);  // as the report says it

struct Description {
  std::string why_not;  // empty: the kernel takes it
  Kind kind = Kind::FLOATS;
  bool float16 = false;
  Sizes sizes = {};
  FloatLayer floats = {};
  IntLayer integers = {};
  int input = -1, h = -1, c = -1, output = -1;  // tensors of the graph
  bool time_major = false;
  // What the layers point to and no tensor holds.
  std::deque<std::vector<float>> own_floats;
  std::deque<std::vector<int32_t>> own_integers;
  uint64_t content = 0;  // of all weights and numbers: equal where the packed weights may be shared
};

// Reads node `index`; everything that a kernel will rely on has been checked.
Description describe(TfLiteContext* context, const TfLiteIntArray* plan, int index);

}  // namespace edge
