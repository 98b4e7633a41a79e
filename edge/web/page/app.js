// The page: what a person taps and sees.

import { benchmark } from "./benchmark.js";
import { Keyboard } from "./keyboard.js";
import { Live } from "./live.js";
import { openModel, refusal } from "./model.js";
import { parseRecording, play, servedRecording } from "./recording.js";
import { CHANNELS, INSECURE, UNITS, listen } from "./sensors.js";
import { showAbout, showBars, showFacts, showFigures } from "./show.js";
import { readsWords } from "./suggestions.js";

const $ = (id) => document.getElementById(id);

let session, model, live, recording;
let halt = () => {};
const contents = new Map();

async function begin() {
  session = await (await fetch("session.json")).json();
  const names = session.models.map((each) => each.name);
  $("file").replaceChildren(...names.map((name, n) => new Option(name, n)));
  if (names.length === 1) {
    $("file").dataset.only = "";
    $("file").disabled = true;
  }
  $("units").replaceChildren(...Object.keys(UNITS).map((name) => new Option(name)));
  $("rate").value = session.rate;
  $("window").value = session.samples ? session.samples.shape[1] : 50;
  if (session.samples) {
    recording = await servedRecording(session.samples);
    choose("recording");
  }
  const startOver = (action) => () => guarded(action);
  $("file").onchange = startOver(chooseFile);
  $("runtime").onchange = startOver(open);
  $("window").onchange = startOver(open);
  $("start").onclick = startOver(() => (live ? stop("Stopped") : start()));
  $("reset").onclick = startOver(startAnew);
  $("measure").onclick = startOver(measure);
  $("copy").onclick = startOver(() => navigator.clipboard.writeText($("save").dataset.text));
  $("copy").hidden = !navigator.clipboard;
  $("recording").onchange = startOver(takeFile);
  for (const source of sources()) source.onchange = startOver(showSource);
  await guarded(chooseFile);
}

async function chooseFile() {
  const description = described();
  const options = Object.entries(session.runtimes).map(([target, { package: name, version }]) => {
    const option = new Option(`${name} ${version}`, target);
    option.disabled = description.verdicts[target].verdict === "refused";
    if (option.disabled) option.text += " (refused)";
    return option;
  });
  $("runtime").replaceChildren(...options);
  const first = options.find((option) => !option.disabled);
  if (first) first.selected = true;
  showFacts($("facts"), description);
  showAbout($("about"), description, session.runtimes);
  await open();
}

// Open the chosen file in the chosen runtime.
async function open() {
  stop("Ready");
  model?.close();
  model = undefined;
  lock(true);
  const description = described();
  $("keyboard").hidden = !readsWords(description);
  $("live").hidden = readsWords(description);
  if (!preferred(description)) {
    const reasons = Object.values(description.verdicts).map(refusal);
    throw new Error(`No runtime of a browser takes ${description.name}.\n${[...new Set(reasons)].join("\n")}`);
  }
  $("best").textContent = "Loading";
  $("pace").textContent = "The runtime comes from the server: a moment, the first time.";
  model = await openModel(description, await content(Number($("file").value)), runtime(), lengthOf(description));
  if (readsWords(description)) {
    window.keyboard = new Keyboard(model, tell);
    await window.keyboard.settled();
    lock(false);
    return;
  }
  $("best").textContent = "Ready";
  $("pace").textContent = "Press start, and the bars follow the samples.";
  showBars($("bars"), model, []);
  await showSource();
  lock(false);
}

async function start() {
  const rate = positive("rate");
  const failed = (error) => {
    stop("Stopped");
    tell(error);
  };
  await model.reset();
  live = new Live(model, rate, show, failed);
  const current = live;
  $("start").textContent = "Stop";
  $("pace").textContent = "Waiting for samples";
  try {
    if (source() === "motion") {
      const sample = (values) => current.add(values);
      const missing = (words) => failed(new Error(words));
      halt = await listen({ features: model.features, rate, units: $("units").value, sample, failed: missing });
    } else {
      check(recording);
      halt = play(
        recording,
        rate,
        (values, startsAnew) => current.add(values, startsAnew),
        async () => {
          await current.end();
          if (live === current) stop("The recording is over");
        },
      );
    }
    $("reset").hidden = !model.keeps || source() !== "motion";
  } catch (error) {
    stop("Stopped");
    throw error;
  }
}

function stop(words) {
  if (!live) return;
  halt();
  halt = () => {};
  const last = live;
  last.stop();
  live = undefined;
  $("start").textContent = "Start";
  $("reset").hidden = true;
  $("pace").textContent = last.samples ? `${words}. ${progressOf(last)}` : words;
}

async function startAnew() {
  stop("Starting anew");
  await start();
}

