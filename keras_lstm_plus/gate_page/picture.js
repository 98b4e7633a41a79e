// The cell as a drawing of our own: the memory runs along the top, the gates work on it from below.
const TOP = 70, GATE = 235, LOW = 300, WIDE = 440;
const X = { forget: 84, input: 170, fresh: 246, sum: 208, squash: 320, out: 372 };

// A number in six characters at most: every one has a place between lines and circles, and no more than that.
function brief(value) {
  const size = value === null ? 0 : Math.abs(value);
  if (size < 99.995) return say(value);
  return (size < 9999.5 ? value.toFixed(0) : value.toExponential(0).replace("e+", "e")).replace("-", "\u2212");
}

function gauge(svg, x, gate, kind, label) {
  const value = at(gate), width = 62, height = 54, y = GATE - height / 2;
  const share = value === null ? 0 : Math.max(0, Math.min(1, value));
  svg.append(draw("rect", { class: `box ${kind}`, x: x - width / 2, y, width, height, rx: 9 }));
  svg.append(draw("rect", { class: `fill ${kind}`, x: x - width / 2, y: y + height * (1 - share), width, height: height * share, rx: 9 }));
  svg.append(draw("text", { class: "name middle", x, y: GATE - 6 }, label));
  svg.append(draw("text", { class: "name middle", x, y: GATE + 15 }, isOpen(gate) ? "open" : brief(value)));
}

function node(svg, x, y, text) {
  svg.append(draw("circle", { class: "node", cx: x, cy: y, r: 14 }), draw("text", { class: "sign", x, y: y + 1 }, text));
}

function badge(svg, x, y, number, kind) {
  svg.append(draw("circle", { class: `badge ${kind}`, cx: x, cy: y, r: 9 }), draw("text", { class: "count", x, y: y + 1 }, number));
}

function memory(svg, path, value) {
  const width = value === null ? 1.5 : 2 + 10 * Math.min(1, Math.abs(value) / tallest());
  svg.append(draw("path", { class: `memory ${sign(value)}`, d: path, "stroke-width": width.toFixed(1) }));
}

function wires(svg) {
  const wire = (d, kind = "wire") => svg.append(draw("path", { class: kind, d }));
  const middle = (X.input + X.fresh) / 2;
  wire(`M8 ${LOW} H${X.out}`);
  if (!isOpen("f")) wire(`M${X.forget} ${LOW} V${GATE + 27}`);
  if (!isOpen("i") && !data.coupled) wire(`M${X.input} ${LOW} V${GATE + 27}`);
  if (data.coupled) wire(`M${X.forget + 31} ${GATE} H${X.input - 31}`);
  wire(`M${X.fresh} ${LOW} V${GATE + 27}`);
  if (!isOpen("o")) wire(`M${X.out} ${LOW} V${GATE + 27}`);
  wire(`M${X.forget} ${GATE - 27} V${TOP + 14}`);
  wire(`M${X.input} ${GATE - 27} V165 Q${X.input} 150 ${middle - 14} 150`);
  wire(`M${X.fresh} ${GATE - 27} V165 Q${X.fresh} 150 ${middle + 14} 150`);
  wire(`M${X.squash} ${TOP} V104 M${X.squash} 136 Q${X.squash} 165 ${X.out - 14} 165`);
  wire(`M${X.out} ${GATE - 27} V179`);
  if (!data.peephole) return;
  if (!isOpen("f")) wire(`M36 ${TOP} V${GATE} H${X.forget - 31}`, "peep");
  if (!isOpen("i") && !data.coupled) wire(`M124 ${TOP} V${GATE} H${X.input - 31}`, "peep");
  if (!isOpen("o")) wire(`M412 ${TOP} V${GATE} H${X.out + 31}`, "peep");
}

function drawCell() {
  const kept = times(at("f"), at("before")), added = times(at("i"), at("g"));
  const svg = draw("svg", { viewBox: `0 0 ${WIDE} 330`, role: "img", "aria-label": spoken() });
  wires(svg);
  memory(svg, `M8 ${TOP} H${X.forget - 15}`, at("before"));
  memory(svg, `M${X.forget + 15} ${TOP} H${X.sum - 15}`, kept);
  memory(svg, `M${X.sum + 15} ${TOP} H432`, at("c"));
  memory(svg, `M${X.sum} ${TOP + 15} V135`, added);
  memory(svg, `M${X.out + 15} 165 H432`, at("shown"));
  for (const [x, y, text] of [[X.forget, TOP, "\u00d7"], [X.sum, TOP, "+"], [X.sum, 150, "\u00d7"], [X.out, 165, "\u00d7"]]) node(svg, x, y, text);
  const squash = data.squash.slice(0, 9), room = Math.max(60, 9 * squash.length + 8);
  svg.append(draw("rect", { class: "box show", x: X.squash - room / 2, y: 104, width: room, height: 32, rx: 16 }));
  svg.append(draw("text", { class: "middle", x: X.squash, y: 125 }, squash));
  gauge(svg, X.forget, "f", "forget", "forget");
  gauge(svg, X.input, "i", "write", data.coupled ? "1 \u2212 f" : "input");
  gauge(svg, X.out, "o", "show", "output");
  svg.append(draw("rect", { class: "box write", x: X.fresh - 31, y: GATE - 27, width: 62, height: 54, rx: 9 }));
  svg.append(draw("text", { class: "name middle", x: X.fresh, y: GATE - 6 }, "new"), draw("text", { class: "name middle", x: X.fresh, y: GATE + 15 }, brief(at("g"))));
  const text = (x, y, kind, what) => svg.append(draw("text", { class: kind, x, y }, what));
  text(8, 24, "small", "old c\u2032");
  text(8, 46, "value", brief(at("before")));
  text(106, 24, "small", "kept");
  text(106, 46, "value", brief(kept));
  text(432, 24, "small end", "new memory c");
  text(432, 46, "value end", brief(at("c")));
  text(X.sum + 13, 98, "value", brief(added));
  text(X.squash - 6, 159, "value end", brief(at("squashed")));
  text(432, 144, "value end", brief(at("shown")));
  text(432, 196, "small end", "shown");
  text(8, 321, "small", "the word x, and h\u2032: what was shown before");
  badge(svg, X.forget, TOP - 28, "1", "forget");
  badge(svg, X.sum - 28, 130, "2", "write");
  badge(svg, X.sum, TOP - 28, "3", "hold");
  badge(svg, X.out - 25, 187, "4", "show");
  find("picture").replaceChildren(svg);
}
