// Everything that is compiled once for each instruction set: build.py names the set (EDGE_ISA) and its flags.
#include "lstm.h"
#include "lstm_int.h"
#include "widened.h"

#define EDGE_TEXT_(x) #x
#define EDGE_TEXT(x) EDGE_TEXT_(x)

namespace edge {
namespace EDGE_ISA {

static Kernel* of_floats(const FloatLayer& layer) {
  if (layer.sizes.coupled) return new Lstm<FloatProducts, 3>(layer);
  return new Lstm<FloatProducts, 4>(layer);
}

// So few 8-bit weights are widened; all are where there is no product of bytes that would be faster.
#if defined(EDGE_PORTABLE) && !defined(__SSE2__)
constexpr int FEW_CELLS = 1 << 30;
#else
constexpr int FEW_CELLS = 32;
#endif

static Kernel* of_bytes(const FloatLayer& layer) {
  const bool few = layer.sizes.cells <= FEW_CELLS;
  if (few && layer.sizes.coupled) return new WidenedLstm<3>(layer);
  if (few) return new WidenedLstm<4>(layer);
  if (layer.sizes.coupled) return new Lstm<ByteProducts, 3>(layer);
  return new Lstm<ByteProducts, 4>(layer);
}

static Kernel* of_integers(const IntLayer& layer) {
  if (layer.sizes.coupled) return new IntLstm<3>(layer);
  return new IntLstm<4>(layer);
}

extern const KernelSet kernels;
const KernelSet kernels = {EDGE_TEXT(EDGE_ISA), of_floats, of_bytes, of_integers};

}  // namespace EDGE_ISA
}  // namespace edge
