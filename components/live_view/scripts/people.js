// Who takes part: names, roles, and the colours that go with them, as on the page of a call.

const OTHER_COLOURS = ["violet", "green", "grey"];
const ROLE_RANK = { agent: 0, customer: 1, unknown: 2 };

class People {
  constructor() {
    this.known = new Map();
  }

  /** Note a speaker, or what is known better of one; tells whether that changes what is shown. */
  tell({ id, label, role, channel }) {
    const before = this.known.get(id);
    const same = before && before.label === label && before.role === role;
    this.known.set(id, { id, label, role: role in ROLE_RANK ? role : "unknown", channel, colour: "grey" });
    if (same) {
      this.known.get(id).colour = before.colour;
      return false;
    }
    this.#colour();
    return true;
  }

  // The first agent and the first customer keep the colour of their role.
  #colour() {
    const free = new Set(["agent", "customer"]);
    let others = 0;
    for (const person of this.known.values()) {
      if (free.delete(person.role)) person.colour = person.role;
      else {
        person.colour = OTHER_COLOURS[others % OTHER_COLOURS.length];
        others += 1;
      }
    }
  }

  get(id) {
    return this.known.get(id) ?? null;
  }

  nameOf(id) {
    return this.known.get(id)?.label ?? "Speaker";
  }

  colourOf(id) {
    return this.known.get(id)?.colour ?? "grey";
  }

  /** Agents, customers, then the rest. */
  roleFirst() {
    return [...this.known.values()].sort((a, b) => ROLE_RANK[a.role] - ROLE_RANK[b.role]);
  }
}
