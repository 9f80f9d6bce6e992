// One file on its way to the server: sent as it lies on the disk, never through Streamlit.

const UPLOAD_PATH = "/-/upload";
const ABOUT_HEADER = "X-Partyline-Recording";
const TOO_LARGE = 413;
const PAUSES_MS = [1000, 3000, 8000];
const SENTENCES = {
  network: "The connection broke off. Check the network and try again.",
  answer: "The server gave no usable answer. Please try again.",
};

/** What goes with a recording, as a header may carry it. Addresses would end up in proxies' logs. */
function packed(about) {
  const bytes = new TextEncoder().encode(JSON.stringify(about));
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

class Upload {
  /** `desk` gives token and options when sending begins, and is told about changes. */
  constructor(file, desk) {
    this.file = file;
    this.desk = desk;
    this.id = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    this.state = "waiting";
    this.sent = 0;
    this.said = "";
    this.tries = 0;
    this.call = null;
    this.retryable = true;
  }

  get going() {
    return ["waiting", "sending", "pausing", "renewing"].includes(this.state);
  }

  #set(state, said = "") {
    this.state = state;
    this.said = said;
    this.desk.changed(this);
  }

  start() {
    const { token, options, details, limit } = this.desk.terms;
    // Sent all the same it would be refused, for some networks by breaking the connection.
    if (this.file.size > limit.bytes) {
      this.#refused(limit.sentence);
      return;
    }
    const request = new XMLHttpRequest();
    this.request = request;
    request.open("PUT", UPLOAD_PATH);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader(ABOUT_HEADER, packed({ name: this.file.name, options, details }));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      this.sent = event.loaded;
      this.desk.moved(this);
    });
    request.addEventListener("load", () => this.#answered(request));
    request.addEventListener("error", () => this.#broken());
    request.addEventListener("abort", () => this.#set("cancelled", "Cancelled"));
    this.sent = 0;
    this.token = token;
    this.#set("sending");
    request.send(this.file);
  }

  #answered(request) {
    let answer = null;
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // Below: an answer that can't be read counts as none.
    }
    if (request.status < 300 && answer?.call_id) {
      this.call = answer.call_id;
      // Sent again after a break, it may have arrived whole the first time.
      this.#set(answer.duplicate && !this.tries ? "duplicate" : "done");
      return;
    }
    if (request.status === 401 && this.renewed !== this.token) {
      this.renewed = this.token;
      this.#set("renewing");
      this.desk.needToken();
      return;
    }
    if (request.status === TOO_LARGE && !answer?.error) {
      // A proxy with a limit of its own has no sentence.
      this.#refused(this.desk.terms.limit.sentence);
      return;
    }
    const error = answer?.error;
    this.retryable = error ? Boolean(error.retryable) : true;
    this.#set("failed", error?.message ?? SENTENCES.answer);
  }

  #refused(sentence) {
    this.retryable = false;
    this.#set("failed", sentence);
  }

  #broken() {
    const pause = PAUSES_MS[this.tries];
    this.tries += 1;
    if (pause === undefined) {
      this.tries = 0;
      this.#set("failed", SENTENCES.network);
      return;
    }
    this.#set("pausing", "The connection broke off; trying again…");
    this.timer = setTimeout(() => this.state === "pausing" && this.start(), pause);
  }

  cancel() {
    clearTimeout(this.timer);
    if (this.state === "sending") this.request.abort();
    else this.#set("cancelled", "Cancelled");
  }

  retry() {
    this.tries = 0;
    this.#set("waiting");
    this.desk.pump();
  }
}
