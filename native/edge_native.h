/* What the library exports: the two functions of a TensorFlow Lite external delegate, and what tells of it.
 * Plain C: for ctypes, and for who links it from C, Kotlin or Swift. */
#ifndef EDGE_NATIVE_H
#define EDGE_NATIVE_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The runtime calls these. There are no options; null, and a sentence to report_error, where EDGE_NATIVE_ISA
 * names an instruction set that this machine has not. */
void* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                    void (*report_error)(const char*));
void tflite_plugin_destroy_delegate(void* delegate);

/* The version of the library. */
const char* edge_native_version(void);

/* The instruction set that a delegate made now would use, or null: edge_native_isa_error() then says why. */
const char* edge_native_isa(void);
const char* edge_native_isa_error(void);

/* Every instruction set that is compiled and that this machine has, best first: "avx2,portable". */
const char* edge_native_isas(void);

/* Which LSTM layers of the file that the delegate was applied to it runs, as JSON (a delegate for each
 * interpreter: of one that served several, the layers of all are told):
 *   {"isa": "avx2", "refused": "", "layers": [{"node": 3, "name": "model/lstm", "taken": true, "kind":
 * "float", "why_not": ""}]} `refused` is a sentence where the runtime is not the one that the library was
 * written for; `kind` is "float", "float16 weights", "8-bit weights" or "int8". Null of a pointer that is no
 * delegate of this library. The text is the caller's, to be given back to edge_native_free. */
char* edge_native_report(void* delegate);
void edge_native_free(char* text);

#ifdef __cplusplus
}
#endif
#endif
