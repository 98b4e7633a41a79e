// What is drawn: bars, facts and figures. Names from files are put in as text, never as markup.

const WORDS = {
  none: "no state",
  reset: "each call starts anew",
  carry: "a stream, its state is kept by the runtime",
  explicit: "a stream, its state goes in and out",
};

// A bar for each class; returns the name of the largest.
export function showBars(list, model, values) {
  const end = model.outputs[model.shown];
  const width = end.shape.at(-1);
  if (list.children.length !== width) {
    list.replaceChildren(...Array.from({ length: width }, () => row("li", [element("span"), element("b")])));
  }
  const best = values.length ? values.indexOf(Math.max(...values)) : -1;
  const isShare = values.length > 0 && Math.min(...values) >= 0 && Math.max(...values) <= 1;
  const largest = Math.max(...Array.from(values, Math.abs), 1e-9);
  for (let n = 0; n < width; n++) {
    const bar = list.children[n];
    const value = values[n];
    bar.firstChild.textContent = className(model, n);
    bar.lastChild.textContent = value === undefined ? "" : isShare ? percent(value) : value.toFixed(2);
    bar.classList.toggle("best", n === best);
    bar.style.setProperty("--share", value === undefined ? 0 : Math.max(isShare ? value : value / largest, 0));
  }
  return best < 0 ? "" : className(model, best);
}

export function showFacts(place, { size_bytes, lowering, quantize, state }) {
  const numbers = quantize ?? (lowering ? "float" : null);
  place.textContent = [kilobytes(size_bytes), lowering, numbers, WORDS[state]].filter(Boolean).join(" · ");
}

export function showAbout(list, description, runtimes) {
  const { inputs, outputs, labels, normalization, verdicts, states } = description;
  const shape = (end) => `${end.names[0]} [${end.shape.map((n) => (n < 0 ? "any" : n)).join(", ")}] ${end.dtype}`;
  const facts = [
    ["inputs", inputs.slice(0, inputs.length - states).map(shape).join("\n")],
    ["outputs", outputs.slice(0, outputs.length - states).map(shape).join("\n")],
    ["states", states ? `${states}, in and out` : null],
    ["classes", labels && listed(labels)],
    ["scaling", normalization ? "(x - mean) / std, noted in the file, applied here" : "none noted in the file"],
    ...Object.entries(verdicts).map(([target, { verdict, reasons }]) => {
      const why = reasons.map((reason) => `${reason.what}; ${reason.way_out}`).join(". ");
      return [runtimes[target].package, `${runtimes[target].version}: ${[verdict, why].filter(Boolean).join(". ")}`];
    }),
  ];
  const rows = facts.filter(([, value]) => value).map(([name, value]) => [element("dt", name), element("dd", value)]);
  list.replaceChildren(...rows.flat());
}

export function showFigures(place, result) {
  const tables = result.files.map((file) => {
    const { avg, median, p5, p95, count } = file.inference_ms;
    const lines = [
      ["median", `${milliseconds(median)}`, true],
      ["average", milliseconds(avg)],
      ["5 % to 95 %", `${milliseconds(p5)} to ${milliseconds(p95)}`],
      ["for each step", file.per_step_us && `${file.per_step_us.toPrecision(3)} µs`],
      ["load", milliseconds(file.load_ms)],
      ["first", milliseconds(file.first_ms)],
      ["readings", `${count}`],
      ["steps in a call", file.length && `${file.length}`],
      ["runtime", `${file.runtime.name} ${file.runtime.version}`],
    ];
    const rows = lines.filter(([, value]) => value).map(([name, value, isStrong]) => {
      const line = row("tr", [element("th", name), element("td", value)]);
      line.classList.toggle("strong", Boolean(isStrong));
      return line;
    });
    return row("table", [element("caption", file.name), row("tbody", rows)]);
  });
  const warnings = result.warnings.map((words) => {
    const line = element("p", words);
    line.className = "quiet";
    return line;
  });
  place.replaceChildren(...tables, ...warnings);
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function row(name, children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

const MANY = 50; // classes, more are not listed: a vocabulary has thousands
const listed = (labels) =>
  labels.slice(0, MANY).join(", ") + (labels.length > MANY ? `, and ${labels.length - MANY} more` : "");
const className = (model, n) => model.labels?.[n] ?? `class ${n}`;
const percent = (value) => `${Math.round(value * 100)} %`;
const milliseconds = (value) => `${value < 100 ? value.toPrecision(3) : Math.round(value)} ms`;
const kilobytes = (bytes) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
