// A text as the words of a model, as `examples/language_model/corpus.py` reads it, and a text as people write it.

const OPENING = new Map(Object.entries({ '"': "``", "“": "``", "‘": "``", "(": "(", "[": "[" }));
const CLOSING = new Map(Object.entries({ '"': "''", "”": "''", ")": ")", "]": "]" }));
for (const mark of ",.;:?!") CLOSING.set(mark, mark);
const DASH = /\s*(?:—|--+|\s–\s)\s*/g;
const ABBREVIATION = /^(?:(?:[A-Za-z]\.)+|(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|Gen|Col|Sen|Rep|Gov|vs|etc)\.)$/;

// Words and punctuation marks. known: has(word), for words that keep the full stop at their end.
export function tokenise(text, known) {
  const chunks = text.replaceAll("’", "'").replace(DASH, " -- ").split(/\s+/).filter(Boolean);
  return chunks.flatMap((given) => {
    let chunk = given;
    const [before, after] = [[], []];
    while (chunk.length > 1 && OPENING.has(chunk[0])) {
      before.push(OPENING.get(chunk[0]));
      chunk = chunk.slice(1);
    }
    while (chunk.length > 1 && CLOSING.has(chunk.at(-1))) {
      if (ABBREVIATION.test(chunk) || (chunk.endsWith(".") && known.has(chunk))) break;
      after.unshift(CLOSING.get(chunk.at(-1)));
      chunk = chunk.slice(0, -1);
    }
    return [...before, CLOSING.get(chunk) ?? chunk, ...after];
  });
}

// What was typed as whole words, and the letters of the word that is not finished.
export function splitTyped(text, known) {
  const words = tokenise(text, known);
  if (!words.length || /\s$/.test(text) || !/[\p{L}\p{N}]/u.test(words.at(-1))) return [words, ""];
  return [words.slice(0, -1), words.at(-1)];
}

// The word as people write it: quotation marks as such.
export function shown(word) {
  return { "``": "“", "''": "”" }[word] ?? word;
}

// The text after a tap on a suggestion: in place of the letters typed so far, a comma at the word before it.
export function accepted(text, prefix, word) {
  let kept = prefix && text.endsWith(prefix) ? text.slice(0, -prefix.length) : text;
  const isMark = [...CLOSING.values()].includes(word);
  if (isMark) kept = kept.trimEnd();
  else if (kept && !/\s$/.test(kept) && ![...OPENING.keys()].includes(kept.at(-1))) kept += " ";
  return `${kept}${shown(word)} `;
}
