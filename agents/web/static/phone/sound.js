// What the agent hears of the telephone itself, and how loud their microphone is: the bell, a tone
// to try the headset by, a level. All of it made here, no file is fetched.

const QUIETEST = -100;
const BELL = [
  [784, 0, 0.35],
  [988, 0.4, 0.35],
];
const BELL_EVERY = 2000;
const BELL_GAIN = 0.25;
const TEST_TONE = 440;
const TEST_SECONDS = 1;
const TEST_GAIN = 0.2;
const FADE = 0.02;

export class Sound {
  #context = null;
  #bell = null;
  #ear = null;
  #source = null;
  microphone = null;

  // Must be called by a click the first time: browsers stay mute until then. False: still mute.
  async unlock() {
    this.#context ??= new AudioContext();
    // Where nobody clicked yet the promise waits for the click: so do not we.
    await Promise.race([this.#context.resume(), new Promise((late) => setTimeout(late, 250))]);
    return this.#context.state === "running";
  }

  get unlocked() {
    return this.#context?.state === "running";
  }

  // Asks for the microphone; NotAllowedError, NotFoundError ... as `getUserMedia` throws them.
  async open(deviceId = "") {
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const audio = deviceId ? { ...wanted, deviceId: { exact: deviceId } } : wanted;
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    this.#closeMicrophone();
    [this.microphone] = stream.getAudioTracks();
    this.#ear = new AnalyserNode(this.#context, { fftSize: 1024 });
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#ear);
    return this.microphone;
  }

  // Of the microphone now, in dBFS; -100 where nothing is heard.
  level() {
    if (this.#ear === null) return QUIETEST;
    const samples = new Float32Array(this.#ear.fftSize);
    this.#ear.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
    return power > 0 ? Math.max(QUIETEST, 10 * Math.log10(power)) : QUIETEST;
  }

  // A second of a tone in the headset.
  test() {
    this.#tone(TEST_TONE, 0, TEST_SECONDS, TEST_GAIN);
    return new Promise((over) => setTimeout(over, 1000 * TEST_SECONDS));
  }

  ring() {
    if (this.#bell !== null || this.#context === null) return;
    const strike = () => BELL.forEach(([pitch, at, seconds]) => this.#tone(pitch, at, seconds, BELL_GAIN));
    strike();
    this.#bell = setInterval(strike, BELL_EVERY);
  }

  stopRinging() {
    clearInterval(this.#bell);
    this.#bell = null;
  }

  async speakBy(deviceId) {
    await this.#context?.setSinkId?.(deviceId);
  }

  close() {
    this.stopRinging();
    this.#closeMicrophone();
    this.#context?.close();
    this.#context = null;
  }

  #tone(frequency, at, seconds, loudness) {
    const context = this.#context;
    const begin = context.currentTime + at;
    const voice = new OscillatorNode(context, { frequency });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(loudness, begin + FADE);
    volume.gain.setValueAtTime(loudness, begin + seconds - FADE);
    volume.gain.linearRampToValueAtTime(0, begin + seconds);
    voice.connect(volume).connect(context.destination);
    voice.start(begin);
    voice.stop(begin + seconds);
  }

  #closeMicrophone() {
    this.#source?.disconnect();
    this.microphone?.stop();
    this.#ear = this.#source = this.microphone = null;
  }
}

// The devices a person can choose from, each `{id, label}`; empty labels before they allowed any.
export async function devices(kind) {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((each) => each.kind === kind).map(({ deviceId, label }) => ({ id: deviceId, label }));
}
