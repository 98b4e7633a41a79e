// How much like the memory after this word it is after each later one: the LSTM's, and the plain RNN's state.
function drawLikeness() {
  const steps = data.words.length, last = steps - 1, high = 210, left = 30, right = 116, top = 14, foot = 26;
  const wide = Math.max(280, find("likeness").clientWidth);
  const x = (step) => left + (step / Math.max(1, last)) * (wide - left - right);
  const y = (value) => top + ((1 - value) / 2) * (high - top - foot);
  const svg = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img" });
  for (const value of [1, 0, -1]) {
    svg.append(draw("line", { class: "grid", x1: left, x2: wide - right, y1: y(value), y2: y(value) }));
    svg.append(draw("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, String(value).replace("-", "\u2212")));
  }
  svg.append(draw("line", { class: "now", x1: x(choice.step), x2: x(choice.step), y1: top, y2: high - foot }));
  const every = Math.ceil(steps / Math.max(2, (wide - left - right) / 62));
  data.words.forEach((text, step) => {
    if (step % every === 0) svg.append(draw("text", { x: x(step), y: high - 6, "text-anchor": "middle" }, text.length > 8 ? `${text.slice(0, 7)}\u2026` : text));
  });
  const ends = [];
  for (const [kind, name, all] of [["lstm", "LSTM", data.likeness.lstm], ["plain", "plain RNN", data.plainLikeness]]) {
    if (!all) continue;
    const row = all[choice.step];
    let path = "", pen = "M";
    row.forEach((value, step) => {
      if (step < choice.step || value === null) { pen = "M"; return; }
      path += `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    });
    svg.append(draw("path", { class: kind, d: path || "M0 0" }));
    ends.push({ kind, name, value: row[last] });
  }
  const apart = ends.length > 1 && Math.abs((ends[0].value ?? 0) - (ends[1].value ?? 0)) < 0.2;
  ends.forEach((end, n) => svg.append(draw("text", { class: end.kind, x: wide - right + 8,
    y: y(end.value ?? 0) + 4 + (apart ? ((end.value ?? 0) >= (ends[1 - n].value ?? 0) && !(n && ends[0].value === ends[1].value) ? -8 : 8) : 0) }, `${end.name} ${say(end.value)}`)));
  const said = ends.map((end) => `${end.name} ${say(end.value)}`).join(", ");
  svg.setAttribute("aria-label", `Likeness of the memory after \u201c${word(choice.step)}\u201d to that after the last word: ${said}.`);
  find("likeness").replaceChildren(svg);
  find("remember").textContent = `How like the memory after \u201c${word(choice.step)}\u201d it still is after each later word: 1 is the same, 0 has nothing to do with it`
    + ` (the cosine over all ${data.allUnits} units).` + (data.plainLikeness ? " The plain RNN makes its whole state anew at every word." : " Give plot_gates the states of a plain RNN, plain=..., and it stands beside it.");
}
