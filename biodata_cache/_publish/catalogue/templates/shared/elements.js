// Elements and texts that both pages use.

const cache = JSON.parse(document.getElementById("data").textContent);
const content = document.getElementById("content");
const SVG = "http://www.w3.org/2000/svg";
const SVG_NAMES = new Set(["svg", "path", "line", "circle", "rect", "g", "text", "title"]);

// Text always goes in as text: texts of tables are never read as HTML.
function make(name, attributes, ...children) {
  const svg = SVG_NAMES.has(name);
  const element = svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const count = (number) => (number === null ? "unknown" : number.toLocaleString("en"));
const plural = (number, one) => `${count(number)} ${one}${number === 1 ? "" : "s"}`;

function size(bytes) {
  if (bytes === null) return "unknown";
  let unit = 0;
  while (bytes >= 999.5 && unit < 4) {
    bytes /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || bytes >= 99.5 ? 0 : 1;
  return `${bytes.toFixed(digits)} ${["bytes", "kB", "MB", "GB", "TB"][unit]}`;
}

function date(text) {
  const at = new Date(text);
  return isNaN(at) ? null : at;
}

function minute(text) {
  const at = date(text);
  return at ? at.toISOString().slice(0, 16).replace("T", " ") + " UTC" : "unknown";
}

// How long ago, from the clock of whoever looks: the page itself does not change with time.
function ago(text) {
  const at = date(text);
  if (!at) return "unknown";
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const minutes = Math.round((at - Date.now()) / 60000);
  for (const [unit, length] of [["year", 525600], ["month", 43800], ["day", 1440], ["hour", 60]]) {
    if (Math.abs(minutes) >= length) return words.format(Math.trunc(minutes / length), unit);
  }
  return Math.abs(minutes) < 1 ? "just now" : words.format(minutes, "minute");
}

const time = (text) =>
  make("time", { datetime: text || null, title: minute(text) }, ago(text));

// A share in percent: what is there is never 0 %, and what is not all is never 100 %.
function percent(part, whole) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  if (share > 0 && share < 1) return "< 1 %";
  if (share > 99 && share < 100) return "> 99 %";
  return `${Math.round(share)} %`;
}

const heads = (titles) =>
  make("thead", null, make("tr", null, titles.map(([text, isNumber]) => make("th", { scope: "col", class: isNumber ? "number" : null }, text))));

// A part that is wider than the screen scrolls by itself, also with the keyboard.
const scrolling = (label, ...children) =>
  make("div", { class: "scrolling", role: "region", "aria-label": label, tabindex: "0" }, ...children);
