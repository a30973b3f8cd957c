// The viewer: NiiVue shows PET over CT with the regions; what is drawn is computed by the server.
// Stored volumes are checked against their digest before they are shown.
"use strict";

(() => {
  const root = document.querySelector("[data-viewer]");
  if (!root) return;
  const scene = JSON.parse(document.getElementById("scene").textContent);
  const canvas = document.getElementById("viewer-canvas");
  const word = root.querySelector("[data-viewer-word]");
  const values = root.querySelector("[data-values]");
  const tool = (name) => root.querySelector(`[data-tool="${name}"]`);
  const form = document.querySelector("form[data-draw]");
  const REGION_OPACITY = 0.35;

  // ---- bytes: with progress, and only if they are what was stored
  async function fetched(layer, said) {
    const answer = await fetch(layer.url, { headers: { Accept: "application/gzip" } });
    if (!answer.ok) throw new Error(interpolate(gettext("%(name)s: the server answered %(status)s"), { name: layer.name, status: answer.status }, true));
    const total = Number(answer.headers.get("Content-Length")) || layer.bytes || 0;
    const pieces = [];
    let here = 0;
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      here += value.length;
      if (total && said) said(interpolate(gettext("Loading %(name)s: %(share)s %"), { name: layer.name, share: Math.round((100 * here) / total) }, true));
    }
    const bytes = await new Blob(pieces).arrayBuffer();
    if (window.crypto.subtle) {
      const digest = new Uint8Array(await window.crypto.subtle.digest("SHA-256", bytes));
      const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (found !== layer.sha256) throw new Error(interpolate(gettext("%(name)s: the bytes are not the stored ones. Nothing is shown."), { name: layer.name }, true));
    }
    return bytes;
  }

  const image = (bytes, name, options) => niivue.NVImage.loadFromUrl({ url: bytes, name: `${name}.nii.gz`, ...options });

  const nv = new niivue.Niivue({
    backColor: [0.04, 0.06, 0.08, 1], crosshairColor: [0.95, 0.75, 0.2, 0.9], crosshairWidth: 0.6,
    show3Dcrosshair: true, isRadiologicalConvention: true, sagittalNoseLeft: true,
    multiplanarShowRender: niivue.SHOW_RENDER.NEVER, isColorbar: false, dragAndDropEnabled: false,
    loadingText: "", textHeight: 0.04, isSliceMM: true, logLevel: "error",
  });
  const layers = { ct: null, pet: null, regions: new Map(), drawn: null };

  // ---- places: LPS for people (as DICOM), RAS for NiiVue
  const lpsOf = (mm) => [-mm[0], -mm[1], mm[2]];
  const axes = ["x", "y", "z"].map((axis) => root.querySelector(`[data-axis="${axis}"]`));
  let place = [0, 0, 0];

  function moved(location) {
    place = lpsOf(location.mm);
    axes.forEach((field, n) => { if (document.activeElement !== field) field.value = place[n].toFixed(1); });
    const said = [];
    for (const [layer, name, unit, digits] of [[layers.ct, "CT", "HU", 0], [layers.pet, "SUV", "g/mL", 2]]) {
      const found = layer && location.values.find((value) => value.id === layer.id);
      if (found && Number.isFinite(found.value)) said.push(`${name} ${found.value.toFixed(digits)} ${unit}`);
    }
    values.textContent = said.join(" · ") || gettext("outside the scan");
    paint();
  }
  nv.onLocationChange = moved;

  function go(lps) {
    nv.scene.crosshairPos = nv.mm2frac([-lps[0], -lps[1], lps[2]]);
    nv.drawScene();
    nv.createOnLocationChange();
  }

  // ---- tools
  const LAYOUTS = { planes: "MULTIPLANAR", axial: "AXIAL", coronal: "CORONAL", sagittal: "SAGITTAL", render: "RENDER" };
  const tools = {
    layout(value) { nv.setSliceType(niivue.SLICE_TYPE[LAYOUTS[value]]); },
    window(value) {
      if (!layers.ct) return;
      [layers.ct.cal_min, layers.ct.cal_max] = value.split(" ").map(Number);
      nv.updateGLVolume();
    },
    suv(value) {
      if (!layers.pet) return;
      layers.pet.cal_min = layers.ct ? 0.4 : 0;
      layers.pet.cal_max = Number(value);
      nv.updateGLVolume();
    },
    opacity(value) { if (layers.pet && layers.ct) nv.setOpacity(nv.volumes.indexOf(layers.pet), Number(value)); },
    mip(value) { root.querySelector("[data-mip]").src = scene.projection.replace(/\d+\.png$/, `${value}.png`); },
  };
  for (const [name, act] of Object.entries(tools)) {
    const field = tool(name);
    if (field) field.addEventListener(name === "opacity" ? "input" : "change", () => act(field.value));
  }
  root.querySelector("[data-cross]").addEventListener("submit", (event) => {
    event.preventDefault();
    go(axes.map((field) => Number(field.value)));
  });
  const STEPS = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1] };
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    nv.moveCrosshairInVox(...step);
  }, true);
  root.querySelectorAll("[data-region]").forEach((box) => {
    box.addEventListener("change", () => {
      const layer = layers.regions.get(box.dataset.region);
      if (layer) nv.setOpacity(nv.volumes.indexOf(layer), box.checked ? REGION_OPACITY : 0);
    });
  });

  async function addRegion(bytes, name, colour, opacity = REGION_OPACITY) {
    const layer = await image(bytes, name, { colormap: colour, opacity, cal_min: 0, cal_max: 1, colorbarVisible: false });
    nv.addVolume(layer);
    return layer;
  }

  async function begin() {
    await nv.attachToCanvas(canvas);
    const say = (text) => { word.textContent = text; };
    const [ct, pet] = await Promise.all([scene.ct, scene.pet].map((layer) => layer && fetched(layer, say)));
    if (ct) {
      const [low, high] = tool("window").value.split(" ").map(Number);
      layers.ct = await image(ct, "ct", { colormap: "gray", cal_min: low, cal_max: high });
      nv.addVolume(layers.ct);
    }
    if (pet) {
      layers.pet = await image(pet, "pet", {
        colormap: ct ? "hot" : "gray", opacity: ct ? Number(tool("opacity").value) : 1,
        cal_min: ct ? 0.4 : 0, cal_max: Number(tool("suv").value),
      });
      nv.addVolume(layers.pet);
    }
    if (!ct && !pet) throw new Error(gettext("The volumes of this scan are gone."));
    nv.setInterpolation(true);
    nv.setSliceType(niivue.SLICE_TYPE.MULTIPLANAR);
    for (const region of scene.regions) {
      say(interpolate(gettext("Loading region %(name)s"), { name: region.name }, true));
      const box = root.querySelector(`[data-region="${region.uid}"]`);
      const bytes = await fetched(region);
      layers.regions.set(region.uid, await addRegion(bytes, region.name, region.colour, box.checked ? REGION_OPACITY : 0));
    }
    word.hidden = true;
    root.dataset.ready = "yes";
    nv.createOnLocationChange();
  }

  // ---- drawing: the form's fields are the recipe; the server draws
  const field = (name) => form.elements[name];
  const number = (name) => (field(name).value === "" ? null : Number(field(name).value));
  function recipe() {
    const where = [number("x"), number("y"), number("z")];
    const radius = number("radius_mm");
    switch (field("method").value) {
      case "growing": return { method: "growing", seed_mm: where, level: number("level"), radius_mm: radius };
      case "brush": return {
        method: "brush", start: field("start").value || null,
        strokes: field("strokes").value.split("\n").map((line) => line.trim().split(/[\s,]+/)).filter((parts) => parts[0])
          .map((parts) => (parts[0] === "-" ? [...parts.slice(1).map(Number), 1] : [...parts.map(Number), 0])),
      };
      default: {
        const liver = field("rule").value === "percist" && number("liver_x") !== null
          ? { centre_mm: [number("liver_x"), number("liver_y"), number("liver_z")], radius_mm: number("liver_radius") } : null;
        return { method: "threshold", rule: field("rule").value, centre_mm: where, radius_mm: radius, liver };
      }
    }
  }

  const unpacked = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

  async function preview() {
    const wrong = form.querySelector("[data-draw-wrong]");
    wrong.hidden = true;
    const answer = await fetch(form.dataset.draw, {
      method: "POST", body: JSON.stringify({ recipe: recipe() }),
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": field("csrfmiddlewaretoken").value },
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const problems = (said.problems || []).map((p) => interpolate(gettext("%(where)s: found %(found)s; expected %(expected)s. %(remedy)s"), p, true));
      wrong.textContent = problems.join(" ") || said.detail || interpolate(gettext("The server answered %(status)s."), answer, true);
      wrong.hidden = false;
      return;
    }
    form.querySelectorAll("[data-number]").forEach((cell) => {
      const value = said[cell.dataset.number];
      cell.textContent = value === null || value === undefined ? "–" : value.toFixed(Number(cell.dataset.digits));
    });
    form.querySelector("[data-drawn-notices]").replaceChildren(...said.notices.map((notice) => Object.assign(document.createElement("li"), { textContent: notice.text })));
    form.querySelector("[data-drawn]").hidden = false;
    if (root.dataset.ready) {
      if (layers.drawn) nv.removeVolume(layers.drawn);
      layers.drawn = await addRegion(unpacked(said.mask), "drawn", "green", 0.5);
    }
    form.dataset.shown = String(Number(form.dataset.shown || 0) + 1);
  }

  let brushing = false;
  function paint() {
    if (!brushing) return;
    const erase = form.querySelector("[data-brush-erase]").checked;
    const line = [...place.map((n) => n.toFixed(1)), number("radius_mm")].join(" ");
    const text = field("strokes").value;
    if (text.trimEnd().split("\n").pop() === (erase ? `- ${line}` : line)) return;
    field("strokes").value = `${text && !text.endsWith("\n") ? `${text}\n` : text}${erase ? "- " : ""}${line}\n`;
  }

  function relevant() {
    const wanted = new Set([field("method").value]);
    if (wanted.has("threshold") && field("rule").value === "percist") wanted.add("percist");
    form.querySelectorAll("[data-for]").forEach((part) => {
      part.hidden = !part.dataset.for.split(" ").some((name) => wanted.has(name));
    });
  }

  if (form) {
    form.querySelectorAll("[data-take], [data-brush]").forEach((part) => { part.hidden = false; });
    form.querySelectorAll("[data-take]").forEach((button) => {
      button.addEventListener("click", () => {
        ["x", "y", "z"].forEach((axis, n) => { field(button.dataset.take + axis).value = place[n].toFixed(1); });
      });
    });
    form.querySelector("[data-brush-ball]").addEventListener("click", () => { brushing = true; paint(); brushing = false; });
    canvas.addEventListener("pointerdown", () => {
      brushing = field("method").value === "brush" && form.querySelector("[data-brush-on]").checked;
    }, true);
    window.addEventListener("pointerup", () => {
      const painted = brushing;
      brushing = false;
      if (painted) preview();
    });
    form.addEventListener("change", relevant);
    relevant();
    form.addEventListener("submit", (event) => {
      if (event.submitter && event.submitter.name === "keep") return;
      event.preventDefault();
      preview();
    });
  }

  begin().catch((problem) => {
    word.hidden = false;
    word.classList.add("wrong");
    word.textContent = window.WebGL2RenderingContext ? problem.message : gettext("This browser has no WebGL 2. Regions can be drawn by coordinates below.");
  });
})();
