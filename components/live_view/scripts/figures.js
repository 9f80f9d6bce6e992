// The figures beside the transcript: shares of talk, who speaks when, and the course of sentiment.

const TRACK_PX = 9;
const TRACK_SPACE_PX = 4;
const COURSE = { width: 300, height: 72 };

function drawShares(pick, model) {
  const shares = model.shares();
  pick("shares").replaceChildren(
    ...shares.map(({ person, share }) => {
      const bar = make("span", { class: `share of-${person.colour}` });
      bar.style.flexGrow = String(Math.max(0.002, share));
      return bar;
    }),
  );
  const told = shares.map(({ person, share, ms }) => `${person.label} ${percent(share)}, ${lengthInWords(ms)}`);
  pick("shares").setAttribute("aria-label", told.length ? `Shares of talk: ${told.join("; ")}` : "Nobody has spoken yet");
  pick("talkers").replaceChildren(
    ...shares.map(({ person, share, ms }) =>
      make(
        "li",
        { class: `talker of-${person.colour}` },
        make("span", { class: "dot", "aria-hidden": "true" }),
        make("span", { class: "name" }, person.label),
        roleOf(person),
        make("span", { class: "figure" }, `${percent(share)} \u00b7 ${lengthInWords(ms)}`),
      ),
    ),
  );
  const { overlap = null, silence = null } = model.figures ?? {};
  const quiet = [
    overlap === null ? null : `Both at once ${overlap ? lengthInWords(overlap) : "0 s"}`,
    silence === null ? null : `nobody speaks ${silence ? lengthInWords(silence) : "0 s"}`,
  ].filter(Boolean);
  pick("quiet").textContent = shares.length ? quiet.join(", ") : "Nobody has spoken yet.";
}

function roleOf(person) {
  if (person.role === "unknown" || person.label.toLowerCase() === person.role) return null;
  return make("span", { class: "role" }, ROLE_WORDS[person.role]);
}

/** A row for each speaker over the time of the whole call; what is missing is shaded. */
function drawTimeline(pick, model, elapsed) {
  const canvas = pick("timeline");
  const width = canvas.clientWidth;
  if (!width) return;
  const people = model.people.roleFirst();
  const track = new Map(people.map((person, n) => [person.id, n]));
  const height = Math.max(1, people.length) * (TRACK_PX + TRACK_SPACE_PX);
  const scale = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const whole = Math.max(1000, elapsed, model.at);
  const box = (start, end, top, tall) => {
    pen.fillRect((start / whole) * width, top, Math.max(1, ((end - start) / whole) * width), tall);
  };
  pen.fillStyle = style.getPropertyValue("--gap");
  for (const { warning } of model.warnings.values()) {
    if (GAP_LIKE.has(warning.kind)) box(warning.start, warning.end, 0, height);
  }
  for (let n = 0; n < people.length; n += 1) box(0, whole, n * (TRACK_PX + TRACK_SPACE_PX) + TRACK_PX / 2, 1);
  const colours = people.map((person) => style.getPropertyValue(`--solid-${person.colour}`));
  for (const row of model.lines.values()) {
    const n = track.get(row.speaker);
    if (n === undefined) continue;
    pen.fillStyle = colours[n];
    box(row.start, row.end, n * (TRACK_PX + TRACK_SPACE_PX), TRACK_PX);
  }
  pick("scale-end").textContent = clock(whole);
  const names = people.map((person) => person.label).join(", ");
  canvas.setAttribute("aria-label", names ? `When ${names} spoke, up to ${clock(whole)}` : "Nobody has spoken yet");
}

function svgNode(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

function drawCourse(pick, model, elapsed) {
  const { width, height } = COURSE;
  const whole = Math.max(1000, elapsed, model.at);
  const x = (ms) => ((ms / whole) * width).toFixed(1);
  const y = (score) => (height / 2 - score * (height / 2 - 3)).toFixed(1);
  const svg = svgNode("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(svgNode("path", { class: "zero", d: `M0 ${height / 2}H${width}` }));
  for (const speaker of model.course.keys()) {
    const points = model.coursePoints(speaker);
    const way = points.map(([at, score], n) => `${n ? "L" : "M"}${x(at)} ${y(score)}`).join("");
    const person = model.people.get(speaker);
    const last = points.at(-1);
    svg.append(svgNode("path", {
      class: `way of-${person?.colour ?? "grey"}${person?.role === "agent" ? " dotted" : ""}`,
      // A single point is a path without length: a short stroke makes it visible.
      d: points.length > 1 ? way : `${way}h2`,
    }), svgNode("path", { class: `tip of-${person?.colour ?? "grey"}`, d: `M${x(last[0])} ${y(last[1])}h0.01` }));
  }
  pick("course").replaceChildren(
    make("span", { class: "pole", "aria-hidden": "true" }, "Positive"),
    svg,
    make("span", { class: "pole low", "aria-hidden": "true" }, "Negative"),
  );
  drawMoods(pick, model);
}

function drawMoods(pick, model) {
  const people = model.people.roleFirst().filter((person) => model.moods.has(person.id));
  pick("moods").replaceChildren(
    ...people.map((person) =>
      make(
        "li",
        { class: `talker of-${person.colour}` },
        make("span", { class: `stroke${person.role === "agent" ? " dotted" : ""}`, "aria-hidden": "true" }),
        make("span", { class: "name" }, person.label),
        make("span", { class: "soft" }, "last line"),
        moodMark(model.moods.get(person.id)),
      ),
    ),
  );
  const told = people.map((person) => `${person.label}, last line ${model.moods.get(person.id).label}`);
  pick("course").setAttribute("aria-label", told.length ? `Course of sentiment. ${told.join("; ")}` : "No sentiment is known yet");
}
