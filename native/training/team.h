// Who does what: teams share the batch, the members of a team share its cells.
#pragma once
#include "cells.h"
#include "crew.h"

namespace edge {
namespace EDGE_ISA {

struct Split {
  int teams, members;
};

// The batch is shared out: its sequences do not wait for each other. Where the weights are more than a cache, the
// cells are: each thread then reads its part of the weights alone, for the price of waiting at every step. The
// number of teams goes by the threads that were asked for, not by those that are free: it decides in which order
// the gradients are summed.
EDGE_INLINE Split split_of(const Layer& l, int threads) {
  constexpr double FEW = 2e6;  // multiply-adds that are not worth a second thread
  const size_t weights = l.depth * l.columns * sizeof(float);
  const double work = (double)l.p.batch * l.p.time * l.depth * l.columns;
  int most = (int)(work / FEW) + 1;
  if (most > threads) most = threads;
  const bool plain = !l.projected && !l.masked && !l.diagonal && l.blocks >= 8;
  const bool narrow = l.p.batch < 2 * most;
  if (plain && most > 1 && (weights > (size_t)2 << 20 || (narrow && weights > (size_t)512 << 10))) {
    const int parts = l.blocks / 4;
    return {1, most < parts ? most : parts};
  }
  return {most < l.p.batch ? most : (int)l.p.batch, 1};
}

// From `part` of `parts` to the next one, of so many, in whole groups of `group`.
EDGE_INLINE int part_of(int many, int part, int parts, int group) {
  const int groups = (many + group - 1) / group;
  const int at = (int)((long long)groups * part / parts) * group;
  return at < many ? at : many;
}

struct Team {
  int first_row, rows;  // of the batch
  training::Barrier barrier;
};

// What a member of a team does of what they share.
struct Member {
  int block0, block1;  // cells
  int row0, row1;      // rows, of copies
};
EDGE_INLINE Member member_of(const Layer& l, const Team& team, int which) {
  const int members = team.barrier.members;
  return {part_of(l.blocks, which, members, 4), part_of(l.blocks, which + 1, members, 4),
          part_of(team.rows, which, members, 1), part_of(team.rows, which + 1, members, 1)};
}

// Numbers next to zero count as zero, as in TensorFlow: a processor needs a hundred times as long for them.
class FlushToZero {
 public:
  EDGE_INLINE_METHOD FlushToZero() {
#if defined(__x86_64__)
    before_ = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before_ | 0x8040);
#elif defined(__aarch64__)
    uint64_t now;
    __asm__ volatile("mrs %0, fpcr" : "=r"(now));
    before_ = now;
    __asm__ volatile("msr fpcr, %0" ::"r"(now | (1ull << 24)));
#endif
  }
  EDGE_INLINE_METHOD ~FlushToZero() {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((unsigned)before_);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" ::"r"(before_));
#endif
  }

 private:
  uint64_t before_ = 0;
};

}  // namespace EDGE_ISA
}  // namespace edge
