package edge

import java.io.Closeable
import java.io.File
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor

/**
 * A file of `edge.convert` on Android, with LiteRT's Interpreter: whole sequences, or a stream a step at a time.
 *
 * Real numbers go in and out, also of a file with 8- or 16-bit ends. The model has one data input,
 * `[1, time, features]` (a step file: `[1, 1, features]`); in a file with `state="explicit"` the inputs and
 * outputs after those of the data are states. For one thread at a time.
 *
 * @param model the bytes of the file, in a direct buffer; [map] makes one of a file.
 * @param states how many states an explicit file has (the length of `states` in its note, which
 *     `python -m edge inspect` shows); 0 for `state="carry"` and `state="reset"`.
 * @param threads that the kernels may use; the LSTM operator uses one.
 * @throws IllegalArgumentException the file is no such model, or the runtime refuses it.
 */
class LstmStream(model: ByteBuffer, private val states: Int = 0, threads: Int = 1) : Closeable {
    private val interpreter = Interpreter(model, Interpreter.Options().setNumThreads(threads))
    private val dataOutputs = interpreter.outputTensorCount - states
    private var length = -1
    private var streaming = false
    private var memory = emptyArray<ByteBuffer>()

    init {
        require(states >= 0 && interpreter.inputTensorCount == 1 + states && dataOutputs >= 1) {
            "The file has ${interpreter.inputTensorCount} inputs and ${interpreter.outputTensorCount} outputs: " +
                "one input for data and $states states were expected."
        }
    }

    /** Numbers in one time step. */
    val features: Int = interpreter.getInputTensor(0).shape().last()

    /** Time steps that [step] takes: 1, or the block of a file that takes several at once. */
    val steps: Int
        get() = if (fixedLength() == -1) 1 else fixedLength()

    /**
     * A whole sequence from a zero state. It ends a stream: the next [step] starts anew.
     *
     * @param x `time * features` numbers, step by step.
     * @return of each data output all its numbers, in order: for `return_sequences` `time * size` of them. A
     *     file for single steps (`lowering="step"`) gives those of every step, one after another.
     */
    fun predict(x: FloatArray): List<FloatArray> {
        require(x.isNotEmpty() && x.size % features == 0) {
            "A sequence has a multiple of $features numbers, received ${x.size}."
        }
        val steps = x.size / features
        streaming = false
        val fixed = fixedLength()
        if (fixed == 1 && steps > 1) {
            return stepByStep(x, steps)
        }
        require(fixed == -1 || fixed == steps) { "The file takes sequences of $fixed steps, received $steps." }
        prepare(steps)
        reset()
        return invoke(x)
    }

    /**
     * The next time step of a stream, or the next block; the state stays from call to call until [reset].
     *
     * A file with `state="reset"` has no memory of the steps before: use [predict] for it.
     *
     * @param x `steps * features` numbers, step by step.
     * @return of each data output its numbers, in a block for `return_sequences` those of every step.
     */
    fun step(x: FloatArray): List<FloatArray> {
        require(x.size == steps * features) {
            (if (steps == 1) "A step" else "A block of $steps steps") +
                " has ${steps * features} numbers, received ${x.size}."
        }
        if (!streaming) {
            prepare(steps)
            reset()
            streaming = true
        }
        return invoke(x)
    }

    /** Start anew: the state is zero. */
    fun reset() {
        if (length < 0) {
            prepare(steps)
        }
        interpreter.resetVariableTensors()
        memory.forEachIndexed { n, buffer -> fill(buffer, interpreter.getInputTensor(1 + n)) { 0f } }
    }

    override fun close() = interpreter.close()

    /** Of a sequence, as the file fixes it; -1: it takes any. */
    private fun fixedLength(): Int = interpreter.getInputTensor(0).shapeSignature()[1]

    private fun prepare(steps: Int) {
        if (length == steps) {
            return
        }
        length = -1
        if (fixedLength() == -1) {
            interpreter.resizeInput(0, intArrayOf(1, steps, features))
        }
        interpreter.allocateTensors()
        memory = Array(states) { direct(interpreter.getInputTensor(1 + it)) }
        length = steps
    }

    private fun stepByStep(x: FloatArray, steps: Int): List<FloatArray> {
        prepare(1)
        reset()
        val each = (0 until steps).map { invoke(x.copyOfRange(it * features, (it + 1) * features)) }
        return (0 until dataOutputs).map { output -> each.flatMap { it[output].asIterable() }.toFloatArray() }
    }

    private fun invoke(x: FloatArray): List<FloatArray> {
        val input = interpreter.getInputTensor(0)
        val data = fill(direct(input), input) { x[it] }
        val outputs = (0 until dataOutputs + states).map { direct(interpreter.getOutputTensor(it)) }
        val byNumber = outputs.withIndex().associate { (n, buffer) -> n to buffer as Any }
        interpreter.runForMultipleInputsOutputs(arrayOf<Any>(data, *memory), byNumber)
        for (n in 0 until states) {
            val given = read(outputs[dataOutputs + n], interpreter.getOutputTensor(dataOutputs + n))
            fill(memory[n], interpreter.getInputTensor(1 + n)) { given[it] }
        }
        return (0 until dataOutputs).map { read(outputs[it], interpreter.getOutputTensor(it)) }
    }

    private fun direct(tensor: Tensor): ByteBuffer =
        ByteBuffer.allocateDirect(tensor.numBytes()).order(ByteOrder.nativeOrder())

    /** Write real numbers as the tensor holds them: rounded to the nearest step of its scale, and clipped. */
    private fun fill(buffer: ByteBuffer, tensor: Tensor, value: (Int) -> Float): ByteBuffer {
        buffer.rewind()
        val scaling = tensor.quantizationParams()
        fun steps(n: Int, low: Int, high: Int): Int {
            val exact = Math.rint(value(n) / scaling.scale.toDouble()) + scaling.zeroPoint
            return Math.max(low.toDouble(), Math.min(high.toDouble(), exact)).toInt()
        }
        for (n in 0 until tensor.numElements()) {
            when (tensor.dataType()) {
                DataType.FLOAT32 -> buffer.putFloat(value(n))
                DataType.INT8 -> buffer.put(steps(n, -128, 127).toByte())
                DataType.INT16 -> buffer.putShort(steps(n, -32768, 32767).toShort())
                else -> throw IllegalArgumentException("${tensor.name()} holds ${tensor.dataType()}.")
            }
        }
        buffer.rewind()
        return buffer
    }

    private fun read(buffer: ByteBuffer, tensor: Tensor): FloatArray {
        buffer.rewind()
        val scaling = tensor.quantizationParams()
        fun real(steps: Int): Float = scaling.scale * (steps - scaling.zeroPoint)
        return FloatArray(tensor.numElements()) {
            when (tensor.dataType()) {
                DataType.FLOAT32 -> buffer.float
                DataType.INT8 -> real(buffer.get().toInt())
                DataType.INT16 -> real(buffer.short.toInt())
                else -> throw IllegalArgumentException("${tensor.name()} holds ${tensor.dataType()}.")
            }
        }
    }

    companion object {
        /** A file in memory, as the runtime wants it. */
        @JvmStatic
        fun map(file: File): ByteBuffer =
            FileInputStream(file).use { it.channel.map(FileChannel.MapMode.READ_ONLY, 0, file.length()) }
    }
}
