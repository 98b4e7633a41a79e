/* A plugin of QEMU's user mode that counts instructions: whenever the program makes one system call (getppid),
 * the count until there goes into a file, a line each. QEMU's header is in no package of Debian 12, so what is
 * needed of its interface (version 1) is declared here.
 *
 *   qemu-aarch64 -plugin counter.so,out=FILE,call=173 program
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                           void (*)(qemu_plugin_id_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb*, enum qemu_plugin_op, void*, uint64_t);
typedef void (*on_call)(qemu_plugin_id_t, unsigned vcpu, int64_t number, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, on_call);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t executed;
static int64_t wanted;
static FILE* out;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &executed,
                                           qemu_plugin_tb_n_insns(block));
}

static void called(qemu_plugin_id_t id, unsigned vcpu, int64_t number, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)vcpu, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  if (number != wanted) return;
  fprintf(out, "%" PRIu64 "\n", executed);
  fflush(out);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void* info,
                                                               int count, char** arguments) {
  (void)info;
  for (int n = 0; n < count; n++) {
    if (!strncmp(arguments[n], "out=", 4)) out = fopen(arguments[n] + 4, "w");
    if (!strncmp(arguments[n], "call=", 5)) wanted = atoll(arguments[n] + 5);
  }
  if (!out || !wanted) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  return 0;
}
