// A model file in a runtime: real numbers in, real numbers out; its state kept from call to call where it has one.

import { arrayFor, openEngine } from "./runtimes.js";

// Open a file.
// description: what the server says of it; bytes: its content; runtime: {target, base};
// length: steps in a call, where the file leaves that open.
export async function openModel(description, bytes, runtime, length = 1) {
  const verdict = description.verdicts[runtime.target];
  if (verdict.verdict === "refused") throw new Error(refusal(verdict));
  const model = new Model(description, withLength(description, bytes, length), runtime, length);
  await model.reset(true);
  return model;
}

// Why a runtime does not take a file, in the words of `python -m edge inspect`.
export function refusal(verdict) {
  const reasons = verdict.reasons.filter((reason) => reason.weight === "refused");
  return reasons.map((reason) => `${capital(reason.what)}. Way out: ${reason.way_out}.`).join(" ");
}

class Model {
  constructor(description, bytes, runtime, length) {
    this.description = description;
    this.bytes = bytes;
    this.runtime = runtime;
    const count = description.states;
    this.inputs = description.inputs.slice(0, description.inputs.length - count);
    this.stateInputs = description.inputs.slice(description.inputs.length - count);
    this.outputs = description.outputs.slice(0, description.outputs.length - count);
    this.stateOutputs = description.outputs.slice(description.outputs.length - count);
    this.shapes = description.inputs.map((end) => end.shape.map((n, axis) => (n >= 0 ? n : axis ? length : 1)));
    const shape = this.shapes[0];
    this.features = shape.at(-1);
    this.steps = shape.length >= 3 ? shape[1] : 1; // in a call
    this.keeps = ["carry", "explicit"].includes(description.state); // whether a call goes on from the last one
    this.labels = description.labels;
    this.shown = this.#shownOutput();
  }

  // Start anew: the state is zero. A runtime in a browser cannot reset what it keeps, so such a file is opened again.
  async reset(first = false) {
    if (first || this.description.state === "carry") {
      this.engine?.close();
      const { target, base } = this.runtime;
      const { inputs, outputs } = this.description;
      this.engine = await openEngine(target, base, this.bytes, inputs, outputs);
    }
    this.state = this.stateInputs.map((end, n) => encode([], end, size(this.shapes[this.inputs.length + n])));
  }

  // One call. values: for each data input an array of real numbers, `steps` x features; returns one for each output.
  async call(values) {
    const data = this.inputs.map((end, n) => encode(values[n], end, size(this.shapes[n])));
    const results = await this.engine.run([...data, ...this.state]);
    const count = this.outputs.length;
    this.state = this.stateInputs.map((end, n) => fedBack(results[count + n], this.stateOutputs[n], end));
    return this.outputs.map((end, n) => decode(results[n], end));
  }

  // What the bars show after a call: the output that has the classes, of the last step.
  async classes(values) {
    const outputs = await this.call([values]);
    const end = this.outputs[this.shown];
    const width = end.shape.at(-1);
    const isTimed = end.timed ?? end.shape.length >= 3;
    const last = isTimed ? this.steps - 1 : 0; // of the first row, where a file takes several
    return outputs[this.shown].slice(last * width, (last + 1) * width);
  }

  close() {
    this.engine?.close();
    this.engine = undefined;
  }

  #shownOutput() {
    const fits = this.outputs.findIndex((end) => end.shape.at(-1) === this.labels?.length);
    return Math.max(fits, 0);
  }
}

// One sample, [features]: (x - mean) / std, as it was done for training; as it is where the file notes nothing.
// In float64 of a float32 number, and rounded at the end: the numbers of EdgeModel.predict.
export function normalised(values, normalization) {
  if (!normalization) return values;
  const { mean, std } = normalization;
  if (mean.length !== values.length) {
    throw new Error(`The file notes a normalization of ${mean.length} features, and is given ${values.length}.`);
  }
  return Float32Array.from(values, (x, n) => (Math.fround(x) - mean[n]) / std[n]);
}

// The runtimes cannot resize an input. A file opened with another length in its place runs at that length.
function withLength(description, bytes, length) {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const end of description.inputs) for (const [, place] of end.free) view.setInt32(place, length, true);
  return copy;
}

// Real numbers as the file holds them, rounded to the nearest step of the scale (halves to even) and clipped.
function encode(values, end, length) {
  const array = arrayFor(end, length);
  const isDirect = end.scale === null;
  if (!isDirect) array.fill(end.zero_point);
  const [low, high] = isDirect ? [] : limits(array);
  for (let n = 0; n < Math.min(values.length, length); n++) {
    array[n] = isDirect ? values[n] : Math.min(Math.max(rint(values[n] / end.scale) + end.zero_point, low), high);
  }
  return array;
}

function decode(array, end) {
  if (end.scale === null) return array;
  return Float32Array.from(array, (n) => (n - end.zero_point) * end.scale);
}

function fedBack(array, source, target) {
  const alike = ["dtype", "scale", "zero_point"].every((key) => source[key] === target[key]);
  return alike ? array : encode(decode(array, source), target, array.length);
}

function limits(array) {
  const bits = 8 * array.BYTES_PER_ELEMENT;
  return array instanceof Uint8Array ? [0, 255] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

function rint(x) {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

const size = (shape) => shape.reduce((product, n) => product * n, 1);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
