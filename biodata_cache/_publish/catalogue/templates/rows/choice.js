// Which rows are shown: filters, order and page, as the address has them.
//
// `is.column` one of its values · `has.column` a part of a text · `from.column` and `to.column` a
// range · `no.column` missing · `sort` a column, or `-column` · `page` from 1

const PAGE_ROWS = 20;
const FILTERS = ["is", "has", "from", "to", "no"];

// Only what the table has: other names of an address are listed.
function choiceOf(table, options) {
  const choice = { filters: new Map(), sort: null, isDown: false, page: 1, unknown: [] };
  const names = new Set(table.columns.map(([name]) => name));
  for (const [key, value] of options) {
    const at = key.indexOf(".");
    const [kind, name] = [key.slice(0, at), key.slice(at + 1)];
    const column = value.replace(/^-/, "");
    if (at > 0 && FILTERS.includes(kind) && names.has(name)) choice.filters.set(key, value);
    else if (key === "sort" && names.has(column)) Object.assign(choice, { sort: column, isDown: value.startsWith("-") });
    else if (key === "page" && /^[1-9]\d{0,8}$/.test(value)) choice.page = Number(value);
    else choice.unknown.push(key);
  }
  return choice;
}

function addressOfChoice(table, choice) {
  const options = Object.fromEntries(choice.filters);
  if (choice.sort) options.sort = (choice.isDown ? "-" : "") + choice.sort;
  if (choice.page > 1) options.page = choice.page;
  return addressOf(table.name, options);
}

// The choice in words.
function choiceWords(choice) {
  const filters = [...choice.filters].map(([key, text]) => {
    const at = key.indexOf(".");
    const [kind, name] = [key.slice(0, at), key.slice(at + 1)];
    return kind === "no" ? `${name} is missing` : `${name} ${kind} ${text === "" ? "empty" : text}`;
  });
  const order = choice.sort ? `sorted by ${choice.sort}${choice.isDown ? ", the largest first" : ""}` : "";
  return [filters.join(", "), order].filter((text) => text).join("; ");
}

const isOneOf = (value, text, kind) =>
  kind === "number" ? Number(value) === Number(text) : String(value) === text;

// Whether a value passes one filter; of a list, whether one of its elements does.
function passes(value, filter, text, kind) {
  if (filter === "no") return value === null;
  if (value === null) return false;
  if (Array.isArray(value)) return value.some((each) => passes(each, filter, text, kind));
  if (filter === "is") return isOneOf(value, text, kind);
  if (filter === "has") return String(value).toLowerCase().includes(text.toLowerCase());
  if (kind === "number") return filter === "from" ? value >= Number(text) : value <= Number(text);
  const day = String(value);
  return filter === "from" ? day >= text : day.slice(0, text.length) <= text;
}

function compared(one, other) {
  if (one === other) return 0;
  if (Array.isArray(one)) return compared(one.join("\n"), Array.isArray(other) ? other.join("\n") : other);
  return one < other ? -1 : 1;
}

// The positions of all rows that are chosen, in their order; missing values come last.
async function chosenRows(table, source, choice) {
  if (!choice.filters.size && !choice.sort) return Array.from({ length: source.total }, (_, position) => position);
  const kinds = new Map(table.columns.map(([name, type]) => [name, kindOf(type)]));
  let positions = Array.from({ length: source.total }, (_, position) => position);
  for (const [key, text] of choice.filters) {
    const at = key.indexOf(".");
    const [filter, name] = [key.slice(0, at), key.slice(at + 1)];
    const values = await source.column(name);
    positions = positions.filter((position) => passes(values[position], filter, text, kinds.get(name)));
  }
  if (!choice.sort) return positions;
  const values = await source.column(choice.sort);
  const there = positions.filter((position) => values[position] !== null);
  const missing = positions.filter((position) => values[position] === null);
  const sign = choice.isDown ? -1 : 1;
  there.sort((one, other) => sign * compared(values[one], values[other]) || one - other);
  return [...there, ...missing];
}
