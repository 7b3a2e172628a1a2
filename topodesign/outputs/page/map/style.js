// Sources and layers. What the reader chooses (ground, zone measure, mode) is in `look`; repaint() applies it.

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const look = { measure: data.measures[0], mode: "plan", off: new Set() };

const collection = (features) => ({ type: "FeatureCollection", features: features.filter((item) => item.geometry) });
const shapes = (geometries) => collection(geometries.map((geometry) => ({ type: "Feature", properties: {}, geometry })));
const ramp = (value, stops) => ["interpolate", ["linear"], value, ...stops.flat()];
const scaled = (name, most, least, span) => ["+", least, ["*", span, ["sqrt", ["/", ["get", name], Math.max(most, 1e-9)]]]];
const usedShare = ["coalesce", ["get", "used_share"], 0];

// A small map gets small rings, and so does its legend
const ringScale = Math.max(0.55, Math.min(1, document.documentElement.clientWidth / 900));
const ringPerRootMw = data.radius_per_root_mw * ringScale;
const radius = (least, mw) => ["max", least, ["*", ringPerRootMw, ["sqrt", mw]]];

const comparison = data.comparison;
const sources = { land: shapes(data.base.land), lakes: shapes(data.base.lakes), failed: collection([]) };
for (const name of Object.keys(data.layers)) sources[name] = collection(data.layers[name]);
if (comparison) for (const name of Object.keys(comparison.layers)) sources[name] = collection(comparison.layers[name]);

// Fine lines must not be simplified away: all of them are counted and can be pointed at
const exact = new Set(["fiber_segments", "links", "failed", "compared_fiber_segments", "compared_links"]);

function sourceList() {
  return Object.fromEntries(
    Object.entries(sources).map(([name, value]) => [name, { type: "geojson", data: value, tolerance: exact.has(name) ? 0 : 0.2 }])
  );
}

function zoneFill(colors) {
  const { key, name, low, high } = look.measure;
  const position = ["/", ["-", ["coalesce", ["get", name], low], low], high - low];
  return ramp(position, colors[key + "_ramp"]);
}

function planLayers(colors) {
  const round = { "line-cap": "round", "line-join": "round" };
  const hidden = { visibility: "none" };
  return [
    { id: "water", type: "background", paint: { "background-color": colors.water } },
    { id: "land", source: "land", type: "fill", paint: { "fill-color": colors.land } },
    { id: "land-border", source: "land", type: "line", paint: { "line-color": colors.border, "line-width": 0.8 } },
    { id: "lakes", source: "lakes", type: "fill", paint: { "fill-color": colors.water } },
    { id: "power_zones", source: "power_zones", type: "fill", paint: { "fill-color": zoneFill(colors), "fill-opacity": look.measure.key === "headroom" ? ["case", [">", usedShare, 0], look.measure.opacity, data.idle_opacity] : look.measure.opacity } },
    { id: "power_zones-border", source: "power_zones", type: "line", paint: { "line-color": colors.zone_border, "line-opacity": 0.55, "line-width": 0.9 } },
    { id: "fiber_available", source: "fiber_available", type: "line", paint: { "line-color": colors.available, "line-width": 0.9 } },
    { id: "fiber_segments", source: "fiber_segments", type: "line", layout: round, paint: { "line-color": ramp(["get", "utilization"], colors.fiber_ramp), "line-width": scaled("pairs", data.most_pairs, 1.8, 5.2) } },
    { id: "failed_fiber", source: "failed", type: "line", filter: ["==", ["get", "kind"], "fiber"], paint: { "line-color": colors.failed, "line-width": ["case", ["get", "lit"], 4.5, 1.8], "line-dasharray": [2.2, 1.1] } },
    { id: "links", source: "links", type: "line", paint: { "line-color": colors.link, "line-width": scaled("capacity_gbps", data.most_gbps, 0.8, 1.6), "line-dasharray": [1.5, 2.5] } },
    { id: "failed_links", source: "failed", type: "line", filter: ["==", ["get", "kind"], "link"], paint: { "line-color": colors.failed, "line-opacity": ["case", [">", ["get", "left"], 0], 0.6, 1], "line-width": 1.8, "line-dasharray": [1.5, 2.5] } },
    { id: "amplifiers", source: "amplifiers", type: "circle", layout: hidden, paint: { "circle-radius": 2.2, "circle-color": colors.edge, "circle-stroke-color": colors.amplifier, "circle-stroke-width": 1.2 } },
    { id: "amplifier_sites", source: "amplifier_sites", type: "circle", layout: hidden, paint: { "circle-radius": 3.2, "circle-color": colors.amplifier, "circle-stroke-color": colors.edge, "circle-stroke-width": 1 } },
    { id: "sites", source: "sites", type: "circle", paint: { "circle-radius": radius(2.5, ["get", "power_mw"]), "circle-color": colors.ring, "circle-opacity": 0.35, "circle-stroke-color": ["case", ["==", ["get", "role"], "hub"], colors.hub, colors.candidate], "circle-stroke-width": 1.2 } },
    { id: "regenerators", source: "regenerators", type: "circle", paint: { "circle-radius": 3.2, "circle-color": colors.edge, "circle-stroke-color": colors.regenerator, "circle-stroke-width": 2.8 } },
    { id: "clusters", source: "clusters", type: "circle", paint: { "circle-radius": radius(4, ["get", "power_mw"]), "circle-color": colors.cluster, "circle-stroke-color": colors.edge, "circle-stroke-width": 1.5 } },
  ];
}

// Only A, only B, both: told apart by color, and B's lines by dashes
function comparedLayers(colors) {
  if (!comparison) return [];
  const color = ["match", ["get", "side"], "a", colors.only_a, "b", colors.only_b, colors.both];
  const most = (one, other) => ["max", ["get", one], ["get", other]];
  const lines = (layer, side, paint) => ({ id: `compared_${layer}-${side}`, source: `compared_${layer}`, type: "line", filter: side === "b" ? ["==", ["get", "side"], "b"] : ["!=", ["get", "side"], "b"], paint });
  return [
    lines("fiber_segments", "a", { "line-color": color, "line-width": 4 }),
    lines("fiber_segments", "b", { "line-color": color, "line-width": 4, "line-dasharray": [2, 1] }),
    lines("links", "a", { "line-color": color, "line-width": 1.6 }),
    lines("links", "b", { "line-color": color, "line-width": 1.6, "line-dasharray": [4, 3] }),
    { id: "compared_clusters", source: "compared_clusters", type: "circle", paint: { "circle-radius": radius(4, most("power_mw_a", "power_mw_b")), "circle-color": color, "circle-stroke-color": colors.edge, "circle-stroke-width": 1.5 } },
  ];
}

function layerList() {
  const colors = data.themes[dark.matches ? "dark" : "light"];
  return [...planLayers(colors), ...comparedLayers(colors)];
}

// Layers by what is chosen: those of one plan, those of the comparison, and the ground of both
const onlyOfPlan = new Set(["clusters", "fiber_segments", "links", "regenerators", "amplifiers", "amplifier_sites", "failed_fiber", "failed_links"]);

function isShown(id) {
  if (look.off.has(id)) return false;
  return look.mode === "plan" ? !id.startsWith("compared_") : !onlyOfPlan.has(id);
}

function repaint(map) {
  for (const layer of layerList()) {
    for (const [name, value] of Object.entries(layer.paint)) map.setPaintProperty(layer.id, name, value);
    map.setLayoutProperty(layer.id, "visibility", isShown(layer.id) ? "visible" : "none");
  }
}
