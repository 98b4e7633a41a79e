// A recording: samples as windows of equal length, from the server or from a file of the user's.

// {name, windows, steps, features, samples: Float32Array}
export async function servedRecording({ name, shape }) {
  const answer = await fetch("samples.f32");
  const [windows, steps, features] = shape;
  return { name, windows, steps, features, samples: new Float32Array(await answer.arrayBuffer()) };
}

// A file of numbers: CSV, a row for each sample, names in the first row or not; or JSON, [time][features] or
// [windows][time][features].
export function parseRecording(text, name) {
  const looksLikeJson = /^\s*[[{]/.test(text);
  let value;
  try {
    value = looksLikeJson ? JSON.parse(text) : rows(text);
  } catch (error) {
    throw new Error(`${name} is neither CSV nor JSON: ${error.message}`);
  }
  const given = Array.isArray(value) ? value : value?.samples;
  const shape = shapeOf(given);
  if (shape.length !== 2 && shape.length !== 3) {
    throw new Error(`${name} must hold samples x features, it has ${shape.length} axes.`);
  }
  const [windows, steps, features] = shape.length === 3 ? shape : [1, ...shape];
  const numbers = given.flat(2);
  const isWhole = numbers.length === windows * steps * features && numbers.length > 0;
  if (!isWhole || !numbers.every(Number.isFinite)) {
    throw new Error(`${name} must hold a number for each feature of each sample, and as many in each.`);
  }
  return { name, windows, steps, features, samples: Float32Array.from(numbers) };
}

function rows(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const cells = lines.map((line) => line.split(/[,;\t]/).map((cell) => (cell.trim() ? Number(cell) : NaN)));
  return Number.isNaN(cells[0]?.[0]) ? cells.slice(1) : cells;
}

function shapeOf(value) {
  const shape = [];
  for (let each = value; Array.isArray(each); each = each[0]) shape.push(each.length);
  return shape;
}

// Plays a recording to `sample(values, startsWindow)`, in real time, until its end or until it is stopped.
export function play(recording, rate, sample, ended) {
  const { windows, steps, features, samples } = recording;
  const total = windows * steps;
  const begin = performance.now();
  let next = 0;
  const timer = setInterval(() => {
    const due = Math.min(Math.floor(((performance.now() - begin) / 1000) * rate), total);
    for (; next < due; next++) {
      sample(samples.subarray(next * features, (next + 1) * features), next % steps === 0);
    }
    if (next === total) {
      clearInterval(timer);
      ended();
    }
  }, 1000 / Math.min(rate, 60));
  return () => clearInterval(timer);
}
