// Brings files, uploads and Streamlit together. What is under way is kept with the window, so that
// reruns and page switches don't disturb it.

const AT_ONCE = 2;
const shared = (window.partylineUploads ??= { list: [], view: null, terms: null });

/** Send as many as may be under way. Starting one reports a change, which asks again. */
function sendNext() {
  const count = (state) => shared.list.filter((upload) => upload.state === state).length;
  while (count("sending") < AT_ONCE && count("waiting")) {
    shared.list.find((upload) => upload.state === "waiting").start();
  }
}

class DropDesk {
  constructor(root) {
    this.root = root;
    this.rows = new Map();
    this.abort = new AbortController();
    this.pick = (name) => root.querySelector(`[data-part="${name}"]`);
    this.#listen();
  }

  get terms() {
    return shared.terms;
  }

  #listen() {
    const options = { signal: this.abort.signal };
    const area = this.pick("area");
    const files = this.pick("files");
    this.pick("choose").addEventListener("click", () => files.click(), options);
    files.addEventListener("change", () => {
      this.add([...files.files]);
      files.value = "";
    }, options);
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.classList.add("over");
    }, options);
    area.addEventListener("dragleave", () => area.classList.remove("over"), options);
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      area.classList.remove("over");
      this.add([...event.dataTransfer.files]);
    }, options);
    // A file dropped beside the area would otherwise replace the page.
    for (const kind of ["dragover", "drop"]) {
      window.addEventListener(kind, (event) => event.preventDefault(), options);
    }
    window.addEventListener("beforeunload", (event) => {
      if (shared.list.some((upload) => upload.going)) event.preventDefault();
    }, options);
  }

  /** Take files; a field that is still being typed in gets the time to report its value. */
  add(files) {
    if (!files.length) return;
    document.activeElement?.blur?.();
    for (const file of files) shared.list.push(new Upload(file, proxy));
    this.draw();
    setTimeout(() => this.pump(), 400);
  }

  pump() {
    sendNext();
  }

  /** Take what Python hands over: token, options, and the calls it knows of. */
  update(data, emit) {
    const fresh = data.token !== shared.terms?.token;
    shared.terms = {
      token: data.token,
      options: data.options,
      details: data.details,
      limit: data.limit,
    };
    this.emit = emit;
    shared.list = shared.list.filter((u) => u.state !== "done" || !data.known.includes(u.call));
    if (fresh) {
      for (const upload of shared.list) if (upload.state === "renewing") upload.start();
    }
    this.draw();
    this.report();
    this.pump();
  }

  /** Tell Python all finished uploads it doesn't know yet; saying it twice does no harm. */
  report() {
    const done = shared.list.filter((u) => u.state === "done").map((u) => u.call);
    if (done.length) this.emit("uploaded", done);
  }

  needToken() {
    this.emit("wanted", { kind: "token", at: Date.now() });
  }

  open(upload) {
    this.emit("wanted", { kind: "open", call: upload.call, at: Date.now() });
    this.remove(upload);
  }

  remove(upload) {
    shared.list = shared.list.filter((other) => other !== upload);
    this.draw();
  }

  changed(upload) {
    if (["done", "failed", "duplicate"].includes(upload.state)) {
      this.pick("spoken").textContent = `${upload.file.name}: ${stateWords(upload)}`;
    }
    if (upload.state === "done") this.report();
    this.draw();
    this.pump();
  }

  moved(upload) {
    const row = this.rows.get(upload.id);
    const bar = row?.querySelector("progress");
    if (!bar) return;
    bar.value = share(upload);
    row.querySelector(".said").textContent = stateWords(upload);
  }

  draw() {
    const list = this.pick("uploads");
    this.rows = new Map(shared.list.map((upload) => [upload.id, uploadRow(upload, this)]));
    list.replaceChildren(...this.rows.values());
    list.hidden = !shared.list.length;
  }

  leave() {
    this.abort.abort();
  }
}

// Uploads outlive the view they began in: they speak to whichever view there is now.
const proxy = {
  get terms() {
    return shared.terms;
  },
  changed: (upload) => (shared.view ? shared.view.changed(upload) : sendNext()),
  moved: (upload) => shared.view?.moved(upload),
  needToken: () => shared.view?.needToken(),
  pump: sendNext,
};

export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".drop");
  if (shared.view?.root !== root) {
    shared.view?.leave();
    shared.view = new DropDesk(root);
  }
  shared.view.update(data, (name, value) => setTriggerValue(name, value));
  return () => {
    if (shared.view?.root === root) {
      shared.view.leave();
      shared.view = null;
    }
  };
}
