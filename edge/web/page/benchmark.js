// Measures files in turns, so that what else the phone does meets all of them alike. The result has the schema of
// `python -m edge benchmark` (edge/results/benchmark.py), platform "browser".

import { openModel } from "./model.js";

const SCHEMA = 2;
const ROUNDS = 10;
const SEQUENCES = 4; // of noise
const READINGS_OF_CLOCK = 20; // a duration is at least so many times what the clock can tell apart

// jobs: [{description, bytes, runtime: {target, base, package, version}, length}]; seconds: for each file.
export async function benchmark(jobs, version, { seconds = 2, least = 50, most = 1000, progress = () => {} } = {}) {
  const tick = clockTick();
  const entries = [];
  for (const job of jobs) {
    progress(0, `loading ${job.description.name}`);
    entries.push(await start(job, seconds, least, most, tick));
  }
  const total = entries.reduce((sum, entry) => sum + entry.count, 0);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const entry of entries) {
      const done = entries.reduce((sum, each) => sum + each.times.length, 0);
      progress(done / total, `measuring ${entry.job.description.name}`);
      await pause();
      await repeat(entry, 1); // another file has cooled the caches
      const due = Math.floor((entry.count * round) / ROUNDS) - entry.times.length;
      for (let n = 0; n < due; n++) entry.times.push(await repeat(entry, entry.group));
    }
  }
  entries.forEach((entry) => entry.model.close());
  progress(1, "done");
  const notes = new Set();
  const coarse = entries.filter((entry) => entry.group > 1);
  for (const { job, group } of coarse) {
    notes.add(
      `The clock of this browser has steps of ${round3(tick)} ms: each figure of ${job.description.name} is the mean ` +
        `of ${group} inferences, and extremes are flattened.`,
    );
  }
  return {
    schema: SCHEMA,
    platform: "browser",
    created: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"),
    machine: machine(),
    versions: { edge: version, browser: browserName() },
    settings: { threads: [1], lengths: [...new Set(entries.map((entry) => entry.steps))], seed: null },
    warnings: [...notes],
    files: entries.map(summary),
  };
}

async function start(job, seconds, least, most, tick) {
  const begin = performance.now();
  const model = await openModel(job.description, job.bytes, job.runtime, job.length);
  const load = performance.now() - begin;
  const shapes = model.inputs.map((_, n) => model.shapes[n]);
  const data = Array.from({ length: SEQUENCES }, () => model.inputs.map((end, n) => noise(end, shapes[n])));
  const entry = { job, model, data, load, times: [], group: 1, next: 0 };
  entry.first = await repeat(entry, 1);
  const warm = [];
  const end = performance.now() + 300;
  while (warm.length < 3 || performance.now() < end) warm.push(await repeat(entry, 1));
  const mean = (warm.reduce((a, b) => a + b, 0) || tick) / warm.length;
  entry.group = Math.max(1, Math.ceil((READINGS_OF_CLOCK * tick) / mean));
  entry.warm = warm;
  entry.count = Math.round(Math.min(Math.max((seconds * 1000) / (mean * entry.group), least), most));
  const shape = model.shapes[0];
  entry.steps = shape.length >= 3 ? shape[1] : null;
  entry.batch = shape[0];
  return entry;
}

// Milliseconds of one inference, as the mean of so many.
async function repeat(entry, times) {
  const begin = performance.now();
  for (let n = 0; n < times; n++) await entry.model.call(entry.data[entry.next++ % SEQUENCES]);
  return (performance.now() - begin) / times;
}

function summary({ job, load, first, warm, times, steps, batch }) {
  const inference = statistics(times);
  return {
    path: null,
    name: job.description.name,
    group: null,
    size_bytes: job.description.size_bytes,
    runtime: { name: job.runtime.package, version: job.runtime.version },
    threads: 1,
    length: steps,
    batch,
    load_ms: load, // the runtime allocates while it loads
    init_ms: null,
    first_ms: first,
    warm_up_ms: statistics(warm),
    inference_ms: inference,
    per_step_us: steps && (inference.median / steps / batch) * 1000,
    peak_memory_mb: null,
    added_memory_mb: null,
    arena_bytes: null,
    error: null,
    accuracy: null,
    stream: null,
    operators: null,
  };
}

export function statistics(times) {
  const sorted = Float64Array.from(times).sort();
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
  };
  const avg = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  const variance = sorted.reduce((sum, time) => sum + (time - avg) ** 2, 0) / sorted.length;
  return {
    avg,
    std: Math.sqrt(variance),
    min: sorted[0],
    p5: at(0.05),
    median: at(0.5),
    p95: at(0.95),
    max: sorted.at(-1),
    count: sorted.length,
  };
}

// The smallest step of the clock, in milliseconds: browsers make it coarse for privacy.
function clockTick() {
  let smallest = Infinity;
  for (let n = 0; n < 20; n++) {
    const begin = performance.now();
    let now = begin;
    while (now === begin) now = performance.now();
    smallest = Math.min(smallest, now - begin);
  }
  return smallest;
}

function noise(end, shape) {
  const length = shape.reduce((product, n) => product * n, 1);
  const isReal = end.scale !== null || end.dtype === "float32";
  if (!isReal) return Array.from({ length }, () => Number(Math.random() < 0.5)); // any vocabulary has two words
  return Float32Array.from({ length }, () => 2 * (Math.random() + Math.random() + Math.random()) - 3);
}

function machine() {
  return {
    cpu: null,
    arch: null,
    cores: navigator.hardwareConcurrency ?? null,
    memory_mb: navigator.deviceMemory ? navigator.deviceMemory * 1024 : null,
    board: null,
    os: navigator.userAgentData?.platform || /\(([^;)]+)/.exec(navigator.userAgent)?.[1] || null,
    user_agent: navigator.userAgent,
  };
}

function browserName() {
  const found = /(Edg|OPR|Firefox|FxiOS|CriOS|Chrome|Version)\/[\d.]+/.exec(navigator.userAgent);
  return (found?.[0] ?? "unknown").replace("Version", "Safari").replace("/", " ");
}

const pause = () => new Promise((resolve) => setTimeout(resolve));
const round3 = (x) => Number(x.toPrecision(2));
