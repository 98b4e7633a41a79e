// What a program asks of the page, without a hand on it (edge/benchmark/browser.py).

import { benchmark } from "./benchmark.js";
import { openModel } from "./model.js";

const session = fetch("session.json").then((answer) => answer.json());

// Sequences through a file, each from a zero state; what the first output gives in each call, one after the other.
export async function predict(number, target, length, sequences) {
  const job = await jobOf(number, target, length);
  const model = await openModel(job.description, job.bytes, job.runtime, length);
  const block = model.steps * model.features;
  const answers = [];
  for (const sequence of sequences) {
    if (model.keeps) await model.reset();
    const calls = [];
    for (let n = 0; n < sequence.length; n += block) {
      const outputs = await model.call([sequence.slice(n, n + block)]);
      calls.push(Array.from(outputs[0]));
    }
    answers.push(calls);
  }
  model.close();
  return answers;
}

// The benchmark of the page; targets: a runtime for each file.
export async function measure(targets, length, seconds) {
  const jobs = [];
  for (const [number, target] of targets.entries()) {
    const { state } = (await session).models[number];
    jobs.push(await jobOf(number, target, ["carry", "explicit"].includes(state) ? 1 : length));
  }
  return benchmark(jobs, (await session).version, { seconds, least: 10 });
}

async function jobOf(number, target, length) {
  const { models, runtimes } = await session;
  const answer = await fetch(`models/${number}.tflite`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { description: models[number], bytes, runtime: { target, ...runtimes[target] }, length };
}
