// Small helps on top of pages that work without them. htmx does the partial pages.
"use strict";

// Menus close when one clicks elsewhere; Escape gives the focus back.
document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    source.select();
    navigator.clipboard?.writeText(source.value).then(() => { copy.textContent = gettext("Copied"); });
  }
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    hideTip();
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
  const typing = event.target.closest("input, textarea, select");
  const search = document.querySelector("[data-search]");
  if (event.key === "/" && !typing && search) {
    event.preventDefault();
    search.focus();
  }
});

// A select that filters a list sends its form at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change] select:not([data-no-submit])")) event.target.form.requestSubmit();
});

// A dangerous button asks once; a form that starts something is sent once, and says at once that it goes.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (question && !answered.delete(event.target)) {
    event.preventDefault();
    ask(question, event.target, event.submitter);
  } else if (event.target.matches("[data-once]")) {
    const buttons = event.target.querySelectorAll("button[type=submit]");
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => buttons.forEach((button) => { button.disabled = true; })); // the pressed one is sent
  }
});
// The question stands in the page: Escape leaves all as it is, and the focus goes back to the button.
const answered = new Set();
function ask(question, form, submitter) {
  const box = Object.assign(document.createElement("dialog"), { className: "ask" });
  const text = Object.assign(document.createElement("p"), { id: "ask-question", textContent: question });
  const acts = Object.assign(document.createElement("div"), { className: "form-actions" });
  const stay = button(gettext("Leave it as it is"), "btn");
  const said = submitter?.getAttribute("aria-label") || submitter?.textContent.trim() || gettext("Go on");
  const go = button(said, submitter?.classList.contains("btn-danger") ? "btn btn-danger" : "btn btn-primary");
  box.setAttribute("role", "alertdialog");
  box.setAttribute("aria-labelledby", text.id);
  stay.addEventListener("click", () => box.close());
  go.addEventListener("click", () => box.close("go"));
  box.addEventListener("close", () => {
    box.remove();
    if (box.returnValue !== "go") return;
    answered.add(form);
    if (!form.isConnected) document.body.append(Object.assign(form, { hidden: true })); // its part of the page was drawn anew meanwhile
    form.requestSubmit(submitter);
  });
  acts.append(stay, go);
  box.append(text, acts);
  document.body.append(box);
  box.showModal();
}
const button = (textContent, className) => Object.assign(document.createElement("button"), { type: "button", textContent, className });

window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[data-once] button[aria-busy]").forEach((button) => {
    button.removeAttribute("aria-busy");
    button.form.querySelectorAll("button").forEach((one) => { one.disabled = false; });
  });
});

// Files may be dropped on the zone around a file field.
document.querySelectorAll("[data-drop]").forEach((zone) => {
  const field = zone.querySelector("input[type=file]");
  const mark = (on) => (event) => { event.preventDefault(); zone.classList.toggle("over", on); };
  zone.addEventListener("dragover", mark(true));
  zone.addEventListener("dragleave", mark(false));
  zone.addEventListener("drop", (event) => {
    mark(false)(event);
    if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
  });
});

// Forms: what was typed stays in this tab until it is saved, and leaving with unsaved work asks first.
const TYPED = "input:not([type=hidden]):not([type=file]):not([type=submit]), textarea, select";
const isKept = (form) => form.method === "post" && form.closest("main") && form.querySelector(TYPED)
  && !form.querySelector("input[type=password]")
  && !form.matches("[data-no-guard], [data-draw], [data-resumable], [role=search], .bulk");
const typedIn = (form) => [...form.elements]
  .filter((field) => field.name && field.matches(TYPED) && (!["checkbox", "radio"].includes(field.type) || field.checked))
  .map((field) => [field.name, field.value]);
const first = [...document.querySelectorAll("[data-focus]")].find((one) => !one.closest("[data-no-guard]"));
const wrong = first?.matches("[role=alert]");
const hasReturned = ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
let dirty = false;
const sent = new Map(); // by form what notes that it left: not before a question is answered
// It is for the one who typed it alone: what somebody else left in this tab goes.
const { person = "" } = document.body.dataset;
if (person) Object.keys(sessionStorage).filter((key) => key.startsWith("kept:") && !key.startsWith(`kept:${person}:`))
  .forEach((key) => sessionStorage.removeItem(key));

