// What the map has drawn, for whoever wants to know: window.topodesignReport and data attributes of the root element.
// The files of this folder are one script, in the order of topodesign/outputs/page_files.py.

const state = { ready: false, interactive: false, sites: 0, links: 0, fiber: 0, labels: 0, failure: null, mode: "plan", errors: [] };
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

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("map-data").textContent);
