// Numbers with their units, as cards and labels write them

function number(value, decimals) {
  return value.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: decimals });
}

const share = (value) => number(100 * value, 1) + " %";
const inUnits = (unit, decimals) => (value) => number(value, decimals) + " " + unit;
const whole = (value) => number(value, 0);
const asIs = (value) => String(value);
const yes = (value) => (value ? "yes" : "no");
const rate = (value) => (value >= 1e6 ? number(value / 1e6, 2) + " Pbit/s" : value >= 1e3 ? number(value / 1e3, 2) + " Tbit/s" : number(value, 0) + " Gbit/s");

// A narrow map has room for short names only; the whole name is in the card
const LONGEST_NAME = document.documentElement.clientWidth > 600 ? 30 : 16;

function shortName(name) {
  return name.length <= LONGEST_NAME ? name : name.slice(0, LONGEST_NAME - 1).trimEnd() + "…";
}

function option(value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}
