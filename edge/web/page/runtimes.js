// The runtimes behind one face: open a file, then arrays in and arrays out, in the order of the graph.

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

const loaded = new Map();

// An empty array for the numbers of an end of the graph.
export function arrayFor(end, length) {
  const kind = ARRAYS[end.dtype];
  if (!kind) throw new Error(`The page cannot pass ${end.dtype} numbers in and out.`);
  return new kind(length);
}

// Load a runtime (once) and open a file in it: {run(inputs) -> outputs, close()}.
// inputs, outputs: the ends of the graph, in its order.
export async function openEngine(target, base, bytes, inputs, outputs) {
  const open = target === "web-tfjs" ? openTfjs : openLitert;
  const folder = new URL(`${base}/`, location.href).href;
  if (!loaded.has(target)) {
    loaded.set(target, target === "web-tfjs" ? loadTfjs(folder) : loadLitert(folder));
    loaded.get(target).catch(() => loaded.delete(target));
  }
  return open(await loaded.get(target), bytes, inputs, outputs);
}

async function loadLitert(folder) {
  const library = await import(await checked(`${folder}index.js`));
  globalThis.Module = { printErr: log };
  await library.loadLiteRt(folder);
  return library;
}

async function openLitert(library, bytes, inputs, outputs) {
  const model = await library.loadAndCompile(bytes, { accelerator: "wasm" });
  // It has its own order, by name, and names what the file's signature names.
  const [takes, gives] = [
    [model.getInputDetails(), inputs],
    [model.getOutputDetails(), outputs],
  ].map(([details, ends]) => details.map(({ name }, n) => place(ends, name, n)));
  const shapes = model.getInputDetails().map((input) => input.shape);
  return {
    async run(arrays) {
      const tensors = takes.map((from, n) => new library.Tensor(arrays[from], shapes[n]));
      const results = await model.run(tensors);
      const answers = [];
      results.forEach((result, n) => (answers[gives[n]] = result.toTypedArray()));
      for (const tensor of [...tensors, ...results]) tensor.delete();
      return answers;
    },
    close: () => model.delete(),
  };
}

function place(ends, name, otherwise) {
  const found = ends.findIndex((end) => end.names.includes(name));
  return found < 0 ? otherwise : found;
}

// What the runtime tells of itself is no error.
function log(line) {
  (/^(INFO|WARNING|VERBOSE)/.test(line) ? console.debug : console.error)(line);
}

async function loadTfjs(folder) {
  globalThis.exports = {}; // where its script puts its names a second time
  const address = await checked(`${folder}tflite_web_api_client.js`);
  return onOneThread(async () => {
    await script(address);
    tfweb.tflite_web_api.setWasmPath(folder);
    return tfweb.TFLiteWebModelRunner;
  });
}

async function openTfjs(runners, bytes) {
  const runner = await onOneThread(() => runners.create(bytes.slice().buffer, { numThreads: 1 }));
  return {
    async run(arrays) {
      runner.getInputs().forEach((input, n) => input.data().set(arrays[n]));
      if (!runner.infer()) throw new Error("The runtime stopped while running the file.");
      return runner.getOutputs().map((output) => output.data().slice());
    },
    close: () => runner.cleanUp(),
  };
}

// An LSTM uses one thread. Where threads could share memory, this runtime would load the build for several.
async function onOneThread(action) {
  const shared = globalThis.SharedArrayBuffer;
  globalThis.SharedArrayBuffer = undefined;
  try {
    return await action();
  } finally {
    globalThis.SharedArrayBuffer = shared;
  }
}

// The address, once the server has the file; what it says if it has not.
async function checked(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(await answer.text());
  await answer.arrayBuffer();
  return address;
}

function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${address} could not be loaded.`));
    document.head.append(element);
  });
}
