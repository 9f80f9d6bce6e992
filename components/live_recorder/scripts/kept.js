// What has been recorded and is not yet on the server's disk.

const FRAMES_PER_MS = 16;

/**
 * Chunks in order, in parts: between two parts nothing was recorded. Only the first part is
 * numbered; the next one gets its number from the server, which knows how long the silence is.
 */
class Kept {
  constructor(channels, limitMs, parts = [{ first: 0, gapMs: null, chunks: [], frames: 0 }]) {
    this.channels = channels;
    this.limitMs = limitMs;
    this.parts = parts;
  }

  get frames() {
    return this.parts.reduce((sum, part) => sum + part.frames, 0);
  }

  get ms() {
    return Math.round(this.frames / FRAMES_PER_MS);
  }

  get isFull() {
    return this.ms >= this.limitMs;
  }

  get head() {
    return this.parts[0];
  }

  /** The frame after the last one of the numbered part. */
  get end() {
    return this.head.first + this.head.frames;
  }

  get isSent() {
    return this.parts.length === 1 && this.head.frames === 0;
  }

  /** Keep a chunk that follows on the last one. */
  add(pcm) {
    const part = this.parts.at(-1);
    part.chunks.push(pcm);
    part.frames += pcm.length / this.channels;
  }

  /** What follows was recorded `gapMs` later (null: nobody knows). */
  interrupt(gapMs) {
    const last = this.parts.at(-1);
    if (this.parts.length > 1 && last.frames === 0 && !last.asked) {
      if (last.gapMs !== null && gapMs !== null) last.gapMs += gapMs;
      return;
    }
    this.parts.push({ first: null, gapMs, chunks: [], frames: 0 });
  }

  /** Everything before frame `next` is safe. */
  ack(next) {
    const { head } = this;
    while (head.chunks.length) {
      const frames = head.chunks[0].length / this.channels;
      if (head.first + frames > next) break;
      head.chunks.shift();
      head.first += frames;
      head.frames -= frames;
    }
    if (!head.chunks.length) head.first = Math.max(head.first, next);
  }

  /** How long the call is up to here, with the silences known so far. */
  get callMs() {
    const silent = this.parts.reduce((sum, part) => sum + (part.gapMs ?? 0), 0);
    return Math.round(this.head.first / FRAMES_PER_MS + this.ms + silent);
  }

  /** The server is asked for the silence behind the first part; it may know of it from now on. */
  ask() {
    this.parts[1].asked = true;
    return this.parts[1].gapMs;
  }

  get isAsked() {
    return Boolean(this.parts[1]?.asked);
  }

  /** The first part is done; the one after it begins at frame `first`. */
  number(first) {
    this.parts.shift();
    Object.assign(this.head, { first, gapMs: null, asked: false });
  }

  /** The same as the beginning of another call. */
  asNew() {
    const [first, ...others] = this.parts.filter((part) => part.frames > 0);
    const head = { ...first, first: 0, gapMs: null, asked: false };
    const rest = others.map((part) => ({ ...part, first: null, asked: false }));
    return new Kept(this.channels, this.limitMs, [head, ...rest]);
  }

  /** How many chunks of the numbered part lie wholly before this frame. */
  chunksBefore(frame) {
    let at = this.head.first;
    let count = 0;
    for (const chunk of this.head.chunks) {
      at += chunk.length / this.channels;
      if (at > frame) break;
      count += 1;
    }
    return count;
  }

  /** A chunk as it is sent: position of its first frame, then the samples. */
  packet(order) {
    const { head } = this;
    let frame = head.first;
    for (let n = 0; n < order; n += 1) frame += head.chunks[n].length / this.channels;
    const pcm = head.chunks[order];
    const packet = new ArrayBuffer(8 + pcm.byteLength);
    new DataView(packet).setBigUint64(0, BigInt(frame), true);
    new Int16Array(packet, 8).set(pcm);
    return packet;
  }
}

// --- over a reload --------------------------------------------------------------------------------

const STASH = "partyline.sound.";
const UNITS_AT_ONCE = 8192;

function unitsOf(pcm) {
  const units = new Uint16Array(pcm.buffer, pcm.byteOffset, pcm.length);
  let text = "";
  for (let at = 0; at < units.length; at += UNITS_AT_ONCE) {
    text += String.fromCharCode(...units.subarray(at, at + UNITS_AT_ONCE));
  }
  return text;
}

/**
 * Put what is not yet safe where this tab finds it after a reload; samples are UTF-16 units. `more`
 * says when the last of it was heard, and how the call stood: paused, ended, over.
 */
function stash(call, kept, more) {
  const parts = kept.parts.map(({ first, gapMs, frames, asked }) => ({ first, gapMs, frames, asked }));
  const about = { ...more, channels: kept.channels, parts };
  const sound = kept.parts.flatMap((part) => part.chunks).map(unitsOf).join("");
  try {
    sessionStorage.setItem(STASH + call, `${JSON.stringify(about)}\n${sound}`);
  } catch {
    // Not even its own room is enough: what was said is in a gap then, which the server marks.
    sessionStorage.removeItem(STASH + call);
  }
}

/** Return what was put away for a call, or null. It stays there until it is dropped. */
function stashed(call, limitMs) {
  const text = sessionStorage.getItem(STASH + call);
  if (!text) return null;
  const end = text.indexOf("\n");
  try {
    const about = JSON.parse(text.slice(0, end));
    let at = end + 1;
    const parts = about.parts.map((part) => {
      const pcm = new Int16Array(part.frames * about.channels);
      for (let n = 0; n < pcm.length; n += 1) pcm[n] = text.charCodeAt(at + n);
      at += pcm.length;
      return { ...part, chunks: split(pcm, about.channels) };
    });
    return { ...about, kept: new Kept(about.channels, limitMs, parts) };
  } catch {
    return null;
  }
}

/** The calls that were over before all of it was sent, of which something is left here. */
function stashedRests() {
  const calls = Object.keys(sessionStorage).filter((key) => key.startsWith(STASH));
  return calls.map((key) => key.slice(STASH.length)).filter((call) => stashed(call, 0)?.over);
}

/** Cut into chunks of 100 ms, so that each fits the server's limit. */
function split(pcm, channels) {
  const step = CHUNK_FRAMES * channels;
  const chunks = [];
  for (let at = 0; at < pcm.length; at += step) chunks.push(pcm.slice(at, at + step));
  return chunks;
}

function dropStash(call) {
  sessionStorage.removeItem(STASH + call);
}
