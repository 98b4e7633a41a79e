// A keyboard: a line of text, three suggestions, letters. It types into the line and asks the model word by word.

import { Suggestions } from "./suggestions.js";
import { accepted, shown, splitTyped } from "./words.js";

const ROWS = ["qwertyuiop", "asdfghjkl", "⇧zxcvbnm⌫", ",␣.⏎"];
const NAMES = { "⇧": "Shift", "⌫": "Backspace", "␣": "space", "⏎": "New text" };
const $ = (id) => document.getElementById(id);

export class Keyboard {
  // model: open; failed(error): is told what goes wrong.
  constructor(model, failed) {
    this.failed = failed;
    this.suggestions = new Suggestions(model);
    this.isCapital = true;
    this.work = Promise.resolve();
    this.draw();
    $("typed").oninput = () => this.changed();
    $("typed").value = "";
    this.changed();
  }

  // Wait until everything that was typed has been answered.
  async settled() {
    let last;
    do {
      last = this.work;
      await last;
    } while (last !== this.work);
  }

  draw() {
    const key = (face) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.key = face;
      button.textContent = NAMES[face] === "space" ? "space" : face;
      button.setAttribute("aria-label", NAMES[face] ?? face);
      button.onpointerdown = (event) => event.preventDefault(); // the line keeps its cursor
      button.onclick = () => this.press(face);
      return button;
    };
    const rows = ROWS.map((faces) => {
      const row = document.createElement("div");
      row.append(...[...faces].map(key));
      return row;
    });
    $("keys").replaceChildren(...rows);
    this.capitals(this.isCapital);
  }

  capitals(isCapital) {
    this.isCapital = isCapital;
    $("keys").classList.toggle("capitals", isCapital);
    for (const button of $("keys").querySelectorAll("button")) {
      if (/^[a-z]$/.test(button.dataset.key)) button.textContent = this.letter(button.dataset.key);
      if (button.dataset.key === "⇧") button.setAttribute("aria-pressed", String(isCapital));
    }
  }

  letter(face) {
    return this.isCapital ? face.toUpperCase() : face;
  }

  press(face) {
    const line = $("typed");
    if (face === "⇧") return this.capitals(!this.isCapital);
    if (face === "⏎") line.value = "";
    else if (face === "⌫") line.value = [...line.value].slice(0, -1).join("");
    else if (face === "␣") line.value += " ";
    else if (",.".includes(face)) line.value = `${line.value.trimEnd()}${face} `;
    else line.value += this.letter(face);
    this.changed();
  }

  // A tap on a suggestion.
  take(word) {
    const line = $("typed");
    const [, prefix] = splitTyped(line.value, this.suggestions);
    line.value = accepted(line.value, prefix, word);
    this.changed();
  }

  // Ask for what now stands in the line. One question at a time; the newest counts.
  changed() {
    const text = $("typed").value;
    this.capitals(/(?:^|[.?!]\s+)$/.test(text));
    $("typed").scrollTop = $("typed").scrollHeight;
    this.work = this.work.then(() => this.answer(text)).catch(this.failed);
  }

  async answer(text) {
    if (text !== $("typed").value) return;
    const [words, prefix] = splitTyped(text, this.suggestions);
    const [begin, before] = [performance.now(), this.suggestions.steps];
    await this.suggestions.read(words);
    const [spent, steps] = [performance.now() - begin, this.suggestions.steps - before];
    if (text !== $("typed").value) return;
    this.offer(this.suggestions.guess(prefix));
    const unknown = words.filter((word) => !this.suggestions.has(word) && /\p{L}/u.test(word));
    const said = unknown.length ? `Unknown to the model: ${[...new Set(unknown)].join(", ")}. ` : "";
    const time = steps ? `${(spent / steps).toFixed(1)} ms a word.` : "";
    $("heard").textContent = said + time || $("heard").textContent;
  }

  offer(guesses) {
    const buttons = [0, 1, 2].map((n) => {
      const button = document.createElement("button");
      const guess = guesses[n];
      button.type = "button";
      button.disabled = !guess;
      const [word, share] = [document.createElement("span"), document.createElement("small")];
      word.textContent = guess ? shown(guess.word) : "";
      share.textContent = guess ? `${Math.round(100 * guess.probability)} %` : "";
      button.append(word, share);
      button.onpointerdown = (event) => event.preventDefault();
      if (guess) button.onclick = () => this.take(guess.word);
      return button;
    });
    $("offered").replaceChildren(...buttons);
  }
}
