// A telephone in a page: an oscillator for a microphone, an analyser for an ear.
async function begin(frequency) {
  const sound = new AudioContext({ sampleRate: 48000 });
  await sound.resume();
  const voice = new OscillatorNode(sound, { frequency });
  const quieter = new GainNode(sound, { gain: 0.3 });
  const microphone = sound.createMediaStreamDestination();
  voice.connect(quieter).connect(microphone);
  voice.start();
  const call = new RTCPeerConnection();
  const ear = new AnalyserNode(sound, { fftSize: 8192, smoothingTimeConstant: 0 });
  call.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    // Chromium decodes what an element plays, and only then gives it to the graph.
    const player = new Audio();
    player.muted = true;
    player.srcObject = stream;
    player.play();
    sound.createMediaStreamSource(stream).connect(ear);
    window.player = player;
  };
  const [track] = microphone.stream.getTracks();
  const sender = call.addTrack(track, microphone.stream);
  Object.assign(window, { call, ear, sound, keys: sender.dtmf });
}

async function gathered() {
  while (call.iceGatheringState !== "complete") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return call.localDescription.sdp;
}

async function offer() {
  await call.setLocalDescription(await call.createOffer());
  return gathered();
}

async function accept(sdp) {
  await call.setRemoteDescription({ type: "answer", sdp });
}

async function answer(sdp) {
  await call.setRemoteDescription({ type: "offer", sdp });
  await call.setLocalDescription(await call.createAnswer());
  return gathered();
}

function press(key) {
  keys.insertDTMF(key, 100, 70);
}

// The loudest frequency heard now, in Hz, and its level in dBFS.
function report() {
  const levels = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(levels);
  const loudest = levels.reduce((best, level, place) => (level > levels[best] ? place : best), 0);
  const level = Number.isFinite(levels[loudest]) ? levels[loudest] : -200;
  const pitch = (loudest * sound.sampleRate) / ear.fftSize;
  return { state: call.connectionState, pitch, level };
}
