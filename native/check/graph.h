// The delegate in a graph of a runtime that does no more than the test needs.
#pragma once

namespace check {

int graphs();  // the number of failures, each of which it prints

}  // namespace check
