// What of a call outlives reruns and a visit to other pages, and where what is told ends up.

const KEPT_CALLS = 3;
const OVER = new Set(["landed", "gone", "refused"]);
const keptCalls = (window.partylineLive ??= new Map());

/** What of a call survives reruns and a visit to other pages: what was told, and the place. */
function keptCall(call) {
  const kept = keptCalls.get(call) ?? {
    model: new LiveModel(), feed: null, link: "connecting", following: true, scrollTop: 0, unread: 0, open: {}, tellLanded: false,
  };
  keptCalls.delete(call);
  keptCalls.set(call, kept);
  for (const [other, old] of keptCalls) {
    if (keptCalls.size <= KEPT_CALLS) break;
    old.feed?.close();
    keptCalls.delete(other);
  }
  return kept;
}

/** Listen to a call. What is told goes into the kept model, and to the view while there is one. */
function openFeed(kept, url) {
  const { model } = kept;
  const link = (state) => {
    kept.link = state;
    model.touch("state");
    kept.view?.soon();
  };
  const told = (message, received) => {
    if (message.type === "history") {
      for (const event of Array.isArray(message.events) ? message.events : []) takeEvent(model, event, { live: false });
      if (Object.hasOwn(STATE_WORDS, message.state)) model.state = message.state;
      if (Number.isFinite(message.began_ms)) model.began = message.began_ms;
      model.touch("state", "time");
    } else if (takeEvent(model, message)) kept.view?.paints.received(message, received);
    if (model.landed !== null && kept.link !== "landed") {
      kept.tellLanded = true;
      kept.feed?.close();
      link("landed");
    }
    kept.view?.soon();
  };
  return new Feed({
    url, told, link,
    after: () => model.n,
    renew: () => kept.view?.send({ kind: "fresh_links" }),
  });
}
