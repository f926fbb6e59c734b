// Instead of a microphone a tone, and an ear at what a page's telephone hears.
// `window.tone` is what to say, in Hz; `window.asked` counts how often a microphone was asked for.
(() => {
  let ear = null;
  let sound = null;
  let source = null;
  window.asked = 0;

  function begin() {
    sound ??= new AudioContext({ sampleRate: 48000 });
    sound.resume();
    return sound;
  }

  // A page that is not open yet has none.
  const devices = navigator.mediaDevices ?? {};
  devices.getUserMedia = async () => {
    window.asked += 1;
    const context = begin();
    const voice = new OscillatorNode(context, { frequency: window.tone });
    const quieter = new GainNode(context, { gain: 0.3 });
    const microphone = context.createMediaStreamDestination();
    voice.connect(quieter).connect(microphone);
    voice.start();
    return microphone.stream;
  };

  function listen(track) {
    ear = new AnalyserNode(begin(), { fftSize: 8192, smoothingTimeConstant: 0 });
    source?.disconnect();
    source = sound.createMediaStreamSource(new MediaStream([track]));
    source.connect(ear);
  }

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", ({ track }) => listen(track));
    }
  };

  window.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      window.sockets.push(this);
    }
  };

  // The level at each of these frequencies (Hz) now, in dBFS.
  window.levelsAt = (frequencies) => {
    if (ear === null) return frequencies.map(() => -200);
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const level = (place) => (Number.isFinite(levels[place]) ? levels[place] : -200);
    return frequencies.map((each) => {
      const place = Math.round((each * ear.fftSize) / sound.sampleRate);
      return Math.max(level(place - 1), level(place), level(place + 1));
    });
  };

  // The loudest frequency heard now, in Hz, and its level in dBFS.
  window.report = () => {
    if (ear === null) return { pitch: 0, level: -200 };
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const loudest = levels.reduce((best, level, place) => (level > levels[best] ? place : best), 0);
    const level = Number.isFinite(levels[loudest]) ? levels[loudest] : -200;
    return { pitch: (loudest * sound.sampleRate) / ear.fftSize, level };
  };
})();
