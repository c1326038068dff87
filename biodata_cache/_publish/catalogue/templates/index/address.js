// What the address says: `#table`, `#table.column`, `#table?is.platform=fib&sort=-name`,
// `#?q=words`. Every state has one.

const anchor = (name) => "#" + encodeURIComponent(name);
const link = (name, ...children) => make("a", { href: anchor(name) }, ...children);

function addressOf(name, options) {
  const chosen = new URLSearchParams(Object.entries(options));
  return anchor(name) + (chosen.size ? `?${chosen}` : "");
}

// `table` and `column`, or `isSql`, or `unknown`: a name that is neither.
function wanted() {
  const [encoded, ...rest] = location.hash.slice(1).split("?");
  const options = new URLSearchParams(rest.join("?"));
  let name = encoded;
  try {
    name = decodeURIComponent(encoded);
  } catch { /* not encoded: as it is */ }
  const at = { table: null, column: null, isSql: false, unknown: null, options };
  if (!name) return at;
  if (tables.has(name)) return { ...at, table: tables.get(name) };
  for (const [table, entry] of tables) {
    const column = name.startsWith(table + ".") ? name.slice(table.length + 1) : null;
    if (entry.columns.some(([each]) => each === column)) return { ...at, table: entry, column };
  }
  if (name === "sql" && hasSql()) return { ...at, isSql: true };
  return { ...at, unknown: name };
}

// Write what is shown into the address, without a step back for each key that was pressed.
const replaceAddress = (address) => history.replaceState(null, "", address);
