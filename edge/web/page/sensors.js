// The motion sensors of a phone, as samples at an even rate.

const SILENCE = 2000; // milliseconds after which sensors that have said nothing are taken to be missing

// Which numbers a model gets, by how many it takes.
export const CHANNELS = {
  3: "acceleration with gravity x y z",
  6: "acceleration with gravity x y z, turning rate x y z",
  9: "acceleration with gravity x y z, turning rate x y z, acceleration without gravity x y z",
};

// Browsers give metres per second squared and degrees per second.
export const UNITS = {
  "m/s², °/s": [1, 1],
  "m/s², rad/s": [1, Math.PI / 180],
  "g, °/s": [1 / 9.80665, 1],
  "g, rad/s": [1 / 9.80665, Math.PI / 180],
};

// Listen until the function that this gives is called. To be called from a tap: iOS asks its user only then.
export async function listen({ features, rate, units, sample, failed }) {
  if (!CHANNELS[features]) {
    const known = Object.keys(CHANNELS).join(", ");
    throw new Error(`A phone's motion gives ${known} features and this model takes ${features}: play a recording.`);
  }
  if (!isSecureContext) throw new Error(`${INSECURE} Until then, play a recording.`);
  if (!("DeviceMotionEvent" in globalThis)) throw new Error("This browser has no motion sensors: play a recording.");
  if (DeviceMotionEvent.requestPermission && (await DeviceMotionEvent.requestPermission()) !== "granted") {
    throw new Error("You did not allow motion sensors. Close this tab, open the page again and allow them.");
  }
  const [perAcceleration, perTurn] = UNITS[units];
  const resampler = new Resampler(rate, sample);
  let heard = false;
  const hear = (event) => {
    const values = reading(event, features, perAcceleration, perTurn);
    if (!values) return;
    heard = true;
    resampler.push(event.timeStamp, values);
  };
  addEventListener("devicemotion", hear);
  const timer = setTimeout(() => {
    if (!heard) failed("No motion sensor answers: this device has none, or its settings keep it from web pages.");
  }, SILENCE);
  return () => {
    clearTimeout(timer);
    removeEventListener("devicemotion", hear);
  };
}

export const INSECURE =
  "Browsers give motion sensors only to pages from https or from this device itself. Start the server with --https; " +
  "or, on an Android phone with a cable, adb reverse, and open the page at localhost.";

// The numbers of an event, or null where the device has no such sensor.
function reading(event, features, perAcceleration, perTurn) {
  const axes = (vector, names, scale) => names.map((name) => (vector?.[name] == null ? NaN : vector[name] * scale));
  const values = [
    ...axes(event.accelerationIncludingGravity, ["x", "y", "z"], perAcceleration),
    ...axes(event.rotationRate, ["alpha", "beta", "gamma"], perTurn), // about x, y, z
    ...axes(event.acceleration, ["x", "y", "z"], perAcceleration),
  ].slice(0, features);
  return values.every(Number.isFinite) ? values : null;
}

// Events come when the browser likes; a model expects samples at the rate of its training. Linear in between.
export class Resampler {
  constructor(rate, sample) {
    this.period = 1000 / rate;
    this.sample = sample;
  }

  push(time, values) {
    if (this.last === undefined || time - this.last.time > 1000) {
      this.due = time; // the first one, or after a gap: a page in the background gets no events
    } else if (time <= this.last.time) {
      return;
    }
    while (this.due <= time) {
      const before = this.last ?? { time, values };
      const share = time > before.time ? Math.max((this.due - before.time) / (time - before.time), 0) : 1;
      this.sample(Float32Array.from(values, (value, n) => before.values[n] + (value - before.values[n]) * share));
      this.due += this.period;
    }
    this.last = { time, values };
  }
}
