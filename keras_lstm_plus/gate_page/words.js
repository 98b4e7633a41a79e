// The sentence: a button a word, with the memory of the chosen unit over it; a slider; the choice of a unit.
function buildWords() {
  data.words.forEach((text, step) => {
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("i"));
    const button = make("button", { type: "button", title: text }, bar, make("span", { class: "word" }, text || "\u00a0"));
    if (isSkipped(step)) button.className = "skipped";
    button.addEventListener("click", () => goTo(step));
    find("words").append(button);
  });
  const slider = find("slider");
  slider.max = data.words.length - 1;
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  find("back").addEventListener("click", () => goTo(choice.step - 1));
  find("on").addEventListener("click", () => goTo(choice.step + 1));
  find("unit").append(make("option", { value: "auto" }, "busiest here"), ...data.units.map((unit, row) => make("option", { value: row }, `${unit}`)));
  find("unit").addEventListener("change", (event) => goToUnit(event.target.value));
}

function drawWords() {
  const tall = tallest();
  [...find("words").children].forEach((button, step) => {
    const value = at("c", step), height = value === null ? 0 : 22 * Math.min(1, Math.abs(value) / tall);
    const bar = button.querySelector("i");
    bar.style.height = `${height}px`;
    bar.style.top = value < 0 ? "50%" : `calc(50% - ${height}px)`;
    bar.style.background = `var(--${sign(value)})`;
    button.setAttribute("aria-pressed", step === choice.step);
    button.setAttribute("aria-label", `${word(step)}, memory ${say(value)}`);
  });
  const strip = find("words"), chosen = strip.children[choice.step];
  const left = chosen.offsetLeft - strip.offsetLeft;
  strip.scrollLeft = left - strip.clientWidth / 2 + chosen.offsetWidth / 2;
  find("slider").value = choice.step;
  find("slider").setAttribute("aria-valuetext", `${word(choice.step)}, ${choice.step + 1} of ${data.words.length}`);
  find("back").disabled = choice.step === 0;
  find("on").disabled = choice.step === data.words.length - 1;
  find("unit").value = choice.auto ? "auto" : choice.row;
  find("unit").options[0].textContent = choice.auto ? `${data.units[choice.row]} (busiest)` : "busiest here";
  find("summary").textContent = spoken();
}

// The unit whose memory this word changes most.
function busiest(step) {
  const change = (row) => Math.abs((at("c", step, row) ?? 0) - (at("before", step, row) ?? 0));
  return data.units.reduce((best, _, row) => (change(row) > change(best) ? row : best), 0);
}
