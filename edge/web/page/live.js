// Samples in, answers out: a model that keeps its state takes them as they come, any other looks at the last ones.

import { normalised } from "./model.js";

const LOOKS = 5; // a second, for a model that looks at a window

export class Live {
  // model: open; rate: samples in a second; show(values): is given each answer; failed(error).
  constructor(model, rate, show, failed) {
    this.model = model;
    this.show = show;
    this.failed = failed;
    this.hop = model.keeps ? model.steps : Math.max(1, Math.round(rate / LOOKS));
    this.waiting = []; // blocks of samples that the model has not seen yet
    this.window = [];
    this.fresh = 0; // samples in the window since it was last looked at
    this.spent = [];
    this.samples = 0;
    this.idle = Promise.resolve();
    this.isStopped = false;
  }

  // Take one sample, [features]; startsAnew: it has nothing to do with those before.
  add(values, startsAnew = false) {
    this.samples += 1;
    if (startsAnew) this.#restart();
    this.window.push(normalised(values, this.model.description.normalization));
    this.fresh += 1;
    const isFull = this.window.length >= this.model.steps;
    if (this.model.keeps && isFull) {
      this.waiting.push(joined(this.window));
      this.window = [];
    } else if (!this.model.keeps) {
      this.window = this.window.slice(-this.model.steps);
      if (isFull && this.fresh >= this.hop) this.#look();
    }
    this.#work();
  }

  // Wait until all is answered; the last window is looked at, even if it is not its turn yet.
  async end() {
    if (!this.model.keeps && this.window.length === this.model.steps && this.fresh) this.#look();
    this.#work();
    await this.idle;
    this.isStopped = true;
  }

  stop() {
    this.isStopped = true;
  }

  // Milliseconds of the last answers, on average.
  get pace() {
    return this.spent.reduce((sum, each) => sum + each, 0) / this.spent.length;
  }

  #restart() {
    if (!this.model.keeps && this.window.length === this.model.steps && this.fresh) this.#look();
    this.window = [];
    this.fresh = 0;
    if (this.model.keeps) this.waiting.push("reset");
  }

  // Of windows the newest counts: one that the model has had no time for is let go.
  #look() {
    this.waiting = [joined(this.window)];
    this.fresh = 0;
  }

  #work() {
    if (this.isWorking || !this.waiting.length) return;
    this.isWorking = true;
    this.idle = this.#drain().finally(() => (this.isWorking = false));
  }

  async #drain() {
    try {
      while (this.waiting.length && !this.isStopped) {
        const block = this.waiting.shift();
        if (block === "reset") {
          await this.model.reset();
          continue;
        }
        const begin = performance.now();
        const answer = await this.model.classes(block);
        this.spent = [...this.spent.slice(-99), performance.now() - begin];
        this.show(answer);
      }
    } catch (error) {
      this.isStopped = true;
      this.failed(error);
    }
  }
}

function joined(samples) {
  const features = samples[0].length;
  const block = new Float32Array(samples.length * features);
  samples.forEach((sample, n) => block.set(sample, n * features));
  return block;
}
