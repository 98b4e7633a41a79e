// All numbers of the chosen word, for those who read rather than look.
const COLUMNS = [["f", "forget f"], ["i", "input i"], ["g", "new g"], ["before", "old c\u2032"], ["c", "memory c"], ["o", "output o"], ["shown", "shown"], ["left", "left at the end"]];

function drawTable() {
  const head = make("tr", {}, make("th", { scope: "col" }, "unit"), ...COLUMNS.map(([, name]) => make("th", { scope: "col" }, name)));
  const rows = data.units.map((unit, row) => make("tr", row === choice.row ? { class: "chosen" } : {},
    make("th", { scope: "row" }, `${unit}`), ...COLUMNS.map(([name]) => make("td", {}, say(at(name, choice.step, row))))));
  find("table").replaceChildren(make("caption", { class: "unseen" }, `Word ${choice.step + 1}: ${word(choice.step)}`), make("thead", {}, head), make("tbody", {}, ...rows));
}
