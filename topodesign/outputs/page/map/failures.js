// The failure selector: what a cut takes down, on the map and in words

const MANY_FAILURES = 10;

function createFailures(map, changed) {
  const select = byId("failure");
  const search = byId("failure-search");
  const words = byId("failure-words");
  const failures = data.failures;
  let marks = [];
  if (!failures.length) return { clear: () => {} };

  const fiberThere = [...sources.fiber_segments.features, ...sources.fiber_available.features];
  const lit = new Set(sources.fiber_segments.features.map((item) => item.properties.segment_id));

  function list(wanted) {
    const chosen = select.value;
    select.replaceChildren(option("", "Nothing failed"));
    failures.forEach((failure, place) => {
      if (failure.name.toLowerCase().includes(wanted)) select.append(option(String(place), failure.name + " · " + failure.share));
    });
    select.value = [...select.options].some((item) => item.value === chosen) ? chosen : "";
    return select.options.length - 1;
  }

  function featuresOf(failure) {
    const cut = new Set(failure.segments);
    const left = new Map(failure.links);
    const fiber = fiberThere.filter((item) => cut.has(item.properties.segment_id));
    const links = sources.links.features.filter((item) => left.has(item.properties.numeric_id));
    return [
      ...fiber.map((item) => ({ type: "Feature", geometry: item.geometry, properties: { kind: "fiber", numeric_id: item.properties.segment_id, lit: lit.has(item.properties.segment_id) } })),
      ...links.map((item) => ({ type: "Feature", geometry: item.geometry, properties: { kind: "link", numeric_id: item.properties.numeric_id, left: left.get(item.properties.numeric_id) } })),
    ];
  }

  function mark(position, kind) {
    const element = document.createElement("div");
    element.className = "failure-mark " + kind;
    element.textContent = "✕";
    const made = new maplibregl.Marker({ element }).setLngLat(position).addTo(map);
    element.removeAttribute("role");
    element.setAttribute("aria-hidden", "true");
    return made;
  }

  function show(failure) {
    for (const made of marks) made.remove();
    const features = failure ? featuresOf(failure) : [];
    map.getSource("failed").setData(collection(features));
    const gone = failure ? failure.links.filter(([, left]) => left === 0).map(([link]) => link) : [];
    map.setFilter("links", gone.length ? ["!", ["in", ["get", "numeric_id"], ["literal", gone]]] : null);
    const down = failure ? data.layers.sites.filter((item) => failure.sites.includes(item.properties.site_id)) : [];
    marks = [
      ...features.filter((item) => item.properties.kind === "fiber").map((item) => mark(middleOf(item.geometry), "cut")),
      ...down.map((item) => mark(item.geometry.coordinates, "down")),
    ];
    words.textContent = failure ? failure.words : data.whole_words;
    words.classList.toggle("failed", failure !== null);
    state.failure = failure ? failure.name : null;
    changed(failure !== null);
  }

  const choose = () => show(select.value === "" ? null : failures[Number(select.value)]);
  select.addEventListener("change", choose);
  search.addEventListener("input", () => {
    const found = list(search.value.trim().toLowerCase());
    byId("failure-found").textContent = search.value.trim() ? found + " of " + failures.length : "";
    choose();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || select.options.length < 2) return;
    event.preventDefault();
    select.value = select.options[1].value;
    choose();
  });

  list("");
  search.hidden = failures.length <= MANY_FAILURES;
  if (failures.length < data.failures_checked) byId("failure-note").textContent = `The ${failures.length} worst of ${number(data.failures_checked, 0)}; all are in verification.json.`;
  words.textContent = data.whole_words;
  words.hidden = false;
  byId("failures").hidden = false;
  return {
    clear: () => {
      select.value = "";
      choose();
    },
  };
}
