// What an explored figure is made of: the library, loaded once, and elements.
import { labelsOf } from "./explore-reading.js";

const NS = "http://www.w3.org/2000/svg";
const SHAPES = {
  circle: "M8 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0", square: "M8 2h8v8h-8z", "triangle-up": "M12 1.5l4.6 8.5h-9.2z", "triangle-down": "M12 10.5l4.6-8.5h-9.2z",
  diamond: "M12 1l4 5l-4 5l-4-5z", cross: "M10.5 2h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5v-3h2.5z", arrow: "M12 1l4 4h-2.5v6h-3v-6h-2.5z",
};
let library = null;

function loaded(tag, attributes) {
  return new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: reject }));
  });
}

export function libraryLoaded(style, vega, interpreter) {
  library ??= Promise.all([
    loaded("link", { rel: "stylesheet", href: style }),
    loaded("script", { src: vega }).then(() => import(interpreter)),
    ...["12px", "bold 12px"].map((size) => document.fonts.load(`${size} "Liberation Sans"`)),
  ]).then(([, { expressionInterpreter }]) => expressionInterpreter).catch((error) => { library = null; throw error; });
  return library;
}

export async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

export const made = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
export const named = (one, attributes) => { Object.entries(attributes).forEach(([name, value]) => one.setAttribute(name, value)); return one; };
export const shape = (tag, attributes) => named(document.createElementNS(NS, tag), attributes);

export function button(text, label, press) {
  const one = Object.assign(made("button", "btn btn-sm", text), { type: "button", onclick: press });
  return label ? named(one, { "aria-label": label }) : one;
}

export function swatch({ colours, dashes, shapes }, k) {
  const [colour, form] = [colours?.[k] || "currentColor", SHAPES[shapes?.[k]]];
  const drawn = shape("svg", { viewBox: "0 0 24 12", "aria-hidden": "true", class: "explore-swatch" });
  if (dashes || !form) drawn.append(shape("path", { d: "M0 6H24", stroke: colour, "stroke-width": 2, "stroke-dasharray": (dashes?.[k] || [1, 0]).join(" ") }));
  if (form) drawn.append(shape("path", { d: form, fill: colour }));
  return drawn;
}

// Name and values of a row as elements; `but` is said in the heading already.
export function line({ told }, but, sign) {
  const row = made("p", "");
  const put = (where, ...what) => where.append(made(...what), " ");
  if (sign) row.append(sign, " ");
  if (told.title) put(row, "strong", "", told.title);
  const labels = labelsOf(told).filter((label) => label !== but);
  labels.forEach((label) => {
    const pair = made("span", "explore-pair");
    put(pair, "span", "quiet", label);
    put(pair, "span", "explore-value", told[label]);
    row.append(pair, " ");
  });
  if (!labels.length) put(row, "span", "explore-value", "–");
  return row;
}
