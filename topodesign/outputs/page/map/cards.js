// Cards: what a thing on the map is, on hover, on click, from a label or from the list of things

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
  compared_clusters: { title: "name", kind: "Cluster", rows: [["side_words", "In", asIs], ["pods_a", "Pods, plan A", whole], ["pods_b", "Pods, plan B", whole], ["power_mw_a", "Power, plan A", inUnits("MW", 2)], ["power_mw_b", "Power, plan B", inUnits("MW", 2)]] },
  compared_fiber_segments: { title: "segment_id", kind: "Lit fiber", rows: [["side_words", "In", asIs], ["pairs_a", "Pairs, plan A", whole], ["pairs_b", "Pairs, plan B", whole], ["capacity_gbps_a", "Capacity, plan A", rate], ["capacity_gbps_b", "Capacity, plan B", rate], ["length_km", "Length", inUnits("km", 0)]] },
  compared_links: { title: null, kind: "Logical link", rows: [["side_words", "In", asIs], ["mode", "Mode", asIs], ["lightpaths_a", "Lightpaths, plan A", whole], ["lightpaths_b", "Lightpaths, plan B", whole], ["capacity_gbps_a", "Capacity, plan A", rate], ["capacity_gbps_b", "Capacity, plan B", rate]] },
};

// The uppermost first
const touchable = ["compared_clusters", "clusters", "regenerators", "amplifier_sites", "amplifiers", "sites", "compared_links-a", "compared_links-b", "links", "compared_fiber_segments-a", "compared_fiber_segments-b", "fiber_segments", "fiber_available", "power_zones"];

const cardName = (layer) => layer.replace(/-[ab]$/, "");
const titleOf = (layer, properties) => (cards[layer].title ? properties[cards[layer].title] : properties.a + " – " + properties.z);

function cardOf(layer, properties) {
  const card = cards[layer];
  const body = document.createElement("div");
  body.className = "popup";
  const title = document.createElement("h4");
  title.textContent = titleOf(layer, properties);
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

function createCards(map) {
  const known = touchable.filter((id) => map.getLayer(id));
  const hover = new maplibregl.Popup({ closeButton: false, closeOnClick: false, focusAfterOpen: false, offset: 10, maxWidth: "300px" });
  const pinned = new maplibregl.Popup({ offset: 10, maxWidth: "300px", focusAfterOpen: false });
  let opener = null;

  function under(point) {
    const reach = 5;
    const found = map.queryRenderedFeatures([[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]], { layers: known });
    return found.sort((one, other) => known.indexOf(one.layer.id) - known.indexOf(other.layer.id))[0];
  }

  function open(layer, properties, position, from) {
    hover.remove();
    opener = from || null;
    const bounds = map.getBounds();
    if (!bounds.contains(position)) map.jumpTo({ center: position });
    pinned.setLngLat(position).setDOMContent(cardOf(layer, properties)).addTo(map);
  }

  function close() {
    hover.remove();
    if (!pinned.isOpen()) return;
    const inside = pinned.getElement().contains(document.activeElement);
    pinned.remove();
    if (inside) (opener && opener.isConnected ? opener : map.getCanvas()).focus();
  }

  map.on("mousemove", (event) => {
    const feature = pinned.isOpen() ? undefined : under(event.point);
    map.getCanvas().style.cursor = feature ? "pointer" : "";
    if (feature) hover.setLngLat(event.lngLat).setDOMContent(cardOf(cardName(feature.layer.id), feature.properties)).addTo(map);
    else hover.remove();
  });
  map.on("mouseout", () => hover.remove());
  map.on("click", (event) => {
    const feature = under(event.point);
    if (feature) open(cardName(feature.layer.id), feature.properties, event.lngLat, map.getCanvas());
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  return { open, close };
}

function middleOf(geometry) {
  if (geometry.type === "Point") return geometry.coordinates;
  const lines = geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
  const longest = lines.reduce((one, other) => (other.length > one.length ? other : one));
  const place = (longest.length - 1) / 2;
  const [before, after] = [longest[Math.floor(place)], longest[Math.ceil(place)]];
  return [(before[0] + after[0]) / 2, (before[1] + after[1]) / 2];
}
