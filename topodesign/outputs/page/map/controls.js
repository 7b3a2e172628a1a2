// Layer switches, what zones are colored by, and the list of things whose cards can be opened without a pointer

const switches = [
  ["Clusters", ["clusters", "compared_clusters"], true],
  ["Candidate sites", ["sites"], true],
  ["Lit fiber", ["fiber_segments", "compared_fiber_segments-a", "compared_fiber_segments-b"], true],
  ["Other fiber on offer", ["fiber_available"], true],
  ["Logical links", ["links", "compared_links-a", "compared_links-b"], true],
  ["Regeneration", ["regenerators"], true],
  ["In-line amplifiers", ["amplifiers", "amplifier_sites"], false],
  ["Power zones", ["power_zones", "power_zones-border"], true],
];

function createSwitches(map, changed) {
  const box = byId("switches");
  for (const [title, ids, on] of switches) {
    if (!on) for (const id of ids) look.off.add(id);
    if (!ids.some((id) => sources[cardName(id)] && sources[cardName(id)].features.length)) continue;
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "checkbox";
    input.checked = on;
    input.dataset.layers = ids[0];
    input.addEventListener("change", () => {
      for (const id of ids) input.checked ? look.off.delete(id) : look.off.add(id);
      changed();
    });
    label.append(input, title);
    box.append(label);
  }
}

// The legend shows what is on the map: one measure of zones, cuts while something fails, sides while plans are compared
function updateLegend() {
  for (const part of document.querySelectorAll(".legend [data-measure]")) part.hidden = part.dataset.measure !== look.measure.key;
  const now = { plan: look.mode === "plan", failure: state.failure !== null, comparison: look.mode === "difference" };
  for (const part of document.querySelectorAll(".legend [data-when]")) part.hidden = !now[part.dataset.when];
  for (const part of document.querySelectorAll(".legend [data-layer]")) part.hidden = !isShown(part.dataset.layer);
}

function createMeasures(changed) {
  if (!sources.power_zones.features.length) return;
  const select = byId("zone-measure");
  for (const measure of data.measures) select.append(option(measure.key, measure.title));
  select.addEventListener("change", () => {
    look.measure = data.measures.find((measure) => measure.key === select.value);
    changed();
  });
  select.parentElement.hidden = false;
}

function positionsOf(geometry) {
  const depth = { Point: 0, LineString: 1, MultiLineString: 2 }[geometry.type];
  return depth ? geometry.coordinates.flat(depth - 1) : [geometry.coordinates];
}

// Zooming to what the plan (or either of two plans) uses, and back to all that is on offer
function createZooms(map, padding) {
  const [west, south, east, north] = data.view;
  const used = ["clusters", "links", "fiber_segments", "compared_clusters", "compared_links", "compared_fiber_segments"];
  const positions = used.flatMap((layer) => (sources[layer] ? sources[layer].features : [])).flatMap((item) => positionsOf(item.geometry));
  const zooms = byId("zooms");
  map.addControl({ onAdd: () => zooms, onRemove: () => zooms.remove() }, "top-right");
  zooms.hidden = false;
  byId("zoom-plan").hidden = !positions.length;
  byId("zoom-all").addEventListener("click", () => map.fitBounds([[west, south], [east, north]], { padding: padding(), animate: false }));
  byId("zoom-plan").addEventListener("click", () => {
    const bounds = positions.reduce((box, position) => box.extend(position), new maplibregl.LngLatBounds(positions[0], positions[0]));
    const room = padding();
    for (const side of Object.keys(room)) room[side] += 30;
    map.fitBounds(bounds, { padding: room, animate: false });
  });
}

function createThingList(openCard) {
  const select = byId("things");
  const groups = comparison
    ? [["Clusters", "compared_clusters"], ["Logical links", "compared_links"], ["Lit fiber", "compared_fiber_segments"]]
    : [["Clusters", "clusters"], ["Logical links", "links"], ["Lit fiber", "fiber_segments"]];
  select.append(option("", "Choose…"));
  for (const [title, layer] of [...groups, ["Candidate sites", "sites"], ["Power zones", "power_zones"]]) {
    const group = document.createElement("optgroup");
    group.label = title;
    sources[layer].features.forEach((feature, place) => group.append(option(layer + " " + place, titleOf(layer, feature.properties))));
    if (group.childElementCount) select.append(group);
  }
  select.addEventListener("change", () => {
    if (!select.value) return;
    const [layer, place] = select.value.split(" ");
    const feature = sources[layer].features[Number(place)];
    const position = layer === "power_zones" ? middleOfArea(feature.geometry) : middleOf(feature.geometry);
    openCard(layer, feature.properties, position, select);
  });
  select.parentElement.hidden = select.options.length < 2;
}

function middleOfArea(geometry) {
  const points = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flatMap((rings) => rings[0]);
  const ends = (place) => [Math.min(...points.map((point) => point[place])), Math.max(...points.map((point) => point[place]))];
  return [0, 1].map((place) => (ends(place)[0] + ends(place)[1]) / 2);
}
