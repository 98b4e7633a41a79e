"""The Kotlin class, compiled and run against a stand-in for the public API of LiteRT's Interpreter.

The runtime itself is on Maven only. The stand-in is strict about shapes and buffers, as the real one, and computes
h = h / 2 + sum(x) and the output h a step: with variables, or with the state as an input and an output.
"""

# ruff: noqa: E501, the lines of Java and Kotlin are as long as theirs are

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.helpers.places import ROOT

SOURCE = ROOT / "edge/devices/android/lstmstream/src/main/kotlin/edge/LstmStream.kt"
API = {
    "DataType": "public enum DataType { FLOAT32, INT8, INT16, INT32 }",
    "Tensor": """
public interface Tensor {
    class QuantizationParams {
        private final float scale; private final int zeroPoint;
        public QuantizationParams(float scale, int zeroPoint) { this.scale = scale; this.zeroPoint = zeroPoint; }
        public float getScale() { return scale; }
        public int getZeroPoint() { return zeroPoint; }
    }
    DataType dataType(); int[] shape(); int[] shapeSignature(); int numBytes(); int numElements(); String name();
    QuantizationParams quantizationParams();
}""",
    "Interpreter": """
import java.nio.*;
import java.util.*;
public final class Interpreter implements AutoCloseable {
    public static class Options {
        public Options setNumThreads(int n) { return this; }
    }
    static class Kind implements Tensor {
        final int[] signature; int[] shape; final boolean small; final QuantizationParams scaling;
        Kind(boolean small, float scale, int zero, int... signature) {
            this.signature = signature; this.small = small; shape = signature.clone();
            for (int i = 0; i < shape.length; i++) shape[i] = Math.max(shape[i], 1);
            scaling = new QuantizationParams(small ? scale : 0, small ? zero : 0);
        }
        public DataType dataType() { return small ? DataType.INT8 : DataType.FLOAT32; }
        public int[] shape() { return shape; }
        public int[] shapeSignature() { return signature; }
        public int numElements() { int n = 1; for (int each : shape) n *= each; return n; }
        public int numBytes() { return numElements() * (small ? 1 : 4); }
        public String name() { return "tensor"; }
        public QuantizationParams quantizationParams() { return scaling; }
        float get(ByteBuffer b) { return small ? (b.get() - scaling.getZeroPoint()) * scaling.getScale() : b.getFloat(); }
        void put(ByteBuffer b, float v) {
            if (small) b.put((byte) Math.round(v / scaling.getScale() + scaling.getZeroPoint())); else b.putFloat(v);
        }
    }
    private final List<Kind> in = new ArrayList<>(), out = new ArrayList<>();
    private final boolean explicit; private boolean ready; private float h = 99, unused;
    public Interpreter(ByteBuffer model, Options options) {
        if (!model.isDirect()) throw new IllegalArgumentException("Model ByteBuffer should be direct");
        explicit = model.get(0) == 1; boolean small = model.get(1) == 1; int time = model.get(2);
        in.add(new Kind(small, 0.5f, 3, 1, time, 2));
        out.add(new Kind(small, 0.25f, -5, 1, time, 1));
        if (explicit) { in.add(new Kind(small, 0.125f, 7, 1, 1)); out.add(new Kind(small, 0.0625f, 1, 1, 1)); }
    }
    public int getInputTensorCount() { return in.size(); }
    public int getOutputTensorCount() { return out.size(); }
    public Tensor getInputTensor(int n) { return in.get(n); }
    public Tensor getOutputTensor(int n) { return out.get(n); }
    public void resizeInput(int n, int[] shape) { in.get(n).shape = shape.clone(); ready = false; }
    public void allocateTensors() { out.get(0).shape = new int[] {1, in.get(0).shape[1], 1}; ready = true; }
    public void resetVariableTensors() { check(ready, "not allocated"); h = 0; }
    public void runForMultipleInputsOutputs(Object[] inputs, Map<Integer, Object> outputs) {
        check(ready, "not allocated"); check(inputs.length == in.size(), "inputs");
        for (int n = 0; n < inputs.length; n++) check((ByteBuffer) inputs[n], in.get(n));
        for (int n : outputs.keySet()) check((ByteBuffer) outputs.get(n), out.get(n));
        ByteBuffer x = ((ByteBuffer) inputs[0]).duplicate().order(ByteOrder.nativeOrder());
        if (explicit) h = in.get(1).get(((ByteBuffer) inputs[1]).duplicate().order(ByteOrder.nativeOrder()));
        for (int t = 0; t < in.get(0).shape[1]; t++) {
            h = h / 2 + in.get(0).get(x) + in.get(0).get(x);
            out.get(0).put((ByteBuffer) outputs.get(0), h);
        }
        if (explicit) out.get(1).put((ByteBuffer) outputs.get(1), h);
    }
    private static void check(ByteBuffer buffer, Kind kind) {
        check(buffer.isDirect() && buffer.order() == ByteOrder.nativeOrder(), "not direct, or of another order");
        check(buffer.remaining() == kind.numBytes(), "buffer of " + buffer.remaining() + ", not " + kind.numBytes());
    }
    private static void check(boolean holds, String words) {
        if (!holds) throw new IllegalArgumentException("stand-in: " + words);
    }
    public void close() { ready = false; }
}""",
}
MAIN = """
import edge.LstmStream
import java.io.File

fun show(name: String, values: List<FloatArray>) = println(name + " " + values[0].joinToString(" "))

fun main(args: Array<String>) {
    fun model(explicit: Int, small: Int, time: Int): java.nio.ByteBuffer {
        val file = File(args[0], "model")
        file.writeBytes(byteArrayOf(explicit.toByte(), small.toByte(), time.toByte(), 0))
        return LstmStream.map(file)
    }
    val x = floatArrayOf(1f, 0.5f, -2f, 0.5f, 3f, 1f)
    for ((name, kind) in listOf(
        "carry" to intArrayOf(0, 0, -1), "fixed" to intArrayOf(0, 0, 3), "explicit" to intArrayOf(1, 0, -1),
        "step" to intArrayOf(1, 0, 1), "int8" to intArrayOf(0, 1, -1), "step_int8" to intArrayOf(1, 1, 1)
    )) {
        LstmStream(model(kind[0], kind[1], kind[2]), kind[0]).use { lstm ->
            show(name + ".predict", lstm.predict(x))
            show(name + ".again", lstm.predict(x))
            val n = 2 * lstm.steps
            for (part in 0..1) {
                lstm.reset()
                show(name + ".stream", (0 until 6 / n).map { lstm.step(x.copyOfRange(n * it, n * it + n))[0] }
                    .let { listOf(it.flatMap { each -> each.asIterable() }.toFloatArray()) })
            }
            show(name + ".goes_on", lstm.step(FloatArray(n)))
            show(name + ".predict_after", lstm.predict(x))
            show(name + ".stream_after", lstm.step(x.copyOf(n)))
        }
    }
    for (wrong in listOf<() -> Any>(
        { LstmStream(model(0, 0, -1)).predict(floatArrayOf(1f)) },
        { LstmStream(model(0, 0, 3)).predict(floatArrayOf(1f, 2f)) },
        { LstmStream(model(0, 0, 3)).step(floatArrayOf(1f, 2f)) },
        { LstmStream(model(0, 0, -1)).step(x) },
        { LstmStream(model(1, 0, -1)) },
        { LstmStream(model(0, 0, -1), 1) }
    )) {
        try { println("taken: " + wrong()) } catch (e: IllegalArgumentException) { println("refused: " + e.message) }
    }
}
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the program prints, line by line."""
    for program in ("kotlinc", "javac", "java"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program} here (Debian: apt-get install kotlin default-jdk-headless)")
    folder = tmp_path_factory.mktemp("kotlin")
    package = folder / "org/tensorflow/lite"
    package.mkdir(parents=True)
    for name, text in API.items():
        (package / f"{name}.java").write_text(f"package org.tensorflow.lite;\n{text}\n")
    (folder / "Main.kt").write_text(MAIN)
    stub, jar = folder / "stub", folder / "program.jar"
    sources = [str(each) for each in package.iterdir()]
    run("javac", "-d", str(stub), *sources)
    said = run(
        "kotlinc", "-cp", str(stub), "-include-runtime", "-d", str(jar), str(SOURCE), f"{folder}/Main.kt"
    )
    assert "warning: " not in said.replace("VM warning: ", ""), said
    return run("java", "-cp", f"{jar}:{stub}", "MainKt", str(folder)).splitlines()


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["carry", "fixed", "explicit", "step", "int8", "step_int8"])
def test_sequences_streams_and_reset(printed: list[str], kind: str) -> None:
    lines = [line.split(" ")[1:] for line in printed if line.startswith(f"{kind}.")]
    numbers = [[float(each) for each in line] for line in lines]
    whole, h = [], 0.0
    for total in (1.5, -1.5, 4.0):
        h = h / 2 + total
        whole.append(h)
    # The steps of the int8 tensors are 1/4 and 1/16: the states, all of them multiples of 1/8, pass exactly.
    tolerance = 0.126 if "int8" in kind else 0.0
    block = 3 if kind == "fixed" else 1
    after = [whole[-1] / 2 ** (n + 1) for n in range(block)]
    wanted = [*[whole] * 4, after, whole, whole[:block]]
    for mine, theirs in zip(numbers, wanted, strict=True):
        assert mine == pytest.approx(theirs, abs=tolerance)


def test_what_it_refuses(printed: list[str]) -> None:
    refused = [line for line in printed if line.startswith(("refused", "taken"))]
    assert refused == [
        "refused: A sequence has a multiple of 2 numbers, received 1.",
        "refused: The file takes sequences of 3 steps, received 1.",
        "refused: A block of 3 steps has 6 numbers, received 2.",
        "refused: A step has 2 numbers, received 6.",
        "refused: The file has 2 inputs and 2 outputs: one input for data and 0 states were expected.",
        "refused: The file has 1 inputs and 1 outputs: one input for data and 1 states were expected.",
    ]
