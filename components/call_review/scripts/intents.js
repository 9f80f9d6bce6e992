// What the person wants changed: shown at once, then sent to the server, which answers with a new
// version of the transcript.

const intents = {
  send(intent) {
    this.emit({ ...intent, sent: Date.now() });
  },

  rename(speaker, name) {
    if (name === speaker.label) return;
    if (name) Object.assign(speaker, { label: name, sure: -1 });
    this.peopleChanged();
    this.send({ kind: "rename", speaker: speaker.id, name });
  },

  setRole(speaker, role) {
    if (role === speaker.role) return;
    this.model.setRole(speaker, role);
    this.peopleChanged();
    this.send({ kind: "set_role", speaker: speaker.id, role });
  },

  swapRoles() {
    this.model.swapRoles();
    this.peopleChanged();
    this.send({ kind: "swap_roles" });
  },

  merge(speaker, into) {
    this.send({ kind: "merge", speaker: speaker.id, into: into.id });
  },

  unmerge(speaker) {
    this.send({ kind: "unmerge", speaker: speaker.id });
  },

  peopleChanged() {
    drawPeople(this.pick("people"), this);
    drawStrip(this.pick("strip"), this.model);
    this.list.renewAll();
  },

  lineMenu(line, anchor) {
    const corrected = this.mayEdit && line.flags & FLAG.corrected;
    const edit = { text: "Edit text…", act: () => this.edit(line, "correct") };
    const comment = { text: "Comment…", act: () => this.edit(line, "comment") };
    openMenu(this.root, anchor, `Line at ${clock(line.start)}`, [
      { text: "Play from here", act: () => this.playFrom(line) },
      ...(this.mayEdit ? [edit] : []),
      ...(corrected ? [{ text: "Back to the recognised text", act: () => this.saveEdit(line, "correct", "") }] : []),
      ...(this.mayEdit ? [comment] : []),
      { text: "Copy link to this moment", act: () => this.copyLink(line) },
    ]);
  },

  edit(line, kind) {
    const before = this.editing;
    this.editing = { line, kind, text: kind === "correct" ? line.text : "" };
    if (before) this.list.renew(this.model.rowOfLine.get(before.line.order));
    const row = this.model.rowOfLine.get(line.order);
    this.list.pinned = row;
    this.list.renew(row);
    this.list.rows.get(row)?.querySelector("textarea")?.focus();
  },

  editor() {
    const { line, kind, text } = this.editing;
    return lineEditor(kind, text, {
      onSave: (typed) => this.saveEdit(line, kind, typed.trim()),
      onLeave: () => this.endEdit(line),
      onInput: (typed) => {
        this.editing.text = typed;
      },
    });
  },

  saveEdit(line, kind, text) {
    if (kind === "correct" && text !== line.text) {
      if (text) this.model.correct(line, text);
      this.send({ kind: "correct", utterance: line.id, text });
    }
    if (kind === "comment" && text) {
      this.model.addComment(line.id, { id: null, author: "You", at: new Date().toISOString(), text });
      this.send({ kind: "comment", utterance: line.id, text });
    }
    this.endEdit(line);
  },

  endEdit(line) {
    this.editing = null;
    this.list.pinned = -1;
    const row = this.model.rowOfLine.get(line.order);
    this.list.renew(row);
    this.list.rows.get(row)?.querySelector(".more")?.focus();
  },

  deleteComment(line, comment) {
    this.model.dropComment(line.id, comment.id);
    this.list.renew(this.model.rowOfLine.get(line.order));
    this.send({ kind: "delete_comment", comment: comment.id });
  },

  async copyLink(line) {
    const link = new URL("call", document.baseURI);
    link.search = new URLSearchParams({ call: this.call, t: String(line.start) }).toString();
    const copied = await navigator.clipboard?.writeText(link.href).then(() => true, () => false);
    if (copied) {
      this.player.notice("Link copied.");
      setTimeout(() => this.player.notice(""), 2500);
      return;
    }
    askText(this.root, { title: "Link to this moment", label: "Copy this address", value: link.href, onSave: () => {} });
  },
};
