// The study at a glance without loading the page anew: a bar is a link, drawn bars are a range.
// Without this script every link works as a link.
"use strict";
(() => {
  let asked = 0;

  async function show(url, push) {
    const box = document.getElementById("glance");
    const mine = ++asked;
    const kept = document.activeElement && document.activeElement.id;
    box.setAttribute("aria-busy", "true");
    let answer;
    try {
      answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
    } catch {
      window.location.assign(url);
      return;
    }
    if (answer.headers.get("HX-Refresh") || answer.redirected || ![200, 422].includes(answer.status)) {
      window.location.assign(url);
      return;
    }
    const text = await answer.text();
    if (mine !== asked) return; // a later click was answered first
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("glance");
    const opened = [...box.querySelectorAll("details[open]")].map((one) => one.closest("article")?.id);
    box.replaceWith(fresh);
    for (const id of opened) {
      const again = id && document.getElementById(id)?.querySelector("details");
      if (again) again.open = true;
    }
    if (push) window.history.pushState(null, "", url);
    if (kept) document.getElementById(kept)?.focus({ preventScroll: true });
  }

  function here(link) {
    const url = new URL(link.getAttribute("href"), window.location.href);
    return url.pathname === window.location.pathname ? url : null;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-glance] a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const url = here(link);
    if (!url) return;
    event.preventDefault();
    show(url, true);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("[data-glance-form]");
    if (!form) return;
    event.preventDefault();
    show(ranged(form), true);
  });

  function ranged(form) {
    const rest = new URLSearchParams(form.elements.rest.value);
    for (const [name, value] of new FormData(form)) if (name !== "rest" && value.trim()) rest.append(name, value.trim());
    return new URL(`?${rest}`, window.location.href);
  }

  // drawing across bars
  let drawn = null;
  document.addEventListener("pointerdown", (event) => {
    const bar = event.target.closest?.(".glance-histogram a");
    if (bar && event.button === 0) drawn = { from: bar, to: bar };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drawn) return;
    const bar = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".glance-histogram a");
    if (!bar || bar.parentNode !== drawn.from.parentNode) return;
    drawn.to = bar;
    for (const one of bar.parentNode.querySelectorAll("a")) one.classList.toggle("brushed", between(one, drawn));
  });
  document.addEventListener("pointerup", () => {
    const done = drawn;
    drawn = null;
    if (!done || done.from === done.to) return;
    const chart = done.from.parentNode;
    const bars = [...chart.querySelectorAll("a")].filter((one) => between(one, done));
    const rest = new URLSearchParams(chart.dataset.range);
    rest.append(`${chart.dataset.column}:from`, bars[0].dataset.low);
    rest.append(`${chart.dataset.column}:below`, bars[bars.length - 1].dataset.high);
    // the click that ends the drawing is not one on a bar
    window.addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", stop, { capture: true }), 0);
    show(new URL(`?${rest}`, window.location.href), true);
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".glance-histogram")) event.preventDefault();
  });

  function stop(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  function between(bar, { from, to }) {
    const at = (one) => Number(one.dataset.low);
    const [low, high] = [at(from), at(to)].sort((a, b) => a - b);
    return at(bar) >= low && at(bar) <= high;
  }

  window.addEventListener("popstate", () => {
    if (document.getElementById("glance")) show(new URL(window.location.href), false);
  });
})();
