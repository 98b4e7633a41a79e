// What a choice does, the keys, light and dark.
function redraw() {
  drawWords();
  drawCell();
  drawSteps();
  drawLikeness();
  drawMaps();
  drawTable();
}

function goTo(step) {
  choice.step = Math.max(0, Math.min(data.words.length - 1, step));
  if (choice.auto) choice.row = busiest(choice.step);
  redraw();
}

function goToUnit(value) {
  choice.auto = value === "auto";
  choice.row = choice.auto ? busiest(choice.step) : Number(value);
  redraw();
}

function bounds() {
  const said = [];
  if (data.allSteps > data.words.length) said.push(`the first ${data.words.length} of ${data.allSteps} steps`);
  if (data.allUnits > data.units.length) said.push(`${data.units.length} of ${data.allUnits} units`);
  find("bounds").hidden = !said.length;
  find("bounds").textContent = `Shown: ${said.join(" and ")}.`;
}

const THEMES = { light: "\u2600", dark: "\u263e" };
const system = matchMedia("(prefers-color-scheme: dark)");
let theme = null; // what was chosen; null: the system's
function paint() {
  const now = theme ?? (system.matches ? "dark" : "light"), other = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = now;
  document.documentElement.style.colorScheme = now;
  find("theme").textContent = THEMES[other];
  find("theme").setAttribute("aria-label", `Show the page ${other}`);
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "SELECT"].includes(event.target.tagName) || event.target.closest(".scroll")) return;
  const moves = { ArrowLeft: choice.step - 1, ArrowRight: choice.step + 1, Home: 0, End: data.words.length - 1 };
  if (!(event.key in moves)) return;
  event.preventDefault();
  goTo(moves[event.key]);
});
find("theme").addEventListener("click", () => { theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; paint(); drawMaps(); });
addEventListener("resize", drawLikeness);
system.addEventListener("change", () => { paint(); drawMaps(); });

find("title").textContent = data.title;
const drawn = { peephole: " The dashed lines are peepholes: the gates look at the memory, the output gate at the new one.", coupled: " What the forget gate lets go is what is written anew: there is no input gate of its own." };
find("variant").textContent = `Layer \u201c${data.layer}\u201d, variant ${data.variant}.${data.peephole ? drawn.peephole : ""}${data.coupled ? drawn.coupled : ""}`;
find("equations").textContent = data.equations.join("\n");
paint();
buildWords();
bounds();
goTo(Math.min(1, data.words.length - 1));
document.body.dataset.ready = "";
