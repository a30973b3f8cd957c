// The slide viewer: OpenSeadragon over tiles made on demand, regions on a canvas above them.
"use strict";

(() => {
  const view = document.getElementById("slide-view");
  if (!view || !window.OpenSeadragon) return;
  const width = Number(view.dataset.width), height = Number(view.dataset.height), um = Number(view.dataset.um);
  const COLOURS = { tumor_center: "#b4472a", invasive_margin: "#2c6a9b" };
  const source = (address) => ({
    width, height, tileSize: 254, tileOverlap: 1,
    getTileUrl: (level, x, y) => address.replace(/0\/0_0(\.\w+)$/, `${level}/${x}_${y}$1`),
  });
  // OpenSeadragon writes a style into the head unless one of its name is there; the policy forbids
  // that. An element of this name, of no language, says that it is.
  const there = document.createElementNS("urn:none", "style");
  there.setAttribute("data-openseadragon-mobile-css", "true");
  document.head.append(there);
  const viewer = window.OpenSeadragon({
    element: view, tileSources: source(view.dataset.tile), showNavigationControl: false, drawer: "canvas",
    animationTime: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : .5, maxZoomPixelRatio: 4,
    gestureSettingsMouse: { clickToZoom: false },
    clickTimeThreshold: 2000, // a hand may be slow, a busy machine too: what did not move is a click
  });
  document.getElementById("slide-in").addEventListener("click", () => viewer.viewport.zoomBy(1.6));
  document.getElementById("slide-out").addEventListener("click", () => viewer.viewport.zoomBy(1 / 1.6));
  document.getElementById("slide-home").addEventListener("click", () => viewer.viewport.goHome());

  // Cells of a count as a second layer.
  const chooser = document.getElementById("slide-count");
  let cells = null;
  const showCells = () => {
    if (cells) viewer.world.removeItem(cells);
    cells = null;
    if (chooser.value) viewer.addTiledImage({ tileSource: source(chooser.value), success: (event) => { cells = event.item; } });
  };
  chooser?.addEventListener("change", showCells);
  if (chooser) viewer.addOnceHandler("open", showCells);

  // Regions: drawn above everything, in pixels of the slide.
  const canvas = document.createElement("canvas");
  canvas.className = "slide-drawing";
  view.append(canvas);
  const kept = JSON.parse(document.getElementById("slide-regions").textContent);
  const added = [];
  let drawing = null;
  const onScreen = ([x, y]) => {
    const point = viewer.world.getItemAt(0).imageToViewerElementCoordinates(new window.OpenSeadragon.Point(x, y));
    return [point.x, point.y];
  };
  const paint = () => {
    if (!viewer.world.getItemCount()) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = view.clientWidth * ratio;
    canvas.height = view.clientHeight * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.lineWidth = 2;
    const ring = (points, closed) => {
      pen.beginPath();
      points.map(onScreen).forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (closed) pen.closePath();
      pen.stroke();
    };
    [...kept, ...added].forEach(({ region, geometry }) => {
      pen.strokeStyle = COLOURS[region];
      pen.setLineDash(region === "invasive_margin" ? [8, 4] : []);
      const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
      polygons.forEach((rings) => rings.forEach((points) => ring(points, true)));
    });
    if (drawing) {
      pen.strokeStyle = COLOURS[drawing.region];
      pen.setLineDash([]);
      ring(drawing.points, false);
      drawing.points.map(onScreen).forEach(([x, y]) => pen.strokeRect(x - 3, y - 3, 6, 6));
    }
  };
  ["update-viewport", "resize", "open"].forEach((name) => viewer.addHandler(name, paint));

  const under = document.getElementById("slide-under");
  new window.OpenSeadragon.MouseTracker({
    element: view,
    moveHandler: (event) => {
      if (!viewer.world.getItemCount()) return;
      const at = viewer.world.getItemAt(0).viewerElementToImageCoordinates(event.position);
      under.textContent = `${(at.x * um / 1000).toFixed(3)}, ${(at.y * um / 1000).toFixed(3)} mm; ` +
        interpolate(gettext("%s µm per screen pixel"), [(um / viewer.world.getItemAt(0).viewportToImageZoom(viewer.viewport.getZoom(true))).toFixed(2)]);
    },
  });

  // Drawing polygons; the form keeps them as GeoJSON, which can also be typed.
  const form = document.getElementById("regions-form");
  if (!form) return;
  const tools = form.querySelector("[data-draw]"), help = document.getElementById("draw-help");
  const undo = tools.querySelector("[data-undo]"), close = tools.querySelector("[data-close]");
  const told = document.getElementById("draw-points");
  const field = form.querySelector("textarea");
  tools.hidden = false;
  const changed = () => {
    const count = drawing?.points.length ?? 0;
    told.textContent = drawing ? interpolate(ngettext("%s point", "%s points", count), [count]) : "";
    close.disabled = count < 3;
    paint();
  };
  const mode = (region) => {
    drawing = region ? { region, points: [] } : null;
    [undo, close, help].forEach((part) => { part.hidden = !drawing; });
    viewer.setMouseNavEnabled(true);
    view.classList.toggle("drawing", Boolean(drawing));
    if (drawing) view.focus();
    changed();
  };
  tools.querySelectorAll("[data-region]").forEach((button) => button.addEventListener("click", () => mode(button.dataset.region)));
  const takeBack = () => { drawing?.points.pop(); changed(); };
  const finish = () => {
    if (!drawing || drawing.points.length < 3) return;
    const points = [...drawing.points, drawing.points[0]];
    added.push({ region: drawing.region, geometry: { type: "Polygon", coordinates: [points] } });
    field.value = JSON.stringify({
      type: "FeatureCollection",
      features: added.map(({ region, geometry }) => ({ type: "Feature", properties: { region }, geometry })),
    });
    field.dispatchEvent(new Event("input", { bubbles: true }));
    mode(null);
  };
  undo.addEventListener("click", takeBack);
  close.addEventListener("click", finish);
  viewer.addHandler("canvas-click", (event) => {
    if (!drawing || !event.quick) return;
    const at = viewer.world.getItemAt(0).viewerElementToImageCoordinates(event.position);
    drawing.points.push([Math.min(width, Math.max(0, Math.round(at.x))), Math.min(height, Math.max(0, Math.round(at.y)))]);
    changed();
  });
  view.addEventListener("keydown", (event) => {
    if (!drawing) return;
    const act = { Enter: finish, Backspace: takeBack, Escape: () => mode(null) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
