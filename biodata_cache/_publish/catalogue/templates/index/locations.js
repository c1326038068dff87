// Where files are, and the code that reads them.

// The last part of the location of a table: its file, or the folder it is in.
const lastPart = (table) => table.location.replace(/[\/\\]+$/, "").split(/[\/\\]/).pop();

// A value as it stands in the name of its folder: percent-encoded, as DuckDB does it.
const encoded = (value) =>
  encodeURIComponent(value).replace(/[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());

const fileOf = (table, value) => `${lastPart(table)}/${table.partition_key}=${encoded(value)}/data.pqt`;
const href = (path) => path.split("/").map((part) => encodeURIComponent(part).replaceAll("%3D", "=")).join("/");

// Where this page lies, as a program that reads the tables writes it.
function folder() {
  const [first] = cache.tables;
  if (first && first.location.startsWith("s3://")) return first.location.replace(/\/+$/, "").replace(/\/[^\/]*$/, "");
  const here = new URL(".", document.baseURI);
  if (here.protocol !== "file:") return here.href.replace(/\/$/, "");
  const path = decodeURIComponent(here.pathname).replace(/\/$/, "");
  return path.replace(/^\/([A-Za-z]:)/, "$1");
}

function snippets(table) {
  const text = (value) => `'${value.replaceAll("'", "''")}'`;
  const from = folder();
  const remote = /^https?:/.test(from);
  const root = remote ? null : from.replace(/\/data-asset-cache\/[^\/]*$/, "");
  const example = table.partition_key && (table.largest.find(([value]) => /^[\w.-]+$/.test(value)) || table.largest[0]);
  const made = [];
  if (table.has_function) {
    const needed = root !== null && root !== cache.default_root;
    const lines = needed ? ["import os", "", `os.environ["BIODATA_CACHE_ROOT"] = ${JSON.stringify(root)}`, ""] : [];
    const value = example ? JSON.stringify(example[0]) : "";
    made.push(["Python", [...lines, "import biodata_cache", "", `${table.name} = biodata_cache.${table.name}(${value})`].join("\n")]);
  }
  if (table.files === 0 && !table.partition_key) return made; // its objects have no fixed names
  const path = example ? fileOf(table, example[0]) : lastPart(table);
  const file = `${from}/${remote ? href(path) : path}`;
  if (!table.partition_key) {
    made.push(["SQL, in DuckDB", `select *\nfrom read_parquet(${text(file)})\nlimit 10;`]);
  } else {
    if (example) made.push([`SQL, in DuckDB: one ${table.partition_key}`, `select *\nfrom read_parquet(\n    ${text(file)},\n    hive_partitioning = false\n);`]);
    if (!remote) made.push(["SQL, in DuckDB: all of them", `select *\nfrom read_parquet(\n    ${text(`${from}/${lastPart(table)}/*/data.pqt`)},\n    hive_partitioning = false\n)\nlimit 10;`]);
  }
  return made;
}