document.querySelectorAll("main form").forEach((form, number) => {
  if (!isKept(form)) return;
  const key = `kept:${person}:${form.dataset.keep || `${location.pathname}:${form.getAttribute("action") || number}`}`;
  const version = form.dataset.version || "";
  const kept = JSON.parse(sessionStorage.getItem(key) || "null");
  const isStored = kept && kept.isSent && !hasReturned;
  if (wrong || isStored || !kept || kept.version !== version || JSON.stringify(kept.cells) === JSON.stringify(typedIn(form))) {
    if (!wrong) sessionStorage.removeItem(key);
  } else offer(form, key, kept);
  const write = (isSent) => sessionStorage.setItem(key, JSON.stringify({ version, isSent, at: Date.now(), cells: typedIn(form) }));
  form.addEventListener("input", (event) => {
    if (!event.target.matches(TYPED)) return;
    dirty = true;
    write(false);
  });
  sent.set(form, () => { if (sessionStorage.getItem(key)) write(true); });
});

function offer(form, key, kept) {
  const box = form.querySelector("[data-kept]") || form.insertAdjacentElement("afterbegin", keptBox());
  const forget = () => { sessionStorage.removeItem(key); box.hidden = true; };
  box.hidden = false;
  box.querySelector("[data-kept-when]").textContent = new Date(kept.at).toLocaleTimeString();
  box.querySelector("[data-kept-drop]").addEventListener("click", forget);
  box.querySelector("[data-kept-restore]").addEventListener("click", () => {
    form.querySelectorAll("input[type=checkbox]").forEach((field) => { field.checked = false; });
    const rows = new Map();
    kept.cells.forEach(([name, value]) => {
      const found = form.elements[nameHere(form, name, rows)];
      const fields = found instanceof RadioNodeList ? [...found] : [found];
      fields.filter(Boolean).forEach((field) => {
        if (!["checkbox", "radio"].includes(field.type)) field.value = value;
        else if (field.value === value) field.checked = true;
      });
    });
    dirty = true;
    box.hidden = true;
  });
}

// A row that is not stored yet has another key whenever the form is shown: the first goes into the first.
const NEW_ROW = /^(f-\w+-)(new[0-9a-f]+)(-\w+)$/;
function nameHere(form, name, rows) {
  const [, kind, key, part] = NEW_ROW.exec(name) || [];
  if (!kind || form.elements[name]) return name;
  if (!rows.has(kind + key)) rows.set(kind + key, freeRow(form, kind, rows) || rowMade(form, kind, key));
  return rows.get(kind + key) + part;
}
const newRows = (form, kind) => [...new Set([...form.elements].map((field) => NEW_ROW.exec(field.name))
  .filter((found) => found?.[1] === kind).map((found) => kind + found[2]))];
function freeRow(form, kind, rows) {
  const taken = [...rows.values()];
  return newRows(form, kind).find((row) => !taken.includes(row));
}
function rowMade(form, kind, key) {
  const row = [...form.querySelectorAll(".entry-row")].filter((one) => one.querySelector(`[name^="${kind}"]`)).at(-1);
  if (!row) return kind + key;
  const like = row.querySelector("[name]").name.replace(/\w+$/, "");
  const copy = document.createElement("template");
  copy.innerHTML = row.outerHTML.replaceAll(like, `${kind}${key}-`);
  row.after(copy.content);
  window.htmx?.process(row.nextElementSibling);
  return kind + key;
}

function keptBox() {
  const box = document.createElement("div");
  box.className = "kept";
  box.dataset.kept = "";
  const word = document.createElement("span");
  const when = document.createElement("span");
  when.dataset.keptWhen = "";
  const [before, after] = gettext("There is unsaved work from %s in this tab.").split("%s");
  word.append(before, when, after);
  const [back, forget] = [gettext("Put it back"), gettext("Forget it")].map((text) => button(text, "btn btn-sm"));
  [back.dataset.keptRestore, forget.dataset.keptDrop] = ["", ""];
  box.append(word, back, forget);
  return box;
}

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  dirty = false;
  sent.get(event.target)?.();
  if (event.target.action.endsWith("/account/logout/")) sessionStorage.clear();
});
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
// A browser may show a page again as it stood: whoever has come since gets one of their own, or none.
sessionStorage.setItem("person", person);
window.addEventListener("pageshow", (event) => {
  if (!event.persisted || sessionStorage.getItem("person") === person) return;
  dirty = false;
  document.body.replaceChildren();
  location.reload();
});
// The session was over before the form arrived: after signing in it is offered again.
if (location.pathname.startsWith("/account/login")) {
  Object.keys(sessionStorage).filter((key) => key.startsWith("kept:")).forEach((key) => {
    const kept = JSON.parse(sessionStorage.getItem(key) || "null");
    if (kept?.isSent) sessionStorage.setItem(key, JSON.stringify({ ...kept, isSent: false }));
  });
}

