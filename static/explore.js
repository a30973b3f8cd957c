// A figure to be explored: drawn again in place, with its values at the pointer or the keyboard. Vega is loaded
// when somebody asks for it and never before; it evaluates without eval, and nothing is styled inline.
import { asked, button, libraryLoaded, line, made, named, shape, swatch } from "./explore-parts.js";
import { Reading } from "./explore-reading.js";

const { gettext, interpolate } = window;
const CLOSER = 1.6;
const shifted = (ends, by) => ends.map((end) => end + by);

function dropLegends(group) {
  delete group.legends;
  (group.marks || []).forEach(dropLegends);
}

export async function explore(opener, [style, vega, interpreter]) {
  const figure = opener.closest("figure");
  const drawing = figure.querySelector("[data-drawn]");
  figure.querySelector(".explore-failed")?.remove();
  let exploration;
  try {
    const [spec, expr] = await Promise.all([asked(opener.dataset.explore), libraryLoaded(style, vega, interpreter)]);
    exploration = new Exploration(figure, drawing, opener, spec);
    await exploration.open(expr);
  } catch {
    exploration?.box?.remove();
    Object.assign(opener, { disabled: false, hidden: false });
    drawing.hidden = false;
    const said = made("p", "explore-failed small", gettext("This figure could not be drawn to be explored. Its drawing and its table are as they were."));
    opener.parentElement.after(named(said, { role: "alert" }));
  }
}

class Exploration {
  constructor(figure, drawing, opener, spec) {
    Object.assign(this, { figure, drawing, opener, spec, about: spec.usermeta, hidden: [], home: {}, at: null, drag: null });
    spec.background = null; // the sheet's own, light or dark
    if (this.about.families.length) dropLegends(spec);
  }

  async open(expr) {
    const { vega } = window;
    const isPicture = this.drawing.matches(".chart-picture");
    const isWide = this.drawing.matches(".wide, .chart-wide *");
    const title = this.opener.dataset.title;
    this.box = made("div", "explore");
    this.stage = named(made("div", `explore-stage drawing${isWide ? " wide" : ""}${isPicture ? " natural" : ""}`), {
      tabindex: 0, role: "application",
      "aria-label": interpolate(gettext("%s. Arrow keys go from value to value, T to the table, Escape back to the drawing."), [title]),
    });
    this.plot = named(made("div", "explore-plot"), { "aria-hidden": "true" });
    this.drawn = made("div", "explore-drawn");
    this.mark = shape("svg", { class: "explore-mark" });
    this.said = made("div", "explore-said drawing");
    this.live = named(made("p", "visually-hidden"), { role: "status" });
    const legends = this.about.families.map((family, k) => this.legend(family, k));
    if (this.drawing.lang) [this.stage, this.said, ...legends].forEach((one) => { one.lang = this.drawing.lang; });
    this.plot.append(this.drawn, this.mark);
    this.stage.append(this.plot);
    this.box.append(this.stage, this.said, ...legends, this.tools(), this.live);
    this.drawing.after(this.box);
    this.view = new vega.View(vega.parse(this.spec, null, { ast: true }), {
      expr, renderer: "svg", container: this.drawn, hover: false, logLevel: vega.None, tooltip() {},
    });
    this.scheme = window.matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => this.run({ dark: (document.documentElement.dataset.theme || (this.scheme.matches ? "dark" : "light")) === "dark" });
    this.scheme.addEventListener("change", this.recolour);
    await this.recolour();
    if (isPicture) this.plot.style.setProperty("--own", `${this.mark.getAttribute("width")}px`);
    this.listen();
    this.drawing.hidden = this.opener.hidden = true;
    this.show(this.reading.first());
    this.stage.focus({ preventScroll: true });
  }

  close() {
    this.scheme.removeEventListener("change", this.recolour);
    this.view.finalize();
    this.box.remove();
    Object.assign(this.opener, { hidden: false, disabled: false });
    this.drawing.hidden = false;
    this.opener.focus();
  }

  tools() {
    const bar = made("p", "explore-tools");
    if (this.about.panels.length) {
      bar.append(
        button("+", gettext("Closer"), () => this.zoom(CLOSER)), button("−", gettext("Further away"), () => this.zoom(1 / CLOSER)),
        button(gettext("Whole"), gettext("The whole figure"), () => this.zoom(0)),
      );
    }
    bar.append(button(gettext("Back to the drawing"), "", () => this.close()));
    return bar;
  }

  // The legend as buttons: each shows or hides its series.
  legend(family, number) {
    const list = named(made("div", "explore-legend drawing"), { role: "group", "aria-label": family.title || gettext("Series") });
    if (family.title) list.append(made("span", "quiet", family.title));
    family.names.forEach((name, k) => {
      const key = `${number}:${name}`;
      const one = named(button("", "", () => {
        const isHidden = this.hidden.includes(key);
        this.hidden = isHidden ? this.hidden.filter((other) => other !== key) : [...this.hidden, key];
        one.setAttribute("aria-pressed", String(isHidden));
        this.run({ hidden: this.hidden });
      }), { "aria-pressed": "true" });
      one.append(swatch(family, k), made("span", "", name));
      list.append(one);
    });
    return list;
  }

  async run(signals) {
    Object.entries(signals).forEach(([name, value]) => this.view.signal(name, value));
    await this.view.runAsync();
    const drawn = this.drawn.querySelector("svg");
    this.root = drawn.querySelector(".root");
    ["viewBox", "width", "height"].forEach((name) => this.mark.setAttribute(name, drawn.getAttribute(name)));
    this.reading = new Reading(this.view.scenegraph().root.items[0], this.about);
    if (this.at) this.show(this.reading.again(this.at));
  }

