// The constant tensors of a node, checked: their shape, their type, and where float16 ones come from.
#pragma once
#include <stdexcept>
#include <vector>

#include "node.h"

namespace edge {

// Why a node is left to the runtime; the message is the sentence of the report.
struct LeftAlone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Constants {
 public:
  Constants(TfLiteContext* context, const TfLiteIntArray* plan, const TfLiteNode* node, Description* into)
      : context(context), plan(plan), node(node), into(into) {}

  bool has(int operand) const { return index(operand) >= 0; }
  int index(int operand) const { return operand < node->inputs->size ? node->inputs->data[operand] : -1; }
  const TfLiteTensor& tensor(int operand) const { return context->tensors[index(operand)]; }

  // The type of the numbers that are there once a DEQUANTIZE of float16 has been looked through.
  TfLiteType type(int operand) const;

  // Of the operand that is absent: null. Of another shape or type: LeftAlone.
  const float* floats(int operand, std::vector<int> shape);
  const int8_t* bytes(int operand, std::vector<int> shape) const;
  const int16_t* shorts(int operand, std::vector<int> shape) const;
  const int32_t* integers(int operand, std::vector<int> shape) const;
  Matrix matrix(int operand, std::vector<int> shape);  // floats, or bytes and their scale
  float scale(int operand) const;                      // of a tensor that was quantized as one

 private:
  const TfLiteTensor* half(int operand) const;
  const void* data(int operand, const TfLiteTensor& tensor, TfLiteType type,
                   const std::vector<int>& shape) const;

  TfLiteContext* context;
  const TfLiteIntArray* plan;
  const TfLiteNode* node;
  Description* into;
};

}  // namespace edge
