// One plan, or what differs between two

function createComparison(changed) {
  if (!comparison) return { showPlan: () => {} };
  const select = byId("mode");
  const counts = comparison.counts;
  const inWords = (layer, thing) => `${thing}: ${counts[layer].a} only in A, ${counts[layer].b} only in B, ${counts[layer].both} in both`;
  select.append(option("difference", "Differences of A and B"), option("plan", "Plan A alone"));
  byId("mode-words").textContent = [inWords("compared_clusters", "Sites"), inWords("compared_fiber_segments", "lit segments"), inWords("compared_links", "links")].join("; ") + ".";
  const showWords = () => {
    byId("mode-words").hidden = look.mode !== "difference";
    byId("failure-words").classList.toggle("off", look.mode === "difference");
  };
  const choose = () => {
    look.mode = select.value;
    state.mode = look.mode;
    showWords();
    changed();
  };
  select.addEventListener("change", choose);
  byId("comparison").hidden = false;
  look.mode = "difference";
  state.mode = "difference";
  showWords();
  return {
    showPlan: () => {
      if (look.mode === "plan") return;
      select.value = "plan";
      choose();
    },
  };
}
