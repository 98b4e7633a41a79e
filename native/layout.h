// Whether the runtime that loaded us lays its structures out as tflite_c.h says.
#pragma once
#include <string>

#include "tflite_c.h"

namespace edge {

struct Layout {
  std::string mismatch;       // a sentence; empty where all is as it should be
  size_t registration_bytes;  // 0: there is only one node, nobody knows
};

Layout check_layout(TfLiteContext* context, const TfLiteIntArray* plan);

}  // namespace edge