  show(at, aloud = false) {
    const rows = at ? this.reading.rows(at) : [];
    const heading = at && this.reading.heading(at);
    this.at = at || this.at;
    this.said.replaceChildren(...rows.map((row) => line(row, heading?.label, this.swatchOf(row.told.title))));
    if (heading) this.said.prepend(made("p", "explore-place", `${heading.label} ${heading.value}`));
    if (!at) this.said.append(made("p", "quiet", gettext("Every series is hidden.")));
    this.live.textContent = aloud ? [...this.said.children].map((one) => one.textContent.trim()).join(". ") : "";
    this.mark.replaceChildren(...(at ? [this.pointed(at, rows)] : []));
  }

  swatchOf(name) {
    const family = this.about.families.find(({ names }) => names.includes(name));
    return family && swatch(family, family.names.indexOf(name));
  }

  pointed({ panel, x, item }, rows) {
    const { e, f } = this.root.ownerSVGElement.getScreenCTM().inverse().multiply(this.root.getScreenCTM());
    const group = shape("g", { transform: `translate(${e} ${f})` });
    if (!item && isIn(panel, { x, y: panel.top })) group.append(shape("path", { d: `M${x} ${panel.top}V${panel.bottom}` }));
    rows.filter((row) => row.item && isIn(panel, row.item)).forEach(({ item: { x: cx, y: cy } }) => group.append(shape("circle", { cx, cy, r: 5 })));
    return group;
  }

  // By keyboard: said aloud, and brought into sight where one is close up.
  async reach(at) {
    this.show(at, true);
    const { panel, x, item } = at;
    const y = item?.y ?? (panel.top + panel.bottom) / 2;
    if (isIn(panel, { x, y }) || !this.axesOf(panel)) return;
    const off = { x: x - (panel.left + panel.right) / 2, y: item ? y - (panel.top + panel.bottom) / 2 : 0 };
    await this.move(panel, (side, ends) => shifted(ends, off[side]));
  }

  axesOf(panel) { return this.about.panels.find(({ group }) => group === panel?.name); }

  zoom(factor) {
    if (!factor) return this.run(Object.fromEntries(this.about.panels.flatMap(({ x, y }) => [[x.signal, null], [y.signal, null]])));
    const panel = [this.at?.panel, ...this.reading.panels].find((one) => this.axesOf(one));
    if (!panel) return undefined;
    const read = panel === this.at?.panel ? this.reading.rows(this.at).find(({ item }) => item)?.item : null;
    const { x = (panel.left + panel.right) / 2, y = (panel.top + panel.bottom) / 2 } = read || {};
    const centre = { x: x - panel.left, y: y - panel.top };
    return this.move(panel, (side, ends) => ends.map((end) => centre[side] + (end - centre[side]) / factor));
  }

  // New ends of a panel's axes, given in its pixels; never beyond those it began with.
  move(panel, ends) {
    const axes = this.axesOf(panel);
    const signals = ["x", "y"].map((side) => {
      const scale = this.view.scale(axes[side].scale);
      const home = this.home[axes[side].scale] ??= scale.domain();
      const [low, high] = [Math.min(...home), Math.max(...home)];
      const wanted = ends(side, scale.range()).map((pixel) => Math.max(low, Math.min(high, scale.invert(pixel))));
      const isWhole = Math.min(...wanted) === low && Math.max(...wanted) === high;
      return [axes[side].signal, isWhole || wanted[0] === wanted[1] ? null : wanted];
    });
    return this.run(Object.fromEntries(signals));
  }

  listen() {
    const place = ({ clientX, clientY }) => new DOMPoint(clientX, clientY).matrixTransform(this.root.getScreenCTM().inverse());
    const read = (event) => { const found = this.reading.nearest(place(event), 24); if (found) this.show(found); };
    this.plot.addEventListener("pointermove", (event) => {
      const { drag } = this;
      if (!drag) return read(event);
      const to = place(event);
      this.drag = Object.assign(to, { panel: drag.panel });
      return this.move(drag.panel, (side, ends) => shifted(ends, drag[side] - to[side]));
    });
    this.plot.addEventListener("pointerdown", (event) => {
      read(event);
      if (event.pointerType === "mouse" && this.axesOf(this.at?.panel) && this.view.signal("zoomed")) this.drag = Object.assign(place(event), { panel: this.at.panel });
    });
    ["pointerup", "pointerleave", "pointercancel"].forEach((name) => this.plot.addEventListener(name, () => { this.drag = null; }));
    this.stage.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 1;
    const beside = (by) => () => this.reach(this.reading.beside(this.at, by));
    const beyond = (down) => () => this.reach(this.reading.beyond(this.at, down));
    const closer = this.about.panels.length ? { "+": CLOSER, "=": CLOSER, "-": 1 / CLOSER, 0: 0 } : {};
    const does = {
      ArrowRight: beside(far), ArrowLeft: beside(-far), Home: beside(-Infinity), End: beside(Infinity), ArrowUp: beyond(-1), ArrowDown: beyond(1),
      Escape: () => this.close(), t: () => this.table(), T: () => this.table(),
    }[event.key] || (event.key in closer && (() => this.zoom(closer[event.key])));
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }

  table() {
    const details = this.figure.querySelector("details");
    if (details) details.open = true;
    (details?.querySelector(".twin") || this.figure.querySelector("[data-table]") || details?.querySelector("summary"))?.focus();
  }
}

const isIn = (panel, { x, y }) => x >= panel.left - 1 && x <= panel.right + 1 && y >= panel.top - 1 && y <= panel.bottom + 1;
