// The sound and its controls. The audio element outlives reruns of the page: it is kept with the
// call's state and only attached to new controls.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const STEP_MS = 5000;

class Player {
  /** `state` is the call's kept state, `onTime(ms)` is told where the sound is. */
  constructor(root, state, hooks) {
    this.state = state;
    this.hooks = hooks;
    this.audio = state.audio;
    this.abort = new AbortController();
    this.pick = (name) => root.querySelector(`[data-part="${name}"]`);
    this.parts = Object.fromEntries(
      ["play", "back", "forward", "slider", "now", "total", "speed", "mute", "volume", "notice"].map(
        (name) => [name, this.pick(name)],
      ),
    );
    for (const speed of SPEEDS) {
      if (this.parts.speed.options.length < SPEEDS.length) {
        this.parts.speed.append(make("option", { value: speed }, `${speed}×`));
      }
    }
    this.#listen();
    this.#show();
    if (!this.audio.paused) this.#tick();
  }

  get ms() {
    return this.state.wanted ?? this.audio.currentTime * 1000;
  }

  get duration() {
    return this.state.duration || this.audio.duration * 1000 || 0;
  }

  #listen() {
    const options = { signal: this.abort.signal };
    const on = (part, kind, act) => this.parts[part].addEventListener(kind, act, options);
    on("play", "click", () => this.toggle());
    on("back", "click", () => this.step(-STEP_MS));
    on("forward", "click", () => this.step(STEP_MS));
    on("slider", "input", () => this.seek(Number(this.parts.slider.value)));
    on("speed", "change", () => this.setSpeed(Number(this.parts.speed.value)));
    on("mute", "click", () => this.#setVolume(this.state.volume ? 0 : 1));
    on("volume", "input", () => this.#setVolume(Number(this.parts.volume.value)));
    for (const kind of ["play", "pause", "ended", "timeupdate", "seeked"]) {
      this.audio.addEventListener(kind, () => this.#changed(kind), options);
    }
    this.audio.addEventListener("loadedmetadata", () => this.#placeWanted(), options);
    this.audio.addEventListener("error", () => this.#failed(), options);
  }

  /** Take a source; an unchanged call keeps the one it has, so that nothing is loaded again. */
  load(url, { sound = "", again = false, without = "" } = {}) {
    if (!url) {
      this.#disable(without);
      return;
    }
    const same = this.state.source && this.state.sound === sound;
    if (same && !again) return;
    // Another sound of the same call goes on where the one before was; nothing of that is heard.
    if (!again) this.state.wanted = this.ms;
    this.state.going = same ? this.state.going : !this.audio.paused;
    this.state.source = url;
    this.state.sound = sound;
    this.#enable();
    this.audio.src = url;
    this.audio.playbackRate = this.state.speed;
    if (this.state.going) this.play();
    this.notice("");
  }

  #placeWanted() {
    if (this.state.wanted !== null) {
      this.audio.currentTime = this.state.wanted / 1000;
      this.state.wanted = null;
    }
    this.audio.playbackRate = this.state.speed;
    this.#show();
  }

  seek(ms, { play = false } = {}) {
    const at = clamp(ms, 0, Math.max(0, this.duration - 20));
    if (this.audio.readyState > 0) this.audio.currentTime = at / 1000;
    else this.state.wanted = at;
    if (play) this.play();
    this.#show(at);
  }

  step(ms) {
    this.seek(this.ms + ms);
  }

  toggle() {
    if (this.audio.paused) this.play();
    else this.audio.pause();
  }

  play() {
    if (this.parts.play.disabled) return;
    this.audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.notice("Press play to start the sound.");
    });
  }

  setSpeed(speed) {
    this.state.speed = speed;
    this.audio.playbackRate = speed;
    this.#show();
  }

  /** Go to the next faster (+1) or slower (-1) speed. */
  shiftSpeed(direction) {
    const now = SPEEDS.indexOf(this.state.speed);
    this.setSpeed(SPEEDS[clamp(now + direction, 0, SPEEDS.length - 1)]);
  }

  #setVolume(volume) {
    this.state.volume = volume;
    this.audio.volume = volume;
    this.#show();
  }

  notice(text) {
    this.parts.notice.textContent = text;
    this.parts.notice.hidden = !text;
  }

  #disable(reason) {
    // What was loaded before may not be heard any more.
    this.audio.pause();
    this.state.source = null;
    this.audio.removeAttribute("src");
    this.#enable(false);
    this.notice(reason);
  }

  #enable(able = true) {
    for (const name of ["play", "back", "forward", "speed", "mute", "volume"]) {
      this.parts[name].disabled = !able;
    }
  }

  #failed() {
    if (!this.state.source) return;
    // A failed load forgets the position; what was heard last is where to go on.
    this.state.wanted = this.state.heard;
    if (this.state.renewals < 2) {
      this.state.renewals += 1;
      this.hooks.renew();
      return;
    }
    this.notice("The sound of this call could not be loaded. Reload the page to try again.");
  }

  #changed(kind) {
    if (kind === "play") {
      this.state.going = true;
      this.notice("");
      this.#tick();
    }
    if (kind === "pause" || kind === "ended") this.state.going = false;
    if (kind === "timeupdate" && this.audio.readyState > 1 && this.audio.currentTime > 0) {
      this.state.heard = this.audio.currentTime * 1000;
      this.state.renewals = 0;
    }
    this.#show();
  }

  #tick() {
    cancelAnimationFrame(this.frame);
    const next = () => {
      this.#show();
      if (!this.audio.paused && !this.abort.signal.aborted) this.frame = requestAnimationFrame(next);
    };
    this.frame = requestAnimationFrame(next);
  }

  /** Show where the sound is once more: how long it is may be known better now. */
  refresh() {
    this.#show();
  }

  #show(at = this.ms) {
    const { play, slider, now, total, speed, mute, volume } = this.parts;
    const going = !this.audio.paused && !this.audio.ended;
    if (play.dataset.going !== String(going)) {
      play.dataset.going = String(going);
      setIcon(play, going ? "pause" : "play");
      play.setAttribute("aria-label", going ? "Pause" : "Play");
    }
    const text = clock(at);
    if (now.textContent !== text) {
      now.textContent = text;
      slider.setAttribute("aria-valuetext", `${text} of ${clock(this.duration)}`);
    }
    slider.max = String(Math.max(1, this.duration));
    slider.value = String(at);
    slider.style.setProperty("--done", `${this.duration ? (100 * at) / this.duration : 0}%`);
    total.textContent = clock(this.duration);
    speed.value = String(this.state.speed);
    volume.value = String(this.state.volume);
    const silent = String(this.state.volume === 0);
    if (mute.dataset.silent !== silent) {
      mute.dataset.silent = silent;
      setIcon(mute, this.state.volume === 0 ? "muted" : "volume");
      mute.setAttribute("aria-label", this.state.volume === 0 ? "Sound on" : "Sound off");
    }
    this.hooks.onTime(at);
  }

  leave() {
    this.abort.abort();
    cancelAnimationFrame(this.frame);
  }
}
