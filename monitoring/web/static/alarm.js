// A short two-tone signal, once for each thing that becomes critical, unless it is muted.
//
// Browsers allow sound only after a key or click on the page; until then the button says so.

const TONES = [880, 660];
const TONE_SECONDS = 0.18;
const KEPT = "hotline.wall.muted";

export class Alarm {
  constructor(button, words) {
    this.button = button;
    this.words = words;
    this.context = null;
    this.muted = localStorage.getItem(KEPT) === "yes";
    button.addEventListener("click", () => this.pressed());
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() === "m" && !event.ctrlKey && !event.metaKey && !event.altKey) this.pressed();
    });
    this.show();
  }

  get allowed() {
    return this.context?.state === "running";
  }

  async pressed() {
    if (!this.muted && !this.allowed) {
      this.context ??= new AudioContext();
      await this.context.resume();
      this.ring();
    } else {
      this.muted = !this.muted;
      localStorage.setItem(KEPT, this.muted ? "yes" : "no");
    }
    this.show();
  }

  ring() {
    if (this.muted || !this.allowed) return;
    TONES.forEach((frequency, place) => {
      const start = this.context.currentTime + place * TONE_SECONDS;
      const tone = new OscillatorNode(this.context, { frequency, type: "triangle" });
      const volume = new GainNode(this.context, { gain: 0 });
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.4, start + 0.02);
      volume.gain.linearRampToValueAtTime(0, start + TONE_SECONDS);
      tone.connect(volume).connect(this.context.destination);
      tone.start(start);
      tone.stop(start + TONE_SECONDS);
    });
  }

  show() {
    const state = this.muted ? "muted" : this.allowed ? "on" : "blocked";
    this.button.dataset.state = state;
    this.button.setAttribute("aria-pressed", String(this.muted));
    this.button.querySelector(".word").textContent = this.words(`wall.sound_${state}`);
  }
}