// Ctrl+S saves the form one is in.
document.addEventListener("keydown", (event) => {
  const form = document.querySelector("form[data-guard]");
  if (form && event.key === "s" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) form.requestSubmit(form.querySelector("button[type=submit]"));
  }
});

// A word or number that says more: on pointing, on focus, on tapping. Escape hides it; it can be pointed at.
let tip = null;
let leaving = 0;

function showTip(target) {
  clearTimeout(leaving);
  if (tip && tip.target === target) return;
  hideTip();
  const box = document.createElement("div");
  Object.assign(box, { className: "tip", id: "tip", textContent: target.dataset.tip });
  box.setAttribute("role", "tooltip");
  document.body.append(box);
  target.setAttribute("aria-describedby", "tip");
  const at = target.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8));
  const isLow = at.bottom + box.offsetHeight + 12 > window.innerHeight && at.top > box.offsetHeight + 12;
  box.style.left = `${left + window.scrollX}px`;
  box.style.top = `${(isLow ? at.top - box.offsetHeight - 6 : at.bottom + 6) + window.scrollY}px`;
  tip = { box, target };
}

function hideTip() {
  tip?.target.removeAttribute("aria-describedby");
  tip?.box.remove();
  tip = null;
}

const tipped = (event) => event.target instanceof Element && event.target.closest("[data-tip]");
document.addEventListener("pointerover", (event) => {
  if (tipped(event)) showTip(tipped(event));
  else if (event.target instanceof Element && event.target.closest(".tip")) clearTimeout(leaving);
});
document.addEventListener("pointerout", (event) => { if (tip && event.pointerType !== "touch") leaving = setTimeout(hideTip, 250); });
document.addEventListener("focusin", (event) => { if (tipped(event)) showTip(tipped(event)); else hideTip(); });
document.addEventListener("click", (event) => {
  const target = tipped(event);
  if (!target) return hideTip();
  // On a touch screen the first tap explains, the second follows the link.
  if (window.matchMedia("(hover: none)").matches && target.matches("a") && !target.dataset.told) {
    event.preventDefault();
    target.dataset.told = "yes";
  }
  showTip(target);
});

// A figure leaves as SVG or PNG, for white paper whatever the page looks like, and as the numbers of its table.
document.addEventListener("click", async (event) => {
  const kind = event.target.closest("[data-save]")?.dataset.save;
  if (!kind) return;
  const figure = event.target.closest("figure, article, section");
  const drawing = figure.querySelector("svg:not(.icon)");
  const name = (figure.id || drawing.getAttribute("aria-label") || document.title).split(/[.:·]/)[0].trim().replace(/\W+/g, "-").toLowerCase() || "figure";
  if (kind === "csv") return save(tableFile(figure.querySelector("table")), `${name}.csv`);
  const copy = onPaper(drawing);
  copy.prepend(Object.assign(document.createElementNS("http://www.w3.org/2000/svg", "style"), { textContent: await letters() }));
  const file = new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
  if (kind === "svg") return save(file, `${name}.svg`);
  const address = URL.createObjectURL(file);
  const picture = new Image();
  picture.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * picture.width, height: 2 * picture.height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, `${name}.png`));
    URL.revokeObjectURL(address);
  };
  picture.src = address;
});

// A figure is explored by a part that is loaded when somebody asks for it.
document.addEventListener("click", async ({ target }) => {
  const opener = target.closest("[data-explore]");
  if (!opener) return;
  opener.disabled = true; // once, however often it is pressed until it is there
  const [script, ...parts] = opener.dataset.with.split(" ");
  await import(script).then(({ explore }) => explore(opener, parts)).catch(() => { opener.disabled = false; });
});

