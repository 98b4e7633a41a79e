// All units and all words as a map of colours, of the LSTM's memory and of the plain RNN's state.
function mapOf(rows, largestValue, caption, label, chosenRow, onTap) {
  const steps = rows.length, units = rows[0].length;
  const cell = Math.max(4, Math.min(22, Math.floor(900 / steps))), high = Math.max(3, Math.min(14, Math.floor(240 / units)));
  const canvas = make("canvas", { width: steps * cell, height: units * high, role: "img", "aria-label": label });
  const ink = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  ink.fillStyle = colour("--box");
  ink.fillRect(0, 0, canvas.width, canvas.height);
  rows.forEach((row, step) => row.forEach((value, unit) => {
    if (value === null) return;
    ink.globalAlpha = Math.min(1, Math.abs(value) / largestValue);
    ink.fillStyle = colour(value < 0 ? "--minus" : "--plus");
    ink.fillRect(step * cell, unit * high, cell, high);
  }));
  ink.globalAlpha = 1;
  ink.strokeStyle = colour("--ink");
  ink.lineWidth = 2;
  ink.strokeRect(choice.step * cell + 1, 1, cell - 2, canvas.height - 2);
  if (chosenRow !== null) ink.strokeRect(1, chosenRow * high + 1, canvas.width - 2, high - 2);
  canvas.style.height = `${Math.min(260, Math.max(90, units * high))}px`;
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const place = (position, start, size, count) => Math.max(0, Math.min(count - 1, Math.floor(((position - start) / size) * count)));
    onTap(place(event.clientX, box.left, box.width, steps), place(event.clientY, box.top, box.height, units));
  });
  return make("figure", {}, make("figcaption", {}, caption), canvas);
}

function drawMaps() {
  const tapLstm = (step, row) => { choice.auto = false; choice.row = row; goTo(step); };
  const maps = [mapOf(values.c, largest(values.c), `LSTM: the memory of ${data.units.length} units`,
    "A map of the memory of all units at all words; its numbers are in the table", choice.row, tapLstm)];
  if (data.plain) maps.push(mapOf(data.plain, largest(data.plain), `Plain RNN: the state of ${data.plain[0].length} units`,
    "A map of the state of the plain RNN at all words", null, (step) => goTo(step)));
  find("maps").className = maps.length > 1 ? "two" : "";
  find("maps").replaceChildren(...maps);
}
