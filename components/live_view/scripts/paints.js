// How soon an event is on screen, for measurements from outside.
//
// For every event that arrives while the page is visible there is one `performance.measure` named
// "partyline-live:event-to-paint". It begins when the message has reached the page (before it is
// read) and ends in the second animation frame after that, when the frame that shows it has been
// painted: an upper bound, by one frame at most. Its `detail` is `{n, type}`. Only the last entries
// are kept; a PerformanceObserver for "measure" (buffered) gets them all. The marks
// "partyline-live:received" and "partyline-live:handled" stand around the work of each frame.

const PAINT = "partyline-live:event-to-paint";
const RECEIVED = "partyline-live:received";
const HANDLED = "partyline-live:handled";
const MOST_PAINTS = 3000;

class Paints {
  constructor() {
    this.waiting = [];
    this.count = 0;
  }

  /** An event is here that the next frame will show. */
  received(told, at) {
    if (document.hidden) return;
    this.waiting.push({ n: told.n ?? null, type: told.type, at });
  }

  /** The frame's work is done; what waited for it is on screen by the next one. */
  handled() {
    const shown = this.waiting;
    this.waiting = [];
    if (!shown.length) return;
    performance.mark(RECEIVED, { startTime: shown[0].at });
    performance.mark(HANDLED);
    requestAnimationFrame(() => {
      const end = performance.now();
      this.count += shown.length;
      if (this.count > MOST_PAINTS) {
        this.count = shown.length;
        for (const name of [RECEIVED, HANDLED]) performance.clearMarks(name);
        performance.clearMeasures(PAINT);
      }
      for (const { n, type, at } of shown) performance.measure(PAINT, { start: at, end, detail: { n, type } });
    });
  }
}
