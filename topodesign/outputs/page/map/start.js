// Puts the map together. Where it cannot run the drawing stays.

function hasWebGl() {
  const canvas = document.createElement("canvas");
  return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
}

function keepDrawing() {
  state.ready = true;
  publish();
}

const panel = byId("panel");
const stage = byId("stage");

function createMap() {
  const [west, south, east, north] = data.view;
  const reach = data.reach;
  return new maplibregl.Map({
    container: byId("map"),
    style: { version: 8, sources: sourceList(), layers: layerList() },
    bounds: [[west, south], [east, north]],
    maxBounds: reach[2] - reach[0] < 359 ? [[reach[0], reach[1]], [reach[2], reach[3]]] : undefined,
    fitBoundsOptions: { padding: padding() },
    attributionControl: false,
    cooperativeGestures: true,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    canvasContextAttributes: { preserveDrawingBuffer: true },
  });
}

function padding() {
  const buttons = 58; // of zooming, at the right
  return { top: 12, right: buttons, bottom: 12, left: panelFloats(panel) ? panel.offsetWidth + 24 : 12 };
}

function start() {
  stage.classList.add("live");
  byId("map").hidden = false;
  byId("drawing").hidden = true;
  byId("controls").hidden = false;
  if (window.matchMedia("(max-width: 720px)").matches) panel.open = false;
  for (const ring of document.querySelectorAll(".legend .rings circle")) ring.setAttribute("r", String(ringScale * Number(ring.getAttribute("r"))));
  try {
    return createMap();
  } catch (error) {
    stage.classList.remove("live");
    byId("map").hidden = true;
    byId("drawing").hidden = false;
    byId("controls").hidden = true;
    fail(error && error.message);
    return null;
  }
}

// How many things of a layer are on the screen
function drawn(map, ...layers) {
  const there = layers.filter((id) => map.getLayer(id));
  return new Set(map.queryRenderedFeatures({ layers: there }).map((item) => item.properties.numeric_id)).size;
}

function count(map) {
  state.sites = drawn(map, "clusters");
  state.candidates = drawn(map, "sites");
  state.links = drawn(map, "links");
  state.fiber = drawn(map, "fiber_segments");
  state.cut = drawn(map, "failed_fiber");
  state.lost = drawn(map, "failed_links");
  if (!comparison) return;
  const ofSides = (layer) => drawn(map, `${layer}-a`, `${layer}-b`);
  state.compared = { sites: drawn(map, "compared_clusters"), fiber: ofSides("compared_fiber_segments"), links: ofSides("compared_links") };
}

function wire(map) {
  window.topodesignReport.map = map;
  map.touchZoomRotate.disableRotation();
  map.on("error", (event) => fail(event.error && event.error.message));
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-right");
  map.getCanvas().setAttribute("aria-label", "Map. Arrow keys move it, plus and minus zoom, Escape closes a card.");

  let cards_ = null;
  const labels = createLabels(map, panel, (...thing) => cards_.open(...thing));
  const refresh = () => {
    repaint(map);
    updateLegend();
    labels.arrange();
  };
  createSwitches(map, refresh);
  createMeasures(refresh);
  createZooms(map, padding);
  const compared = createComparison(() => {
    if (look.mode === "difference") failures.clear();
    refresh();
  });

  let moved = false;
  map.on("movestart", (event) => {
    moved = moved || Boolean(event.originalEvent);
  });
  byId("zooms").addEventListener("click", () => {
    moved = true;
  });
  map.on("moveend", labels.arrange);
  map.on("resize", () => {
    const [west, south, east, north] = data.view;
    if (!moved) map.fitBounds([[west, south], [east, north]], { padding: padding(), animate: false });
    labels.arrange();
  });
  panel.addEventListener("toggle", labels.arrange);
  dark.addEventListener("change", refresh);

  let failures = { clear: () => {} };
  map.once("load", () => {
    cards_ = createCards(map);
    createThingList(cards_.open);
    failures = createFailures(map, (chosen) => {
      if (chosen) compared.showPlan();
      refresh();
    });
    refresh();
  });
  map.on("idle", () => {
    count(map);
    if (!state.ready) {
      labels.arrange();
      state.drawnAfterMs = Math.round(performance.now());
    }
    state.interactive = true;
    state.ready = true;
    publish();
  });
}

// On paper the legend is open, whatever it was on the screen
let wasOpen = panel.open;
window.addEventListener("beforeprint", () => {
  wasOpen = panel.open;
  panel.open = true;
});
window.addEventListener("afterprint", () => {
  panel.open = wasOpen;
});

const map = typeof maplibregl === "undefined" || !hasWebGl() ? null : start();
if (map) wire(map);
else keepDrawing();
