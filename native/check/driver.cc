// Runs every kernel of every instruction set that this machine has, under a sanitizer: `make native-check`.
//
// All sets have to agree with the portable one: integers in every byte, floats within what their roundings
// are. Two threads share each kernel. Then the delegate has its turn (graph.h).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "../isa.h"
#include "graph.h"
#include "layers.h"

namespace {

using check::Layers;
using check::Options;

int failures = 0;

template <class X, class C>
struct Ran {
  std::vector<X> outputs, h;
  std::vector<C> c;
};

// In two calls, so that the state is carried.
template <class X, class C>
Ran<X, C> run(const edge::Kernel& kernel, const Options& o, const std::vector<X>& inputs, int steps) {
  Ran<X, C> ran;
  ran.outputs.resize(static_cast<size_t>(steps) * o.outputs);
  ran.h.resize(o.outputs);
  ran.c.resize(o.cells);
  for (int n = 0; n < o.outputs; n++) ran.h[n] = static_cast<X>(n % 3) / static_cast<X>(2);
  for (int n = 0; n < o.cells; n++) ran.c[n] = static_cast<C>(n % 5) / static_cast<C>(2);
  void* scratch = edge::allocate(kernel.scratch_bytes());
  std::memset(scratch, 0, kernel.scratch_bytes());
  const int first = steps / 3;
  for (const auto& [from, count] : {std::pair<int, int>{0, first}, {first, steps - first}}) {
    const std::vector<X> part(inputs.begin() + from * o.inputs, inputs.begin() + (from + count) * o.inputs);
    std::vector<X> made(static_cast<size_t>(count) * o.outputs);
    kernel.run(part.data(), count, ran.h.data(), ran.c.data(), made.data(), scratch);
    std::copy(made.begin(), made.end(), ran.outputs.begin() + from * o.outputs);
  }
  edge::release(scratch);
  return ran;
}

template <class X>
double difference(const std::vector<X>& a, const std::vector<X>& b) {
  double most = 0;
  for (size_t n = 0; n < a.size(); n++) {
    const double d = std::fabs(static_cast<double>(a[n]) - static_cast<double>(b[n]));
    most = d > most || std::isnan(d) ? d : most;
  }
  return most;
}

template <class X, class C, class Layer>
void compare(const char* kind, edge::Kernel* (*edge::KernelSet::*make)(const Layer&), const Layer& layer,
             const Options& o, const std::vector<X>& inputs, int steps, double tolerance) {
  const auto sets = edge::available_sets();
  Ran<X, C> wanted;
  for (auto set = sets.rbegin(); set != sets.rend(); ++set) {
    const std::unique_ptr<edge::Kernel> kernel(((*set)->*make)(layer));
    Ran<X, C> found, beside;
    std::thread other([&] { beside = run<X, C>(*kernel, o, inputs, steps); });
    found = run<X, C>(*kernel, o, inputs, steps);
    other.join();
    if (set == sets.rbegin()) wanted = found;
    const double off = difference(found.outputs, wanted.outputs) + difference(found.h, wanted.h) +
                       difference(found.c, wanted.c) * (tolerance ? 0.1 : 1);
    const double apart = difference(found.outputs, beside.outputs);
    if (off <= tolerance && apart == 0) continue;
    failures++;
    std::printf("%s %s: %d inputs, %d cells, %d outputs, %d steps: off by %g, threads by %g\n", (*set)->isa,
                kind, o.inputs, o.cells, o.outputs, steps, off, apart);
  }
}

void all_kinds(const Options& o) {
  Layers layers(o);
  for (const int steps : {0, 1, 2, 7, 49, 101}) {
    const float* x = layers.some_floats(static_cast<size_t>(steps) * o.inputs, 1);
    const std::vector<float> floats(x, x + static_cast<size_t>(steps) * o.inputs);
    compare<float, float>("float", &edge::KernelSet::of_floats, layers.floats, o, floats, steps, 2e-5);
    if (o.diagonal) continue;
    // The rounding of an activation to 8 bits may fall to either side.
    compare<float, float>("8-bit weights", &edge::KernelSet::of_bytes, layers.bytes, o, floats, steps, 0.1);
    const int8_t* q = layers.some<int8_t>(static_cast<size_t>(steps) * o.inputs, 128);
    const std::vector<int8_t> bytes(q, q + static_cast<size_t>(steps) * o.inputs);
    compare<int8_t, int16_t>("int8", &edge::KernelSet::of_integers, layers.integers, o, bytes, steps, 0);
  }
}

}  // namespace

int main() {
  for (const edge::KernelSet* set : edge::available_sets()) std::printf("%s ", set->isa);
  std::printf("\n");
  for (const int cells : {1, 3, 17, 63, 64}) {
    for (const int inputs : {1, 5, 33}) all_kinds({inputs, cells, cells, false, false, false, false, false});
    all_kinds({5, cells, cells, true, false, true, false, true});
    all_kinds({3, cells, cells, false, false, true, true, false});
    all_kinds({3, cells, cells, true, false, false, true, true});
    all_kinds({7, cells, cells, false, true, true, false, true});
    all_kinds({4, cells, cells == 1 ? 2 : cells / 2 + 1, false, false, false, false, true});
    all_kinds({4, cells, 2 * cells + 1, true, false, false, true, false});
  }
  failures += check::graphs();
  std::printf(failures ? "%d failures\n" : "all well\n", failures);
  return failures != 0;
}
