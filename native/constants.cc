#include "constants.h"

#include <cmath>
#include <cstring>

namespace edge {
namespace {

const char* const NAMES[24] = {
    "input",
    "input-to-input weights",
    "input-to-forget weights",
    "input-to-cell weights",
    "input-to-output weights",
    "recurrent-to-input weights",
    "recurrent-to-forget weights",
    "recurrent-to-cell weights",
    "recurrent-to-output weights",
    "input gate's peephole",
    "forget gate's peephole",
    "output gate's peephole",
    "input gate's bias",
    "forget gate's bias",
    "cell gate's bias",
    "output gate's bias",
    "projection weights",
    "projection bias",
    "output state",
    "cell state",
    "input gate's layer norm",
    "forget gate's layer norm",
    "cell gate's layer norm",
    "output gate's layer norm",
};

float from_half(uint16_t half) {
  const uint32_t sign = (half & 0x8000u) << 16, exponent = (half >> 10) & 31, mantissa = half & 1023;
  if (exponent == 0) return std::ldexp(static_cast<float>(mantissa), -24) * (sign ? -1.0f : 1.0f);
  const uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | mantissa << 13;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

// The float16 constant that a DEQUANTIZE widens into this operand.
const TfLiteTensor* Constants::half(int operand) const {
  const int wanted = index(operand);
  if (wanted < 0 || tensor(operand).allocation_type == kTfLiteMmapRo) return nullptr;
  for (int n = 0; n < plan->size; n++) {
    TfLiteNode* other;
    TfLiteRegistration* registration;
    if (context->GetNodeAndRegistration(context, plan->data[n], &other, &registration) != kTfLiteOk)
      return nullptr;
    if (registration->builtin_code != kTfLiteBuiltinDequantize || other->inputs->size != 1) continue;
    if (other->outputs->size != 1 || other->outputs->data[0] != wanted || other->inputs->data[0] < 0)
      continue;
    const TfLiteTensor& from = context->tensors[other->inputs->data[0]];
    return from.type == kTfLiteFloat16 && from.allocation_type == kTfLiteMmapRo ? &from : nullptr;
  }
  return nullptr;
}

TfLiteType Constants::type(int operand) const {
  return !has(operand) ? kTfLiteNoType : half(operand) ? kTfLiteFloat16 : tensor(operand).type;
}

const void* Constants::data(int operand, const TfLiteTensor& from, TfLiteType type,
                            const std::vector<int>& shape) const {
  const std::string name = std::string("its ") + NAMES[operand];
  const char* are = std::strstr(NAMES[operand], "weights") ? " are" : " is";
  if (from.allocation_type != kTfLiteMmapRo || !from.data) throw LeftAlone(name + are + " not constant");
  if (from.type != type) throw LeftAlone(name + are + " of another type than the other operands");
  if (from.sparsity) throw LeftAlone(name + are + " sparse");
  size_t count = 1;
  bool fits = from.dims && from.dims->size == static_cast<int>(shape.size());
  for (size_t n = 0; n < shape.size(); n++) {
    fits = fits && from.dims->data[n] == shape[n];
    count *= static_cast<size_t>(shape[n]);
  }
  const size_t size = type == kTfLiteInt8 ? 1 : type == kTfLiteInt16 || type == kTfLiteFloat16 ? 2 : 4;
  if (!fits || from.bytes != count * size) throw LeftAlone(name + are + " of another shape than the layer");
  return from.data;
}

const float* Constants::floats(int operand, std::vector<int> shape) {
  if (!has(operand)) return nullptr;
  const TfLiteTensor* from = half(operand);
  if (!from) return static_cast<const float*>(data(operand, tensor(operand), kTfLiteFloat32, shape));
  const auto* halves = static_cast<const uint16_t*>(data(operand, *from, kTfLiteFloat16, shape));
  std::vector<float>& wide = into->own_floats.emplace_back(from->bytes / 2);
  for (size_t n = 0; n < wide.size(); n++) wide[n] = from_half(halves[n]);
  into->float16 = true;
  return wide.data();
}

const int8_t* Constants::bytes(int operand, std::vector<int> shape) const {
  if (!has(operand)) return nullptr;
  return static_cast<const int8_t*>(data(operand, tensor(operand), kTfLiteInt8, shape));
}
const int16_t* Constants::shorts(int operand, std::vector<int> shape) const {
  if (!has(operand)) return nullptr;
  return static_cast<const int16_t*>(data(operand, tensor(operand), kTfLiteInt16, shape));
}
const int32_t* Constants::integers(int operand, std::vector<int> shape) const {
  if (!has(operand)) return nullptr;
  return static_cast<const int32_t*>(data(operand, tensor(operand), kTfLiteInt32, shape));
}

Matrix Constants::matrix(int operand, std::vector<int> shape) {
  if (type(operand) == kTfLiteInt8) return {nullptr, bytes(operand, shape), scale(operand)};
  return {floats(operand, shape), nullptr, 1};
}

float Constants::scale(int operand) const {
  if (!has(operand)) return 1;
  const TfLiteTensor& of = tensor(operand);
  const auto* affine = static_cast<const TfLiteAffineQuantization*>(of.quantization.params);
  if (of.quantization.type == kTfLiteAffineQuantization && affine && affine->scale && affine->scale->size > 1)
    throw LeftAlone(std::string("its ") + NAMES[operand] + " have a scale for each channel");
  if (!(of.params.scale > 0) || !std::isfinite(of.params.scale))
    throw LeftAlone(std::string("the scale of its ") + NAMES[operand] + " is not a positive number");
  return of.params.scale;
}

}  // namespace edge
