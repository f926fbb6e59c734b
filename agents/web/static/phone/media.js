// The sound of one call: G.711 and keys over WebRTC, in answer to what the house offers.

const WANTED = ["audio/PCMA", "audio/PCMU", "audio/telephone-event"];
const RATE = 8000;
const KEY_MS = 100;
const GAP_MS = 70;

// One for the page: an element for each call would stay for as long as the page does.
const speaker = new Audio();

export class Media {
  // `microphone` is a track that stays ours: the call sends a copy of it, so that it can be muted
  // while the level of the voice is still seen.
  constructor({ microphone, speakerId = "", onLost }) {
    this.track = microphone.clone();
    this.connection = new RTCPeerConnection();
    this.sender = this.connection.addTrack(this.track);
    this.connection.ontrack = ({ track }) => this.#play(new MediaStream([track]), speakerId);
    this.connection.onconnectionstatechange = () => {
      if (this.connection.connectionState === "failed") onLost();
    };
  }

  get muted() {
    return !this.track.enabled;
  }

  // The answer to an offer, of a new call or of a re-INVITE; `held` stops what we say and hear.
  async answer(offer) {
    await this.connection.setRemoteDescription({ type: "offer", sdp: offer });
    for (const transceiver of this.connection.getTransceivers()) prefer(transceiver);
    await this.connection.setLocalDescription();
    return this.connection.localDescription.sdp;
  }

  // For a re-INVITE without an offer: ours, and then what the house answers.
  async offer() {
    await this.connection.setLocalDescription();
    return this.connection.localDescription.sdp;
  }

  async answered(sdp) {
    await this.connection.setRemoteDescription({ type: "answer", sdp });
  }

  mute(on) {
    this.track.enabled = !on;
  }

  async changeMicrophone(track) {
    const fresh = track.clone();
    fresh.enabled = this.track.enabled;
    await this.sender.replaceTrack(fresh);
    this.track.stop();
    this.track = fresh;
  }

  async changeSpeaker(id) {
    await speaker.setSinkId?.(id);
  }

  sendKeys(keys) {
    this.sender.dtmf?.insertDTMF(keys, KEY_MS, GAP_MS);
  }

  stats() {
    return this.connection.getStats();
  }

  // Said by the browser to the house too (DTLS close_notify).
  close() {
    this.track.stop();
    this.connection.ontrack = this.connection.onconnectionstatechange = null;
    this.connection.close();
    if (speaker.srcObject === this.heard) speaker.srcObject = null;
  }

  async #play(stream, speakerId) {
    this.heard = stream;
    speaker.srcObject = stream;
    if (speakerId) await this.changeSpeaker(speakerId);
    // Refused where the page was never clicked in: the panel asks for a click, which plays it.
    await this.resume();
  }

  resume() {
    return speaker.play().catch(() => undefined);
  }
}

function prefer(transceiver) {
  const known = RTCRtpReceiver.getCapabilities("audio").codecs;
  const ours = WANTED.flatMap((kind) =>
    known.filter((codec) => codec.mimeType === kind && codec.clockRate === RATE),
  );
  transceiver.setCodecPreferences(ours);
}