// A copy that needs no style sheet: what the light page would show, written at each part.
const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-size", "font-family", "font-weight", "text-anchor"];
function onPaper(drawing) {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  root.dataset.theme = "light";
  const copy = drawing.cloneNode(true);
  const parts = [...copy.querySelectorAll("*")];
  drawing.querySelectorAll("*").forEach((part, k) => {
    const look = getComputedStyle(part);
    LOOKS.forEach((one) => parts[k].setAttribute(one, look.getPropertyValue(one)));
  });
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  const box = drawing.viewBox.baseVal;
  Object.entries({ xmlns: "http://www.w3.org/2000/svg", width: box.width || drawing.clientWidth, height: box.height || drawing.clientHeight })
    .forEach(([attribute, value]) => copy.setAttribute(attribute, value));
  return copy;
}

// The letters that it was measured with go along.
async function letters() {
  const sheet = document.querySelector("link[href*='app.css']").href;
  const faces = [400, 700].map(async (weight) => {
    const answer = await fetch(new URL(`fonts/arimo-${weight}.woff2`, sheet)).catch(() => null);
    if (!answer?.ok) return ""; // then without them
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return `@font-face{font-family:"Liberation Sans";font-weight:${weight};src:url(data:font/woff2;base64,${btoa(String.fromCharCode(...bytes))})}`;
  });
  return (await Promise.all(faces)).join("");
}

function tableFile(table) {
  const cell = (one) => `"${one.textContent.trim().replace(/^(?=[=@\t+])/, "'").replaceAll('"', '""')}"`;
  const lines = [...table.rows].map((row) => [...row.cells].map(cell).join(","));
  return new Blob(["\ufeff" + lines.join("\r\n")], { type: "text/csv" });
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Bulk actions: one box picks all of the page, and the button says how many.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-pick-all]");
  if (!all && !event.target.closest("[data-pick]")) return;
  const boxes = [...document.querySelectorAll("[data-pick]")];
  if (all) boxes.forEach((box) => { box.checked = all.checked; });
  const count = boxes.filter((box) => box.checked).length;
  document.querySelectorAll("[data-picked]").forEach((word) => { word.textContent = interpolate(gettext("%s chosen"), [count]); });
});

// What has to be read first gets the focus.
first?.focus();

// A table that is too wide for a telephone is read from top to bottom, each value beside the name of its column;
// a long one is moved sideways below its names of rows, which stay.
const MOST_ROWS_FOLDED = 12;
const narrow = window.matchMedia("(max-width: 620px)");
function fold() {
  if (!narrow.matches) return;
  document.querySelectorAll(".scroll:not(.twin) > table.list").forEach((table) => {
    const stacked = table.parentElement.matches(".stacked");
    const heads = [...table.tHead?.rows ?? []];
    if (table.matches("[role], .table-one") || heads.length !== 1 || (!stacked && table.parentElement.scrollWidth <= table.parentElement.clientWidth)) return;
    if (!stacked && table.tBodies[0]?.rows.length > MOST_ROWS_FOLDED && !table.querySelector("input, select")) {
      table.parentElement.classList.add("pinned");
      return;
    }
    const names = [...heads[0].cells].flatMap((head) => Array(head.colSpan).fill(head.innerText.trim().replace(/\s+/g, " ")));
    table.setAttribute("role", "table");
    [...table.rows].forEach((row) => {
      row.setAttribute("role", "row");
      let column = 0;
      [...row.cells].forEach((cell) => {
        const isHead = cell.tagName === "TH";
        cell.setAttribute("role", !isHead ? "cell" : cell.closest("thead") ? "columnheader" : "rowheader");
        if (!isHead && !cell.matches(".pick") && cell.colSpan < names.length && names[column]) cell.dataset.label ??= names[column];
        column += cell.colSpan;
      });
    });
    table.parentElement.classList.add("stacked");
  });
}
fold();
narrow.addEventListener("change", fold);
["toggle", "htmx:afterSettle"].forEach((name) => document.addEventListener(name, fold, true));

// On a narrow screen the current tab is in sight.
document.querySelectorAll(".tabs [aria-current], .subnav [aria-current]").forEach((one) => {
  one.parentElement.scrollLeft = one.offsetLeft - (one.parentElement.clientWidth - one.offsetWidth) / 2;
});