function show(values) {
  $("best").textContent = showBars($("bars"), model, values);
  if (live) $("pace").textContent = progressOf(live);
}

function progressOf({ samples, pace }) {
  return `${count(samples, "sample")}${pace ? `, ${pace.toFixed(2)} ms an answer` : ""}`;
}

async function showSource() {
  stop("Stopped");
  const isMotion = source() === "motion";
  $("pick").hidden = isMotion;
  $("units-label").hidden = !isMotion;
  $("window-label").hidden = !described().inputs[0].free.length || !model || model.keeps;
  const channels = model && CHANNELS[model.features];
  if (isMotion) {
    const what = channels ? `The model gets ${channels}.` : `The model takes ${model?.features} features; motion has 3, 6 or 9.`;
    $("source-note").textContent = isSecureContext ? what : INSECURE;
  } else {
    $("source-note").textContent = recording
      ? `${recording.name}: ${count(recording.windows, "window")} of ${recording.steps} samples, ${count(recording.features, "feature")}.`
      : "Choose a file: a row for each sample.";
  }
}

async function takeFile() {
  const [file] = $("recording").files;
  if (!file) return;
  recording = parseRecording(await file.text(), file.name);
  await showSource();
}

// Whether the model can take what was recorded.
function check(given) {
  if (!given) throw new Error("There is no recording yet: choose a CSV or JSON file.");
  if (model.inputs.length > 1) {
    throw new Error(`The model takes ${model.inputs.length} inputs; the page feeds models of one. Measure works.`);
  }
  if (given.features !== model.features) {
    throw new Error(`${given.name} has ${given.features} features a sample, the model takes ${model.features}.`);
  }
  if (given.steps < model.steps) {
    throw new Error(`${given.name} has windows of ${given.steps} samples, the model looks at ${model.steps} at once.`);
  }
}

async function measure() {
  stop("Stopped");
  lock(true);
  $("exports").hidden = true;
  $("progress").hidden = false;
  try {
    const jobs = [];
    for (const [number, description] of session.models.entries()) {
      const target = number === Number($("file").value) ? $("runtime").value : preferred(description);
      if (!target || description.verdicts[target].verdict === "refused") continue;
      const length = lengthOf(description, positive("window"));
      jobs.push({ description, bytes: await content(number), runtime: runtime(target), length });
    }
    if (!jobs.length) throw new Error("No runtime of a browser takes any of these files.");
    const progress = (share) => ($("progress").value = share);
    const result = await benchmark(jobs, session.version, { progress });
    showFigures($("figures"), result);
    $("save").dataset.text = JSON.stringify(result, null, 2);
    URL.revokeObjectURL($("save").href);
    $("save").href = URL.createObjectURL(new Blob([$("save").dataset.text], { type: "application/json" }));
    $("exports").hidden = false;
  } finally {
    $("progress").hidden = true;
    lock(!model);
    $("measure").disabled = false;
  }
}

// Steps in a call, where the file leaves it open: one for a model that keeps its state, else a window.
function lengthOf(description, window = positive("window")) {
  return ["carry", "explicit"].includes(description.state) ? 1 : window;
}

async function content(number) {
  if (!contents.has(number)) {
    const answer = await fetch(`models/${number}.tflite`);
    contents.set(number, new Uint8Array(await answer.arrayBuffer()));
  }
  return contents.get(number);
}

function preferred(description) {
  return Object.keys(session.runtimes).find((target) => description.verdicts[target].verdict !== "refused");
}

function positive(id) {
  const value = Number($(id).value);
  if (!(value > 0)) throw new Error(`${$(id).labels[0].firstChild.textContent} must be a number above 0.`);
  return id === "window" ? Math.round(value) : value;
}

// Run what a tap asks for; what goes wrong is told in words.
async function guarded(action) {
  $("alert").hidden = true;
  try {
    await action();
  } catch (error) {
    tell(error);
  }
}

function tell(error) {
  $("alert").textContent = error.message || String(error);
  $("alert").hidden = false;
  $("alert").scrollIntoView({ block: "nearest" });
  if (!model) {
    $("best").textContent = "Not loaded";
    $("pace").textContent = "";
    $("bars").replaceChildren();
  }
}

function lock(isLocked) {
  for (const id of ["start", "measure"]) $(id).disabled = isLocked;
}

const described = () => session.models[Number($("file").value)];
const runtime = (target = $("runtime").value) => ({ target, ...session.runtimes[target] });
const sources = () => document.querySelectorAll("input[name=source]");
const source = () => document.querySelector("input[name=source]:checked").value;
const choose = (value) => (document.querySelector(`input[value=${value}]`).checked = true);
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

begin()
  .catch(tell)
  .finally(() => (document.body.dataset.ready = ""));
