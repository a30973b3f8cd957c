// Where the values of a drawn figure stand, and what is read at a place. Marks say it themselves: their
// tooltips hold the name (`title`) and each value under its label, written on the server.

export function least(list, of) {
  let found;
  let lowest = Infinity;
  list.forEach((one) => {
    const far = of(one);
    if (far < lowest) [found, lowest] = [one, far];
  });
  return found;
}

export const labelsOf = (told) => Object.keys(told).filter((label) => label !== "title");
const keyOf = (item) => item && JSON.stringify(item.told);
const middle = (item, start, size) => (item[`${start}2`] === undefined || item[size] ? item[start] + (item[size] || 0) / 2 : (item[start] + item[`${start}2`]) / 2);

function panelAt(name, left, top, { width, height }) {
  return { name, left, top, right: left + width, bottom: top + height, items: [] };
}

// The scene of Vega as panels with the marks that say something. `along`: lines are read at one place.
function panelsOf(scene, along) {
  const panels = [];
  const begin = (...where) => panels[panels.push(panelAt(...where)) - 1];
  const walk = (group, left, top, panel) => group.items.forEach((mark) => mark.items.forEach((item) => {
    if (mark.marktype === "group") {
      const [x, y] = [left + (item.x || 0), top + (item.y || 0)];
      walk(item, x, y, /(^|_)(group|cell)$/.test(mark.name || "") ? begin(mark.name, x, y, item) : panel);
    } else if (item.tooltip && item.defined !== false) {
      const [x, y] = [left + middle(item, "x", "width"), top + middle(item, "y", "height")];
      if (Number.isFinite(x) && Number.isFinite(y)) panel.items.push({ x, y, mark, told: item.tooltip });
    }
  }));
  walk(scene, 0, 0, begin("", 0, 0, scene));
  return panels.filter(({ items }) => items.length).map((panel) => sorted(panel, along));
}

function sorted(panel, along) {
  const series = [...new Set(panel.items.map(({ mark }) => mark))];
  const isLine = ({ mark }) => mark.marktype === "line";
  panel.items.sort((a, b) => series.indexOf(a.mark) - series.indexOf(b.mark) || (isLine(a) ? 0 : a.y - b.y || a.x - b.x));
  const places = [...new Set(panel.items.map(({ x }) => x))].sort((a, b) => a - b);
  return Object.assign(panel, { series, places, along: along && panel.items.every(isLine) });
}

export class Reading {
  constructor(scene, { along, steps, ahead }) {
    Object.assign(this, { steps, ahead, panels: panelsOf(scene, along) });
    this.stops = this.panels.flatMap((panel) => (panel.along
      ? panel.places.map((x) => ({ panel, x })) : panel.items.map((item) => ({ panel, x: item.x, item }))));
  }

  first() {
    const { panel } = this.stops[0] || {};
    return panel?.along ? this.stops[Math.floor(panel.places.length / 2)] : this.stops[0];
  }

  nearest({ x, y }, slack = Infinity) {
    const outside = (p) => Math.hypot(Math.max(p.left - x, 0, x - p.right), Math.max(p.top - y, 0, y - p.bottom));
    const panel = least(this.panels, outside);
    if (!panel || outside(panel) > slack) return null;
    return least(this.stops.filter((stop) => stop.panel === panel), ({ x: at, item }) => (item ? Math.hypot(at - x, item.y - y) : Math.abs(at - x)));
  }

  // The same place after the figure was drawn anew, or the nearest that is left.
  again(before) {
    const panel = this.panels.find(({ name }) => name === before?.panel.name);
    if (!panel) return this.first();
    const key = keyOf(before.item || exact(before));
    const same = panel.items.find((item) => keyOf(item) === key);
    if (same) return this.stops.find((stop) => stop.panel === panel && (stop.item ? stop.item === same : stop.x === same.x));
    return this.nearest({ x: before.x, y: before.item?.y ?? panel.top });
  }

  beside(at, by) {
    return this.stops[Math.max(0, Math.min(this.stops.length - 1, this.stops.indexOf(at) + by))];
  }

  // Up and down: the next mark above or below, or the panel there.
  beyond(at, down) {
    const height = ({ item, panel }) => item?.y ?? panel.top;
    const there = this.stops.filter((stop) => (!at.item && stop.panel === at.panel ? false : down * (height(stop) - height(at)) > 0.5));
    return least(there, (stop) => 4 * Math.abs(stop.x - at.x) + Math.abs(height(stop) - height(at))) || at;
  }

  // What stands at a place: of every line there, or of the one mark; nothing between the points of a line.
  rows({ panel, x, item }) {
    if (item) return [{ item, told: item.told }];
    return panel.series.map((series) => {
      const mine = panel.items.filter(({ mark }) => mark === series);
      const last = mine.filter((one) => one.x <= x).at(-1);
      const holds = last && (last.x === x || (this.steps && last !== mine.at(-1)));
      if (!holds) return { told: { title: mine[0].told.title } };
      const told = { ...last.told };
      // Counted just before a place, while the curve holds from it on.
      if (this.ahead) told[this.ahead] = mine.find((one) => one.x >= x)?.told[this.ahead] ?? "0";
      return { item: { x, y: last.y }, told };
    });
  }

  // "Months 12.3": what all that is read there has in common.
  heading(at) {
    const told = exact(at)?.told;
    const [label] = told ? labelsOf(told) : [];
    return label ? { label, value: told[label] } : null;
  }
}

function exact({ panel, x, item }) {
  return item ? null : panel.items.find((one) => one.x === x);
}
