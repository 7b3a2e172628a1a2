// The map of the report. Reads its data from the page, asks the network for nothing, and says in
// window.topodesignReport (and in data attributes of the root element) what it has drawn.
(function () {
  "use strict";

  const state = { ready: false, interactive: false, sites: 0, links: 0, fiber: 0, labels: 0, errors: [] };
  window.topodesignReport = state;

  function publish() {
    const marks = document.documentElement.dataset;
    for (const key of ["ready", "interactive", "sites", "links", "fiber", "labels"]) marks[key] = String(state[key]);
    marks.errors = String(state.errors.length);
  }

  function fail(message) {
    state.errors.push(String(message));
    publish();
  }

  window.addEventListener("error", (event) => fail(event.message));
  window.addEventListener("unhandledrejection", (event) => fail(event.reason));
  document.addEventListener("securitypolicyviolation", (event) => fail(event.violatedDirective + " " + event.blockedURI));

  const data = JSON.parse(document.getElementById("map-data").textContent);
  const colors = data.colors;

  function hasWebGl() {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  }

  if (typeof maplibregl === "undefined" || !hasWebGl()) {
    state.ready = true; // the drawing stays
    publish();
    return;
  }

  const collection = (features) => ({ type: "FeatureCollection", features: features.filter((item) => item.geometry) });
  const shapes = (geometries) => collection(geometries.map((geometry) => ({ type: "Feature", properties: {}, geometry })));
  const ramp = (value, stops) => ["interpolate", ["linear"], value, ...stops.flat()];
  // A small map gets small rings, and so does its legend
  const ringScale = Math.max(0.55, Math.min(1, document.documentElement.clientWidth / 900));
  const ringPerRootMw = data.radius_per_root_mw * ringScale;
  for (const ring of document.querySelectorAll(".legend circle")) ring.setAttribute("r", String(ringScale * Number(ring.getAttribute("r"))));
  const radius = (least) => ["max", least, ["*", ringPerRootMw, ["sqrt", ["get", "power_mw"]]]];
  const scaled = (name, most, least, span) => ["+", least, ["*", span, ["sqrt", ["/", ["get", name], Math.max(most, 1e-9)]]]];
  const used = ["coalesce", ["get", "used_share"], 0];

  const sources = { land: shapes(data.base.land), lakes: shapes(data.base.lakes) };
  for (const name of Object.keys(data.layers)) sources[name] = collection(data.layers[name]);

  const layers = [
    { id: "water", type: "background", paint: { "background-color": colors.water } },
    { id: "land", source: "land", type: "fill", paint: { "fill-color": colors.land } },
    { id: "land-border", source: "land", type: "line", paint: { "line-color": colors.border, "line-width": 0.8 } },
    { id: "lakes", source: "lakes", type: "fill", paint: { "fill-color": colors.water } },
    { id: "power_zones", source: "power_zones", type: "fill", paint: { "fill-color": ramp(used, colors.zone_ramp), "fill-opacity": ["case", [">", used, 0], 0.42, 0.2] } },
    { id: "power_zones-border", source: "power_zones", type: "line", paint: { "line-color": "#9a6b1e", "line-opacity": 0.55, "line-width": 0.9 } },
    { id: "fiber_available", source: "fiber_available", type: "line", paint: { "line-color": colors.available, "line-width": 0.9 } },
    { id: "fiber_segments", source: "fiber_segments", type: "line", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ramp(["get", "utilization"], colors.fiber_ramp), "line-width": scaled("pairs", data.most_pairs, 1.8, 5.2) } },
    { id: "links", source: "links", type: "line", paint: { "line-color": colors.link, "line-width": scaled("capacity_gbps", data.most_gbps, 0.8, 1.6), "line-dasharray": [1.5, 2.5] } },
    { id: "amplifiers", source: "amplifiers", type: "circle", layout: { visibility: "none" }, paint: { "circle-radius": 2.2, "circle-color": "#ffffff", "circle-stroke-color": colors.amplifier, "circle-stroke-width": 1.2 } },
    { id: "amplifier_sites", source: "amplifier_sites", type: "circle", layout: { visibility: "none" }, paint: { "circle-radius": 3.2, "circle-color": colors.amplifier, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 } },
    { id: "sites", source: "sites", type: "circle", paint: { "circle-radius": radius(2.5), "circle-color": "#ffffff", "circle-opacity": 0.35, "circle-stroke-color": ["case", ["==", ["get", "role"], "hub"], colors.hub, colors.candidate], "circle-stroke-width": 1.2 } },
    { id: "regenerators", source: "regenerators", type: "circle", paint: { "circle-radius": 4.5, "circle-color": colors.regenerator, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.2 } },
    { id: "clusters", source: "clusters", type: "circle", paint: { "circle-radius": radius(4), "circle-color": colors.cluster, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5 } },
  ];

  const switches = [
    ["Clusters", ["clusters"], true],
    ["Candidate sites", ["sites"], true],
    ["Lit fiber", ["fiber_segments"], true],
    ["Other fiber on offer", ["fiber_available"], true],
    ["Logical links", ["links"], true],
    ["Regeneration", ["regenerators"], true],
    ["In-line amplifiers", ["amplifiers", "amplifier_sites"], false],
    ["Power zones", ["power_zones", "power_zones-border"], true],
  ];

  const stage = document.getElementById("map");
  const panel = document.getElementById("panel");
  const drawing = document.getElementById("drawing");
  stage.hidden = false;
  drawing.hidden = true;
  panel.hidden = false;
  if (window.matchMedia("(max-width: 720px)").matches) panel.open = false;

  function panelFloats() {
    return panel.open && getComputedStyle(panel).position === "absolute";
  }

  const [west, south, east, north] = data.view;
  let map;
  try {
    map = new maplibregl.Map({
      container: stage,
      style: { version: 8, sources: Object.fromEntries(Object.entries(sources).map(([name, value]) => [name, { type: "geojson", data: value, tolerance: 0.2 }])), layers },
      bounds: [[west, south], [east, north]],
      maxBounds: data.reach[2] - data.reach[0] < 359 ? [[data.reach[0], data.reach[1]], [data.reach[2], data.reach[3]]] : undefined,
      fitBoundsOptions: { padding: { top: 12, right: 12, bottom: 12, left: panelFloats() ? panel.offsetWidth + 24 : 12 } },
      attributionControl: false,
      cooperativeGestures: true,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      canvasContextAttributes: { preserveDrawingBuffer: true },
    });
  } catch (error) {
    stage.hidden = true;
    panel.hidden = true;
    drawing.hidden = false;
    state.ready = true;
    fail(error && error.message);
    return;
  }
  window.topodesignReport.map = map;
  map.touchZoomRotate.disableRotation();
  map.on("error", (event) => fail(event.error && event.error.message));
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-right");

  // Switches

  const box = document.getElementById("switches");
  for (const [title, ids, on] of switches) {
    if (!ids.some((id) => sources[id] && sources[id].features.length)) continue;
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "checkbox";
    input.checked = on;
    input.dataset.layers = ids.join(" ");
    input.addEventListener("change", () => {
      for (const id of ids) map.setLayoutProperty(id, "visibility", input.checked ? "visible" : "none");
      if (ids.includes("clusters")) showLabels(siteLabels, input.checked);
    });
    label.append(input, title);
    box.append(label);
  }

  // Labels: plain elements, since a font for the map's own text would have to be fetched

  const ringOf = new Map(data.layers.sites.map((item) => [item.properties.site_id, Math.max(2.5, ringPerRootMw * Math.sqrt(item.properties.power_mw))]));
  const siteLabels = data.layers.clusters
    .slice()
    .sort((one, other) => other.properties.power_mw - one.properties.power_mw)
    .map((item) => addLabel("site-label", shortName(item.properties.name) + " · " + number(item.properties.power_mw, item.properties.power_mw >= 100 ? 0 : 1) + " MW", item.geometry.coordinates, ringOf.get(item.properties.site_id) + 3));
  const placeLabels = data.base.places.map(([name, lon, lat]) => addLabel("place-label", name, [lon, lat], 3));

  function shortName(name) {
    return name.length <= 30 ? name : name.slice(0, 29).trimEnd() + "…";
  }

  function addLabel(kind, text, position, offset) {
    const element = document.createElement("div");
    element.className = kind;
    element.textContent = text;
    const marker = new maplibregl.Marker({ element, anchor: "left", offset: [offset, 0] }).setLngLat(position).addTo(map);
    return { element, marker, position, offset, wanted: true };
  }

  function showLabels(labels, wanted) {
    for (const label of labels) label.wanted = wanted;
    arrangeLabels();
  }

  // Larger clusters first, then cities; to the right of the place, else to the left, else not at all
  function arrangeLabels() {
    const frame = stage.getBoundingClientRect();
    const panelBox = panelFloats() ? [panel.getBoundingClientRect()] : [];
    const rings = siteLabels.map((label) => {
      const point = map.project(label.position);
      const [x, y, reach] = [frame.left + point.x, frame.top + point.y, label.offset - 3];
      return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
    });
    const taken = [...panelBox, ...rings];
    const isFree = (box) =>
      box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom &&
      !taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom);
    state.labels = 0;
    for (const label of [...siteLabels, ...placeLabels]) {
      const { width, height } = label.element.getBoundingClientRect();
      const point = map.project(label.position);
      const top = frame.top + point.y - height / 2;
      const offset = [label.offset, -label.offset - width].find((shift) => {
        const left = frame.left + point.x + shift;
        return isFree({ left, right: left + width, top, bottom: top + height });
      });
      const shown = label.wanted && offset !== undefined;
      label.element.style.visibility = shown ? "visible" : "hidden";
      if (!shown) continue;
      label.marker.setOffset([offset, 0]);
      const left = frame.left + point.x + offset;
      taken.push({ left, right: left + width, top, bottom: top + height });
      state.labels += 1;
    }
  }
  map.on("moveend", arrangeLabels);
  map.on("resize", arrangeLabels);
  panel.addEventListener("toggle", arrangeLabels);

  // Cards

  function number(value, decimals) {
    return value.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: decimals });
  }

  const share = (value) => number(100 * value, 1) + " %";
  const inUnits = (unit, decimals) => (value) => number(value, decimals) + " " + unit;
  const whole = (value) => number(value, 0);
  const asIs = (value) => String(value);
  const yes = (value) => (value ? "yes" : "no");
  const rate = (value) => (value >= 1e6 ? number(value / 1e6, 2) + " Pbit/s" : value >= 1e3 ? number(value / 1e3, 2) + " Tbit/s" : number(value, 0) + " Gbit/s");

  const cards = {
    clusters: { title: "name", kind: "Cluster", rows: [["pods", "Pods", whole], ["accelerators", "Accelerators", whole], ["power_mw", "Power drawn", inUnits("MW", 2)], ["power_share", "Of the site's power", share], ["link_gbps", "Links to others", rate], ["zone_id", "Zone", asIs]] },
    sites: { title: "name", kind: "Site", rows: [["role", "Role", asIs], ["used", "Used", yes], ["power_mw", "Power on offer", inUnits("MW", 1)], ["zone_id", "Zone", asIs], ["pue", "PUE", (value) => number(value, 2)]] },
    regenerators: { title: "name", kind: "Regeneration", rows: [["lightpaths", "Lightpaths", whole], ["transceivers", "Transceivers", whole]] },
    amplifiers: { title: "segment_id", kind: "In-line amplifiers", rows: [["position", "Place", whole], ["amplifiers", "Amplifiers", whole], ["from_a_km", "From end a", inUnits("km", 0)]] },
    amplifier_sites: { title: "hut_id", kind: "Amplifier hut", rows: [["amplifiers", "Amplifiers", whole], ["feed_power_w", "Power fed in", inUnits("W", 0)], ["segment_ids", "Fiber", asIs], ["conduits", "Conduits", asIs]] },
    links: { title: null, kind: "Logical link", rows: [["capacity_gbps", "Capacity, each way", rate], ["lightpaths", "Lightpaths", whole], ["mode", "Mode", asIs], ["routes", "Routes", whole], ["length_km", "Longest route", inUnits("km", 0)], ["latency_ms", "Latency, one way", inUnits("ms", 2)]] },
    fiber_segments: { title: "segment_id", kind: "Lit fiber", rows: [["pairs", "Pairs in use", whole], ["new_pairs", "New pairs", whole], ["built", "New build", yes], ["utilization", "Spectrum in use", share], ["capacity_gbps", "Capacity, each way", rate], ["length_km", "Length", inUnits("km", 0)], ["amplifiers", "In-line amplifiers", whole], ["conduits", "Conduits", asIs]] },
    fiber_available: { title: "segment_id", kind: "Fiber on offer, not used", rows: [["most_pairs", "Pairs", whole], ["to_build", "Can be built", yes], ["length_km", "Length", inUnits("km", 0)]] },
    power_zones: { title: "name", kind: "Power zone", rows: [["used_mw", "Drawn", inUnits("MW", 1)], ["headroom_mw", "Headroom", inUnits("MW", 1)], ["used_share", "In use", share], ["energy_usd_per_mwh", "Energy", inUnits("USD/MWh", 1)], ["carbon_g_per_kwh", "Carbon", inUnits("g/kWh", 0)], ["utility", "Utility", asIs]] },
  };
  const touchable = ["clusters", "regenerators", "amplifier_sites", "amplifiers", "sites", "links", "fiber_segments", "fiber_available", "power_zones"];

  function cardOf(feature) {
    const card = cards[feature.layer.id];
    const properties = feature.properties;
    const body = document.createElement("div");
    body.className = "popup";
    const title = document.createElement("h4");
    title.textContent = card.title ? properties[card.title] : properties.a + " – " + properties.z;
    const kind = document.createElement("p");
    kind.textContent = card.kind;
    const list = document.createElement("table");
    for (const [name, label, written] of card.rows) {
      const value = properties[name];
      if (value === undefined || value === null) continue;
      const row = list.insertRow();
      row.insertCell().textContent = label;
      row.insertCell().textContent = written(value);
    }
    body.append(title, kind, list);
    return body;
  }

  function under(point) {
    const reach = 5;
    const found = map.queryRenderedFeatures([[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]], { layers: touchable });
    return found.sort((one, other) => touchable.indexOf(one.layer.id) - touchable.indexOf(other.layer.id))[0];
  }

  const hover = new maplibregl.Popup({ closeButton: false, closeOnClick: false, offset: 10 });
  const pinned = new maplibregl.Popup({ offset: 10 });
  map.on("mousemove", (event) => {
    const feature = pinned.isOpen() ? undefined : under(event.point);
    map.getCanvas().style.cursor = feature ? "pointer" : "";
    if (feature) hover.setLngLat(event.lngLat).setDOMContent(cardOf(feature)).addTo(map);
    else hover.remove();
  });
  map.on("mouseout", () => hover.remove());
  map.on("click", (event) => {
    hover.remove();
    const feature = under(event.point);
    if (feature) pinned.setLngLat(event.lngLat).setDOMContent(cardOf(feature)).addTo(map);
  });

  // What is really on the screen, for whoever wants to know

  function drawn(layer) {
    return new Set(map.queryRenderedFeatures({ layers: [layer] }).map((item) => item.properties.numeric_id)).size;
  }

  map.on("idle", () => {
    state.sites = drawn("clusters");
    state.candidates = drawn("sites");
    state.links = drawn("links");
    state.fiber = drawn("fiber_segments");
    if (!state.ready) arrangeLabels();
    state.interactive = true;
    state.ready = true;
    publish();
  });
})();
