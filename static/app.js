// Small helps on top of pages that work without them. htmx does the partial pages.
"use strict";

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    source.select();
    navigator.clipboard?.writeText(source.value).then(() => { copy.textContent = "Copied"; });
  }
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
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

// A dangerous button asks once.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
  else if (event.target.matches("[data-once]")) {
    const buttons = event.target.querySelectorAll("button[type=submit]");
    setTimeout(() => buttons.forEach((button) => { button.disabled = true; })); // the pressed one is sent
  }
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

// Typed but unsaved work is not lost by a slip.
let dirty = false;
document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) dirty = true; });
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) dirty = false; });
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

// Ctrl+S saves the form one is in.
document.addEventListener("keydown", (event) => {
  const form = document.querySelector("form[data-guard]");
  if (form && event.key === "s" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit]"));
  }
});

// A form's text stays in this tab until it is saved, so that a lost connection or session loses nothing.
document.querySelectorAll("form[data-keep]").forEach((form) => {
  const key = form.dataset.keep;
  const box = form.querySelector("[data-kept]");
  const typed = () => [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "base"].includes(name));
  const shown = JSON.stringify(typed());
  const kept = JSON.parse(sessionStorage.getItem(key) || "null");
  const isError = document.querySelector("[data-focus]");
  if (kept && kept.version === form.dataset.version && JSON.stringify(kept.cells) !== shown && !isError) {
    box.hidden = false;
    box.querySelector("[data-kept-when]").textContent = new Date(kept.at).toLocaleTimeString();
  } else if (!isError) {
    sessionStorage.removeItem(key);
  }
  form.addEventListener("input", () => {
    sessionStorage.setItem(key, JSON.stringify({ version: form.dataset.version, at: Date.now(), cells: typed() }));
  });
  box.querySelector("[data-kept-restore]").addEventListener("click", () => {
    kept.cells.forEach(([name, value]) => {
      const field = form.elements[name];
      if (field && field.type === "checkbox") field.checked = true;
      else if (field && field.type !== "submit") field.value = value;
    });
    dirty = true;
    box.hidden = true;
  });
  box.querySelector("[data-kept-drop]").addEventListener("click", () => {
    sessionStorage.removeItem(key);
    box.hidden = true;
  });
});

// What has to be read first gets the focus.
document.querySelector("[data-focus]")?.focus();

// On a narrow screen the current tab is in sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
