// Words into a model that keeps its state, the likeliest next words out. Its labels are the words that it knows.

const UNKNOWN = ["<rare>", "<unk>", "<UNK>", "[UNK]"]; // what the vocabularies call a word that they lack
const UNKNOWN_S = "<rare-s>"; // and one that ends in s, as most plurals do, where they tell it apart
const START = ["<paragraph>", "<s>", "<bos>", "[START]"]; // what stands before a text, where they have that
const SYMBOL = /^(?:<[\w-]+>|\[[A-Z]+\])$/; // nobody types it

// Whether a file reads words: one whole number in, a score for each of its labels out, and a label for unknown words.
export function readsWords({ inputs, outputs, states, labels, state }) {
  const data = inputs.slice(0, inputs.length - states);
  return (
    data.length === 1 &&
    data[0].dtype === "int32" &&
    data[0].shape.length === 2 &&
    Math.abs(data[0].shape[1]) === 1 &&
    ["carry", "explicit"].includes(state) &&
    UNKNOWN.some((word) => labels?.includes(word)) &&
    outputs.some((end) => end.shape.at(-1) === labels.length)
  );
}

export class Suggestions {
  // model: open, of a file that `readsWords`.
  constructor(model) {
    this.model = model;
    this.words = model.labels;
    this.place = new Map(this.words.map((word, n) => [word, n]));
    this.unknown = this.place.get(UNKNOWN.find((word) => this.place.has(word)));
    this.unknownS = this.place.get(UNKNOWN_S) ?? this.unknown;
    this.start = START.find((word) => this.place.has(word));
    this.folded = this.words.map((word) => word.toLowerCase());
    this.isSymbol = this.words.map((word) => SYMBOL.test(word));
    this.seen = []; // words read, with the state and the scores behind each
    this.steps = 0; // calls of the model
  }

  // The number of a word; of the symbol for unknown ones where the vocabulary lacks it.
  number(word) {
    const endsInS = word.endsWith("s") && !/(?:ss|us|is|'s)$/.test(word);
    return this.place.get(word) ?? (endsInS ? this.unknownS : this.unknown);
  }

  has(word) {
    return this.place.has(word);
  }

  // Read on to the end of `words`. Behind the first word that was changed they are read anew, from the state
  // before it where the page keeps states; a file that keeps its own is started anew.
  async read(words) {
    const all = [this.start ?? this.words[this.unknown], ...words];
    let same = 0;
    while (same < Math.min(all.length, this.seen.length) && this.seen[same].word === all[same]) same += 1;
    if (same < this.seen.length && this.model.description.state === "carry") same = 0;
    if (same === 0) await this.model.reset();
    else if (same < this.seen.length) this.model.state = this.seen[same - 1].state;
    this.seen.length = same;
    for (const word of all.slice(same)) {
      const scores = await this.model.classes([this.number(word)]);
      this.steps += 1;
      this.seen.push({ word, state: this.model.state, probabilities: softmax(scores) });
    }
  }

  // The likeliest words behind what was read that begin with the letters; small letters find words of either case.
  guess(prefix, count = 3) {
    const { probabilities } = this.seen.at(-1);
    const isSmall = prefix === prefix.toLowerCase();
    const names = isSmall ? this.folded : this.words;
    const fits = [];
    for (let n = 0; n < names.length; n++) if (!this.isSymbol[n] && names[n].startsWith(prefix)) fits.push(n);
    const share = prefix ? fits.reduce((sum, n) => sum + probabilities[n], 0) : 1;
    fits.sort((a, b) => probabilities[b] - probabilities[a] || a - b);
    return fits.slice(0, count).map((n) => ({ word: this.words[n], probability: probabilities[n] / share }));
  }
}

function softmax(scores) {
  const high = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(scores, (each) => Math.exp(each - high));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((each) => each / sum);
}
