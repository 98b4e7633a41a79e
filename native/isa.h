// Which instruction sets were compiled, which this machine has, and which is used.
#pragma once
#include <string>
#include <vector>

#include "engine.h"

namespace edge {

std::vector<const KernelSet*> available_sets();  // best first; the portable one is always there

// The best of them, or the one that the environment variable EDGE_NATIVE_ISA names. Null where the machine
// has not what it names; `why` is then a sentence.
const KernelSet* chosen_set(std::string* why);

}  // namespace edge
