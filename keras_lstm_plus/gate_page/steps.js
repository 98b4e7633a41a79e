// The four steps in words and as equations with the numbers put in.
function card(kind, number, head, letters, numbers, words) {
  const title = make("h3", {}, make("b", {}, number), head);
  const line = make("div", { class: "equation" }, make("span", { class: "letters" }, `${letters} = `), numbers);
  return make("div", { class: `step ${kind}` }, title, line, make("p", {}, words));
}

function drawSteps() {
  const before = at("before"), f = at("f"), i = at("i"), g = at("g"), c = at("c"), o = at("o");
  const kept = times(f, before), added = times(i, g);
  const lost = kept === null || before === null ? null : before - kept;
  const nothing = before !== null && Math.abs(before) < 1e-6;
  const forget = isOpen("f")
    ? "This variant has no forget gate: all of the old memory stays."
    : nothing ? `The forget gate is ${percent(f)} open; there is no memory yet to throw away.`
    : capital(`${percent(f)} of the old memory stays; ${lost !== null && Math.abs(lost) < 0.005 ? "next to nothing" : say(lost)} is thrown away.`);
  const write = isOpen("i") ? "This variant has no input gate: all of the new is written."
    : data.coupled ? `What is not kept is written anew: 1 \u2212 f = ${percent(i)} of the new value.`
    : `The input gate lets ${percent(i)} of the new value in.`;
  const end = data.words.length - 1;
  const later = isSkipped(choice.step) ? "This step is skipped: the memory stays as it was."
    : choice.step === end ? "This is the memory after the last word."
    : `Of what was written here, ${percent(at("left"))} is still there after the last word.`;
  const show = isOpen("o") ? "This variant has no output gate: all of the memory is shown." : `The output gate shows ${percent(o)} of it.`;
  find("steps").replaceChildren(
    card("forget", "1", "Throw away", "f \u00d7 c\u2032", `${say(f)} \u00d7 ${inBrackets(before)} = ${say(kept)}`, forget),
    card("write", "2", "Write", "i \u00d7 g", `${say(i)} \u00d7 ${inBrackets(g)} = ${say(added)}`, write),
    card("hold", "3", "Hold", "c", `${say(kept)} + ${inBrackets(added)} = ${say(c)}`, later),
    card("show", "4", "Show", `o \u00d7 ${data.squash}(c)`, `${say(o)} \u00d7 ${inBrackets(at("squashed"))} = ${say(at("shown"))}`, show),
  );
}

// The same in one sentence, for those who hear the page.
function spoken() {
  const place = `Word ${choice.step + 1} of ${data.words.length}, \u201c${word(choice.step)}\u201d.`;
  const unit = `Unit ${data.units[choice.row]}`;
  if (isSkipped(choice.step)) return `${place} This step is skipped; ${unit.toLowerCase()} holds ${say(at("c"))}.`;
  return `${place} ${unit} keeps ${percent(at("f"))} of ${say(at("before"))}, writes ${say(times(at("i"), at("g")))}, holds ${say(at("c"))}, shows ${say(at("shown"))}.`;
}
