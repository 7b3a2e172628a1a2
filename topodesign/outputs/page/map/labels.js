// Labels are plain elements, since a font for the map's own text would have to be fetched. Those of clusters are
// buttons: they open the cluster's card, by pointer or by keyboard.

function createLabels(map, panel, openCard) {
  const rings = new Map(data.layers.sites.map((item) => [item.properties.site_id, Math.max(2.5, ringPerRootMw * Math.sqrt(item.properties.power_mw))]));
  const sites = [];
  const megawatts = (value) => number(value, value >= 100 ? 0 : 1) + " MW";

  function add(element, position, offset) {
    const marker = new maplibregl.Marker({ element, anchor: "center" }).setLngLat(position).addTo(map);
    element.removeAttribute("role"); // the map library says that all of them are buttons
    return { element, marker, position, offset, wanted: true };
  }

  function ofSite(layer, item, power_mw) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "site-label";
    element.textContent = shortName(item.properties.name) + " · " + megawatts(power_mw);
    element.setAttribute("aria-label", item.properties.name + ", " + megawatts(power_mw) + ": show its card");
    const label = add(element, item.geometry.coordinates, rings.get(item.properties.site_id) + 3);
    element.addEventListener("click", (event) => {
      event.stopPropagation();
      openCard(layer, item.properties, label.position, element);
    });
    return { ...label, layer, power_mw };
  }

  function ofPlace([name, lon, lat]) {
    const element = document.createElement("div");
    element.className = "place-label";
    element.textContent = name;
    element.setAttribute("aria-hidden", "true");
    return add(element, [lon, lat], 3);
  }

  for (const item of data.layers.clusters) sites.push(ofSite("clusters", item, item.properties.power_mw));
  for (const item of comparison ? comparison.layers.compared_clusters : []) {
    sites.push(ofSite("compared_clusters", item, Math.max(item.properties.power_mw_a, item.properties.power_mw_b)));
  }
  sites.sort((one, other) => other.power_mw - one.power_mw);
  const places = data.base.places.map(ofPlace);

  // Larger clusters first, then cities; right of the place, left, above or below, else not at all
  function arrange() {
    const frame = map.getContainer().getBoundingClientRect();
    const shownSites = sites.filter((label) => isShown(label.layer));
    const around = (label) => {
      const point = map.project(label.position);
      const [x, y, reach] = [frame.left + point.x, frame.top + point.y, label.offset - 3];
      return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
    };
    const taken = [...obstacles(map, panel), ...shownSites.map(around)];
    const isFree = (box) =>
      box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom &&
      !taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom);
    state.labels = 0;
    for (const label of [...sites, ...places]) {
      const { width, height } = label.element.getBoundingClientRect();
      const point = map.project(label.position);
      const beside = label.offset + width / 2;
      const beyond = label.offset + height / 2;
      const boxAt = ([dx, dy]) => {
        const [x, y] = [frame.left + point.x + dx, frame.top + point.y + dy];
        return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
      };
      const wanted = label.layer === undefined || isShown(label.layer);
      // above and below it is pushed into the frame
      const pushed = Math.max(width / 2 + 2 - point.x, Math.min(0, frame.width - 2 - width / 2 - point.x));
      const shift = [[beside, 0], [-beside, 0], [pushed, -beyond], [pushed, beyond]].find((place) => wanted && isFree(boxAt(place)));
      label.element.style.visibility = shift ? "visible" : "hidden";
      if (!shift) continue;
      label.marker.setOffset(shift);
      taken.push(boxAt(shift));
      state.labels += 1;
    }
  }

  return { arrange };
}

// What lies over the map and would cover a label
function obstacles(map, panel) {
  const over = [...map.getContainer().querySelectorAll(".maplibregl-ctrl, .failure-mark")];
  if (panelFloats(panel)) over.push(panel);
  return over.map((element) => element.getBoundingClientRect());
}

function panelFloats(panel) {
  return panel.open && getComputedStyle(panel).position === "absolute";
}
