// Everything that is compiled once for each instruction set: build.py names the set (EDGE_ISA) and its flags.
#include "backward.h"
#include "engine.h"
#include "forward.h"
#include "memory.h"

#define EDGE_TEXT_(x) #x
#define EDGE_TEXT(x) EDGE_TEXT_(x)

namespace edge {
namespace EDGE_ISA {

constexpr int MOST_TEAMS = 64;
constexpr size_t WORTH_SHARING = 1 << 16;  // numbers to be packed

struct Call {
  Layer layer;
  float *panels, *h_back, *x_back;
  Forward forward[MOST_TEAMS];
  Backward backward[MOST_TEAMS];
  Split split;
  size_t team_step;  // floats from the sums of a team to those of the next
};

static int threads_of(const Problem& p) {
  return p.threads < 1 ? 1 : p.threads > MOST_TEAMS ? MOST_TEAMS : (int)p.threads;
}

static Team team_of(const Call& call, int which) {
  const int rows = (int)call.layer.p.batch, teams = call.split.teams;
  const int first = part_of(rows, which, teams, 1);
  return {first, part_of(rows, which + 1, teams, 1) - first, {call.split.members, 0, 0}};
}

static void pack_forward(void* context, int which, int count) {
  const FlushToZero flush;
  const Call& call = *(const Call*)context;
  const Layer& l = call.layer;
  pack_panels(l, call.panels, part_of(l.blocks, which, count, 1), part_of(l.blocks, which + 1, count, 1));
}

static void pack_backward(void* context, int which, int count) {
  const FlushToZero flush;
  const Call& call = *(const Call*)context;
  const Layer& l = call.layer;
  if (call.h_back)
    pack_back(l, l.p.recurrent, l.outputs, l.masked, call.h_back, part_of(l.outputs, which, count, WIDE),
              part_of(l.outputs, which + 1, count, WIDE));
  if (call.x_back)
    pack_back(l, l.p.kernel, l.inputs, false, call.x_back, part_of(l.inputs, which, count, WIDE),
              part_of(l.inputs, which + 1, count, WIDE));
}

static void unpack(void* context, int which, int count) {
  const FlushToZero flush;
  const Call& call = *(const Call*)context;
  const Layer& l = call.layer;
  unpack_panels(l, call.backward[0].d_panels, call.team_step, call.split.teams,
                part_of(l.depth, which, count, 1), part_of(l.depth, which + 1, count, 1));
}

static void go_forward(void* context, int which, int) {
  const FlushToZero flush;
  Call& call = *(Call*)context;
  const bool alone = call.split.members == 1;
  call.forward[alone ? which : 0].run(call.layer, alone ? 0 : which);
}

static void go_backward(void* context, int which, int) {
  const FlushToZero flush;
  Call& call = *(Call*)context;
  const bool alone = call.split.members == 1;
  call.backward[alone ? which : 0].run(call.layer, alone ? 0 : which);
}

// The small weights, packed; those of the panels and the transposed ones are packed by all threads.
static void carve_weights(Call& call, Carver& memory, bool back) {
  Layer& l = call.layer;
  const Problem& p = l.p;
  if (!back) {
    l.panels = call.panels = memory.floats(l.depth * l.blocks * l.width);
    float* bias = memory.floats(l.blocks * l.width);
    if (memory.base) pack_rows(l, p.bias, bias);
    l.bias = bias;
  }
  if (p.peephole) {
    float* peepholes = memory.floats(l.learned * l.packed_units);
    if (memory.base) pack_peepholes(l, peepholes);
    l.peepholes = peepholes;
  }
  if (l.diagonal) {
    float* own = memory.floats(l.blocks * l.width);
    if (memory.base) pack_rows(l, p.recurrent, own);
    l.own = own;
  }
  const size_t k = l.blocks * l.width;
  if (l.projected && !back) {
    float* projection = memory.floats(l.units * padded(l.outputs));
    if (memory.base) pack_columns(p.projection, l.units, l.outputs, projection);
    l.projection = projection;
  } else if (l.projected) {
    float* m_back = memory.floats(l.outputs * l.packed_units);
    if (memory.base) pack_projection_back(l, m_back);
    l.m_back = m_back;
  }
  if (back) {
    l.h_back = call.h_back = l.diagonal ? nullptr : memory.floats(k * padded(l.outputs));
    l.x_back = call.x_back = p.d_x ? memory.floats(k * padded(l.inputs)) : nullptr;
  }
}

static int64_t stash_size(const Problem& p) { return (int64_t)stash_floats(layer_of(p)); }

// How many do the cells of a team: no more than threads that can be had now, as they wait for each other.
static Split split_here(const Layer& l, const training::Crew& crew) {
  Split split = split_of(l, threads_of(l.p));
  if (split.members > crew.threads()) split.members = crew.threads();
  return split;
}

// Takes the memory that carve() asks for, and carves it.
struct Memory {
  template <class Carve>
  explicit Memory(const Carve& carve) : borrowed(needed(carve)) {
    Carver memory = {borrowed.at, 0};
    carve(memory);
  }
  template <class Carve>
  static size_t needed(const Carve& carve) {
    Carver memory = {nullptr, 0};
    carve(memory);
    return memory.used;
  }
  training::Borrowed borrowed;
};

static void forward(const Problem& p) {
  if (!p.batch) return;
  training::Borrowed room(sizeof(Call));
  Call& call = *(Call*)room.at;
  call.layer = layer_of(p);
  training::Crew crew(threads_of(p));
  call.split = split_here(call.layer, crew);
  const int teams = call.split.teams;
  for (int team = 0; team < teams; team++) call.forward[team].team = team_of(call, team);
  const Memory memory([&](Carver& from) {
    carve_weights(call, from, false);
    for (int team = 0; team < teams; team++) call.forward[team].carve(call.layer, from);
  });
  const size_t numbers = call.layer.depth * call.layer.columns;
  crew.run(pack_forward, &call, numbers < WORTH_SHARING ? 1 : crew.threads());
  crew.run(go_forward, &call, teams * call.split.members);
}

static void backward(const Problem& p) {
  training::Borrowed room(sizeof(Call));
  Call& call = *(Call*)room.at;
  call.layer = layer_of(p);
  const Layer& l = call.layer;
  training::Crew crew(threads_of(p));
  call.split = split_here(l, crew);
  if (!p.batch) call.split = {1, 1};  // sums of nothing
  const int teams = call.split.teams;
  for (int team = 0; team < teams; team++) call.backward[team].team = team_of(call, team);
  if (!p.batch) call.layer.p.time = 0, call.backward[0].team.rows = 0;
  const Memory memory([&](Carver& from) {
    carve_weights(call, from, true);
    for (int team = 0; team < teams; team++) {
      const size_t before = from.used;
      call.backward[team].carve_sums(l, from);
      call.team_step = (from.used - before) / sizeof(float);
    }
    for (int team = 0; team < teams; team++) call.backward[team].carve(l, from);
  });
  const size_t numbers = l.depth * l.columns;
  const int sharing = numbers < WORTH_SHARING ? 1 : crew.threads();
  crew.run(pack_backward, &call, sharing);
  crew.run(go_backward, &call, teams * call.split.members);
  crew.run(unpack, &call, sharing);
  const FlushToZero flush;
  const Backward& first = call.backward[0];
  if (p.d_bias) unpack_rows(l, first.d_bias, call.team_step, teams, l.gates, p.d_bias);
  if (p.d_peephole) unpack_rows(l, first.d_peepholes, call.team_step, teams, l.learned, p.d_peephole);
  if (l.diagonal) unpack_rows(l, first.d_own, call.team_step, teams, l.gates, p.d_recurrent);
  for (int row = 0; l.projected && row < l.units; row++)
    for (int column = 0; column < l.outputs; column++) {
      float sum = 0;
      for (int team = 0; team < teams; team++)
        sum += first.d_projection[team * call.team_step + row * first.h_row + column];
      p.d_projection[row * (size_t)l.outputs + column] = sum;
    }
}

extern const training::Engine engine;
const training::Engine engine = {EDGE_TEXT(EDGE_ISA), stash_size, forward, backward};

}  // namespace EDGE_ISA
}  // namespace edge
