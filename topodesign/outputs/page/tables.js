// Tables that sort: a click or Enter on a column's head sorts by it, again the other way round, and a third time gives
// the first order back. Without scripts the tables are plain.
(function () {
  "use strict";

  const ORDERS = ["ascending", "descending", "none"];
  const words = new Intl.Collator("en", { numeric: true });

  function keyOf(row, column) {
    const cell = row.cells[column];
    const text = cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
    const number = text === "" ? NaN : Number(text.replace(/[,%]/g, ""));
    return { text, number };
  }

  // numbers before words, and what is not stated at the end
  function compare(one, other) {
    const numbers = [one, other].map((key) => !Number.isNaN(key.number));
    if (numbers[0] && numbers[1]) return one.number - other.number;
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    return words.compare(one.text, other.text);
  }

  function sort(table, column, order) {
    const body = table.tBodies[0];
    const rows = first.get(table).slice();
    if (order !== "none") {
      const keys = new Map(rows.map((row) => [row, keyOf(row, column)]));
      const stated = (row) => keys.get(row).text !== "\u2013";
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((one, other) =>
        stated(one) !== stated(other) ? (stated(one) ? -1 : 1) : sign * compare(keys.get(one), keys.get(other)));
    }
    body.append(...rows);
    for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
      head.setAttribute("aria-sort", place === column ? order : "none");
    }
  }

  const first = new Map();
  for (const table of document.querySelectorAll("table.sortable")) {
    first.set(table, [...table.tBodies[0].rows]);
    for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.title = "Sort by this column";
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const now = ORDERS.indexOf(head.getAttribute("aria-sort"));
        sort(table, column, ORDERS[(now + 1) % ORDERS.length]);
      });
    }
  }
})();
