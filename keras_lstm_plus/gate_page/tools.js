// What all parts of the page use: the numbers, the choice that has been made, and how both are written.
const data = JSON.parse(document.getElementById("data").textContent);
const values = data.values;
const choice = { step: 0, row: 0, auto: true };
const find = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

function draw(tag, attributes = {}, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A number as people read it; null stands for what is no number.
function say(value) {
  if (value === null || value === undefined) return "NaN";
  if (value !== 0 && Math.abs(value) < 0.005) return value.toExponential(0).replace("-", "\u2212").replace("e-", "e\u2212").replace("e+", "e");
  if (Math.abs(value) >= 1e5) return value.toExponential(1).replace("e+", "e").replace("-", "\u2212");
  return value.toFixed(2).replace("-", "\u2212");
}

const inBrackets = (value) => (value !== null && value < 0 ? `(${say(value)})` : say(value));
function percent(value) {
  if (value === null) return "NaN";
  if (value > 0 && value < 0.005) return "less than 1 %";
  if (value < 1 && value >= 0.995) return "more than 99 %";
  return `${Math.round(100 * value)} %`;
}

const times = (a, b) => (a === null || b === null ? null : a * b);
const at = (name, step = choice.step, row = choice.row) => values[name][step][row];
const isSkipped = (step) => data.skipped.includes(step);
const word = (step) => data.words[step];
const sign = (value) => (value !== null && value < 0 ? "minus" : "plus");
const isOpen = (gate) => data.open.includes(gate);

// The largest number of some rows, which widths and colours are measured by.
const largest = (rows) => rows.reduce((most, row) => row.reduce((m, v) => (v === null ? m : Math.max(m, Math.abs(v))), most), 1e-9);
const tallest = () => largest(values.c.map((row) => [row[choice.row]])); // of the chosen unit
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
