// A thin picture of the call above the position slider: a row for each speaker, gaps hatched, and
// a mark under what is covered in the sound.

const ROW_PX = 7;
const SPACE_PX = 2;
const COVER_PX = 3;

function drawStrip(canvas, model) {
  const width = canvas.clientWidth;
  const rows = Math.max(1, model.speakers.length);
  const below = model.covered.length ? SPACE_PX + COVER_PX : 0;
  const height = rows * (ROW_PX + SPACE_PX) - SPACE_PX + below;
  if (!width) return;
  const scale = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const x = (ms) => (ms / Math.max(1, model.duration)) * width;
  const box = (start, end, top, tall) => pen.fillRect(x(start), top, Math.max(1, x(end) - x(start)), tall);
  pen.fillStyle = style.getPropertyValue("--gap");
  for (const row of model.rows) if (row.kind === "gap") box(row.start, row.end, 0, height);
  const colours = model.speakers.map((_, n) => style.getPropertyValue(`--solid-${model.colourOf(n)}`));
  for (const line of model.lines) {
    if (line.speaker < 0) continue;
    pen.fillStyle = colours[line.speaker];
    box(line.start, line.end, line.speaker * (ROW_PX + SPACE_PX), ROW_PX);
  }
  pen.fillStyle = style.getPropertyValue("--soft");
  for (const [start, end] of model.covered) box(start, end, height - COVER_PX, COVER_PX);
}
