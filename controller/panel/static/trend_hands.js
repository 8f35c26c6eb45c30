// Moving a trend: dragged by finger or mouse, pinched, zoomed by wheel, and all of it by keys.

import { endOf, startOf, within } from "./trend_view.js";

const KEYS = {
  ArrowLeft: (start, end) => [start - (end - start) / 4, end - (end - start) / 4],
  ArrowRight: (start, end) => [start + (end - start) / 4, end + (end - start) / 4],
  "+": (start, end) => [start + (end - start) / 4, end - (end - start) / 4],
  "=": (start, end) => [start + (end - start) / 4, end - (end - start) / 4],
  "-": (start, end) => [start - (end - start) / 2, end + (end - start) / 2],
};

/** Fingers and mouse on a chart; `viewNow()` is what it shows, `look(view)` shows another. Returns `{ stop, held }`: how to let go,
 *  and whether a finger is on it. */
export function handle(chart, viewNow, look) {
  const over = chart.over;
  const fingers = new Map();
  /** Where the picture was when the fingers came. */
  let begun = null;
  let shown = null;

  const inside = (x) => (x - over.getBoundingClientRect().left) / over.clientWidth;
  const spread = () => {
    const places = [...fingers.values()].map(inside);
    return [Math.min(...places), Math.max(...places)];
  };
  const begin = () => {
    const view = viewNow();
    begun = { start: shown?.start ?? startOf(view), end: shown?.end ?? endOf(view), at: spread() };
  };
  const show = (start, end) => {
    shown = { start, end };
    chart.setScale("x", { min: start / 1000, max: end / 1000 });
  };
  const settle = () => {
    if (shown) look(within(viewNow(), shown.start, shown.end));
    shown = null;
  };

  const down = (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, event.clientX);
    over.setPointerCapture(event.pointerId);
    begin();
  };
  const moved = (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event.clientX);
    const [left, right] = spread();
    const { start, end, at } = begun;
    const span = end - start;
    if (fingers.size === 1) {
      if (shown || Math.abs(left - at[0]) * over.clientWidth > 4) show(start - (left - at[0]) * span, end - (left - at[0]) * span);
    } else {
      // what was under both fingers stays under them
      const next = (span * (at[1] - at[0])) / Math.max(0.05, right - left);
      const first = start + at[0] * span - left * next;
      show(first, first + next);
    }
  };
  const up = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (fingers.size) begin();
    else settle();
  };
  const stop = bound([[over, "pointerdown", down], [over, "pointermove", moved], [over, "pointerup", up], [over, "pointercancel", up]]);
  return { stop, held: () => fingers.size > 0 };
}

/** Keys and wheel on the box around it: they work also while it is drawn anew. */
export function handleKeys(box, viewNow, look) {
  const wheel = (event) => {
    if (!event.ctrlKey && document.activeElement !== box) return;
    event.preventDefault();
    const view = viewNow();
    const place = (box.querySelector(".u-over") ?? box).getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - place.left) / place.width));
    const span = view.span * 1000 * 1.2 ** Math.sign(event.deltaY);
    const start = startOf(view) + at * (view.span * 1000 - span);
    look(within(view, start, start + span));
  };
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const view = viewNow();
    if (event.key === "End") look({ ...view, to: null });
    else if (KEYS[event.key]) look(within(view, ...KEYS[event.key](startOf(view), endOf(view))));
    else return;
    event.preventDefault();
  };
  return bound([[box, "wheel", wheel], [box, "keydown", key]]);
}

function bound(all) {
  for (const [where, name, what] of all) where.addEventListener(name, what, { passive: false });
  return () => all.forEach(([where, name, what]) => where.removeEventListener(name, what));
}
