"use strict";
(() => {
  const cache = JSON.parse(document.getElementById("data").textContent);
  const tables = new Map(cache.tables.map((table) => [table.name, table]));
  const content = document.getElementById("content");
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const SVG = "http://www.w3.org/2000/svg";
  let overviewPosition = 0;

  // Text always goes in as text: what the tables say of themselves is never read as HTML.
  function make(name, attributes, ...children) {
    const svg = ["svg", "path", "line", "circle", "title"].includes(name);
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

  // Bold and code of the texts; code that names a table or a column of the table leads there.
  function inline(text, table) {
    return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
      if (part.startsWith("**") && part.length > 4) return make("strong", null, part.slice(2, -2));
      if (!part.startsWith("`") || part.length < 3) return part;
      const name = part.slice(1, -1);
      const code = make("code", null, name);
      if (tables.has(name) && !(table && table.name === name)) return link(name, code);
      return code;
    });
  }

  // A paragraph ends at an empty line, or where the next line begins with a bold word.
  function paragraphs(text, table) {
    return text.split(/\n\s*\n|\n(?=\*\*)/).map((part) => make("p", null, inline(part.replace(/\s+/g, " ").trim(), table)));
  }

  const plain = (text) => text.replace(/\*\*|`/g, "").replace(/\s+/g, " ").trim();

  function summary(table) {
    const text = plain(table.description);
    const end = text.search(/\.(\s|$)/);
    return end < 0 ? text : text.slice(0, end + 1);
  }

  const anchor = (name) => "#" + encodeURIComponent(name);
  const link = (name, ...children) => make("a", { href: anchor(name) }, ...children);

  function marked(text, words) {
    const parts = [];
    const lower = text.toLowerCase();
    let from = 0;
    while (from < text.length) {
      let [start, length] = [-1, 0];
      for (const word of words) {
        const at = lower.indexOf(word, from);
        if (at >= 0 && (start < 0 || at < start || (at === start && word.length > length))) [start, length] = [at, word.length];
      }
      if (start < 0) break;
      parts.push(text.slice(from, start), make("mark", null, text.slice(start, start + length)));
      from = start + length;
    }
    return [...parts, text.slice(from)];
  }

  // Files ------------------------------------------------------------------------------------

  // The last part of the place where the table was published: its file, or the folder it is in.
  const place = (table) => table.location.replace(/[\/\\]+$/, "").split(/[\/\\]/).pop();

  // A value as it stands in the name of its folder: percent-encoded, as DuckDB does it.
  const encoded = (value) =>
    encodeURIComponent(value).replace(/[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());

  const fileOf = (table, value) => `${place(table)}/${table.partition_key}=${encoded(value)}/data.pqt`;
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
    const path = example ? fileOf(table, example[0]) : place(table);
    const file = `${from}/${remote ? href(path) : path}`;
    if (!table.partition_key) {
      made.push(["SQL, in DuckDB", `select *\nfrom read_parquet(${text(file)})\nlimit 10;`]);
    } else {
      if (example) made.push([`SQL, in DuckDB: one ${table.partition_key}`, `select *\nfrom read_parquet(\n    ${text(file)},\n    hive_partitioning = false\n);`]);
      if (!remote) made.push(["SQL, in DuckDB: all of them", `select *\nfrom read_parquet(\n    ${text(`${from}/${place(table)}/*/data.pqt`)},\n    hive_partitioning = false\n)\nlimit 10;`]);
    }
    return made;
  }

  // History ----------------------------------------------------------------------------------

  // The row counts as they were: [time, rows, bytes] of each build that had the table.
  function course(table) {
    return table.history
      .map((sizes, index) => sizes && [cache.builds[index], ...sizes])
      .filter((step) => step);
  }

  function scale(steps) {
    const times = steps.map(([at]) => +date(at));
    const rows = steps.map(([, rows]) => rows);
    const [low, high] = [Math.min(...rows), Math.max(...rows)];
    const [first, last] = [times[0], times[times.length - 1]];
    return steps.map(([, rows], index) => [
      last > first ? (times[index] - first) / (last - first) : steps.length > 1 ? index / (steps.length - 1) : 1,
      high > low ? (rows - low) / (high - low) : 0.5,
    ]);
  }

  // A build counts until the next one: the line goes on level, then up or down.
  function staircase(points) {
    return points.map(([x, y], index) => (index ? `H${x}V${y}` : `M${x} ${y}`)).join("");
  }

  function spoken(table, steps) {
    const [first, last] = [steps[0], steps[steps.length - 1]];
    return `Rows of ${table.name} over ${plural(steps.length, "build")}: from ${count(first[1])} to ${count(last[1])}.`;
  }

  function plot(table, { width, height, margin, full }) {
    const steps = course(table);
    if (!steps.length) return null;
    const points = scale(steps).map(([x, y]) => [
      +(margin + x * (width - 2 * margin)).toFixed(2),
      +(height - margin - y * (height - 2 * margin)).toFixed(2),
    ]);
    const path = points.length > 1 ? staircase(points) : `M${margin} ${points[0][1]}H${width - margin}`;
    const svg = make("svg", {
      class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken(table, steps),
      width: full ? null : width, height: full ? null : height,
    });
    if (full) {
      const bottom = height - margin;
      const from = points.length > 1 ? points[0][0] : margin;
      const to = points.length > 1 ? points[points.length - 1][0] : width - margin;
      svg.append(make("path", { class: "area", d: `${path}L${to} ${bottom}L${from} ${bottom}Z` }));
      for (const y of [margin, bottom]) svg.append(make("line", { class: "grid", x1: margin, x2: width - margin, y1: y, y2: y }));
    }
    svg.append(make("path", { class: "line", d: path }));
    const dots = full && points.length <= width / 20 ? points.map((_, index) => index) : [points.length - 1];
    for (const index of dots) {
      const [at, rows] = steps[index];
      const dot = make("circle", { cx: points[index][0], cy: points[index][1], r: full ? 3.5 : 2.2 });
      dot.append(make("title", null, `${minute(at)}: ${plural(rows, "row")}`));
      svg.append(dot);
    }
    return svg;
  }

  function change(steps, index) {
    const difference = index ? steps[index][1] - steps[index - 1][1] : 0;
    return difference ? `${difference > 0 ? "+" : "−"}${count(Math.abs(difference))}` : "";
  }

  // The first and the last time of a chart: by day if they differ so, else by minute.
  function ends(steps) {
    const times = [minute(steps[0][0]), minute(steps[steps.length - 1][0])];
    const days = times.map((text) => text.slice(0, 10));
    return days[0] === days[1] ? [...new Set(times)] : days;
  }

  function historySection(table) {
    const steps = course(table);
    if (!steps.length) return null;
    const [low, high] = [Math.min(...steps.map(([, rows]) => rows)), Math.max(...steps.map(([, rows]) => rows))];
    const body = steps.map(([at, rows, bytes], index) =>
      make("tr", null, make("td", null, minute(at)), make("td", { class: "number" }, count(rows)),
        make("td", { class: "number" }, change(steps, index)), make("td", { class: "number" }, size(bytes)))).reverse();
    return make("section", null,
      make("h2", null, "Rows over time", make("small", null, steps.length === 1 ? "the first build" : plural(steps.length, "build"))),
      make("figure", { class: "figure" },
        make("div", { class: "scale upright" }, [...new Set([high, low])].map((rows) => make("span", null, count(rows)))),
        plot(table, { width: Math.min(960, Math.max(240, content.clientWidth - 130)), height: 150, margin: 8, full: true }),
        make("div", { class: "scale" }, ends(steps).map((text) => make("span", null, text)))),
      make("details", null, make("summary", null, "The same as a table"),
        make("table", null,
          make("thead", null, make("tr", null, make("th", { scope: "col" }, "Build of"), make("th", { scope: "col", class: "number" }, "Rows"),
            make("th", { scope: "col", class: "number" }, "Change"), make("th", { scope: "col", class: "number" }, "Size"))),
          make("tbody", null, body))));
  }

  // All tables -------------------------------------------------------------------------------

  // A table is found if each word is in its name, its text, or one of its columns.
  function matches(words) {
    const all = cache.tables.map((table) => {
      const columns = table.columns.filter(([name, , text]) => words.some((word) => `${name} ${plain(text)}`.toLowerCase().includes(word)));
      const haystack = [table.name, plain(table.description), ...table.columns.flatMap(([name, type, text]) => [name, type, plain(text)])].join("\n").toLowerCase();
      const rank = words.filter((word) => table.name.toLowerCase().includes(word)).length * 2 + words.filter((word) => table.columns.some(([name]) => name.toLowerCase().includes(word))).length;
      return { table, columns, rank, isFound: words.every((word) => haystack.includes(word)) };
    });
    const hits = all.filter((each) => each.isFound);
    return words.length ? hits.sort((one, other) => other.rank - one.rank) : hits;
  }

  function overview() {
    const words = query.value.toLowerCase().split(/\s+/).filter((word) => word);
    const hits = matches(words);
    const sum = (key) => cache.tables.reduce((total, table) => total + (table[key] || 0), 0);
    const rows = hits.map(({ table, columns }) => {
      const shown = words.length ? columns.slice(0, 4) : [];
      return make("tr", null,
        make("td", null,
          make("a", { class: "name", href: anchor(table.name) }, marked(table.name, words)),
          make("p", null, marked(summary(table), words)),
          shown.length ? make("ul", { "aria-label": "Columns found" },
            shown.map(([name, , text]) => make("li", null, link(`${table.name}.${name}`, make("code", null, marked(name, words))), " ", marked(clip(plain(text)), words))),
            columns.length > shown.length ? make("li", null, `and ${plural(columns.length - shown.length, "more column")}`) : null) : null),
        make("td", { class: "number", "data-unit": table.rows === 1 ? "row" : "rows" }, count(table.rows)),
        make("td", { class: "number", "data-unit": "" }, size(table.bytes)),
        make("td", { class: "when" }, time(table.built_at)),
        make("td", null, plot(table, { width: 96, height: 26, margin: 4, full: false })));
    });
    found.textContent = words.length ? `${plural(hits.length, "table")} found` : "";
    const heads = [["Table", false], ["Rows", true], ["Size", true], ["Built", false], ["Rows over time", false]];
    return [
      make("div", { class: "lead" },
        make("h1", { tabindex: "-1" }, words.length ? `${count(hits.length)} of ${plural(cache.tables.length, "table")}` : plural(cache.tables.length, "table")),
        make("p", null, `${plural(sum("rows"), "row")}, ${size(sum("bytes"))} in ${plural(sum("files"), "parquet file")}, built `, time(cache.built_at), ".")),
      hits.length
        ? make("table", { class: "overview" },
            make("thead", null, make("tr", null, heads.map(([text, isNumber]) => make("th", { scope: "col", class: isNumber ? "number" : null }, text)))),
            make("tbody", null, rows))
        : make("p", { class: "nothing" }, "Nothing has these words. Try fewer, or a part of one."),
    ];
  }

  const clip = (text) => (text.length > 90 ? text.slice(0, 88).replace(/\s+\S*$/, "") + "…" : text);

  // One table --------------------------------------------------------------------------------

  const shownValue = (value) => (value === "" ? make("em", null, "empty text") : value);

  function partitionSection(table) {
    if (!table.partition_key) return null;
    const key = table.partition_key;
    const body = make("tbody", null, table.largest.map(([value, rows, bytes]) => {
      const path = fileOf(table, value);
      return make("tr", null, make("td", null, make("a", { class: "name", href: href(path), title: path }, shownValue(value))),
        make("td", { class: "number" }, count(rows ?? null)), make("td", { class: "number" }, size(bytes ?? null)));
    }));
    return make("section", { id: "files" },
      make("h2", null, "Files", make("small", null, `${count(table.partitions)}, one for each `, make("code", null, key))),
      table.largest.length < table.partitions ? make("p", null, `The ${table.largest.length} largest:`) : null,
      make("table", { class: "files" },
        make("thead", null, make("tr", null, make("th", { scope: "col" }, key), make("th", { scope: "col", class: "number" }, "Rows"), make("th", { scope: "col", class: "number" }, "Size"))),
        body));
  }

  function readSection(table) {
    const made = snippets(table).map(([title, code]) => {
      const button = make("button", { type: "button", "aria-label": `Copy: ${title}` }, "Copy");
      button.addEventListener("click", () => copy(code, button));
      return make("div", { class: "snippet" }, make("h3", null, title), make("pre", { tabindex: "0" }, code), button);
    });
    return make("section", null, make("h2", null, "Read it"), made);
  }

  // A page from file:// may not use the clipboard of newer browsers everywhere.
  async function copy(text, button) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { class: "hidden" });
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = done ? "Copied" : "Select it";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  function columnSection(table, chosen) {
    const rows = table.columns.map(([name, type, text]) => {
      const id = `${table.name}.${name}`;
      const chips = [
        table.primary_key.includes(name) ? [" ", make("span", { class: "chip" }, "key")] : null,
        table.partition_key === name ? [" ", make("span", { class: "chip" }, "partition")] : null,
      ].flat();
      return make("tr", { id, class: name === chosen ? "chosen" : null },
        make("td", null, make("a", { class: "name", href: anchor(id) }, name), chips),
        make("td", { class: "type" }, type), make("td", null, make("p", null, inline(text.replace(/\s+/g, " "), table))));
    });
    return make("section", null,
      make("h2", null, "Columns", make("small", null, count(table.columns.length))),
      make("table", { class: "columns" },
        make("thead", null, make("tr", null, ["Name", "Type", "What it holds"].map((text) => make("th", { scope: "col" }, text)))),
        make("tbody", null, rows)));
  }

  function checkSection(table) {
    if (!table.checks.length) return null;
    const warned = table.checks.filter(([, status]) => status !== "pass").length;
    const note = warned ? `${count(table.checks.length - warned)} passed, ${count(warned)} tolerated` : `all ${count(table.checks.length)} passed`;
    return make("section", null, make("h2", null, "Checks", make("small", null, note)),
      make("ul", { class: "checks" }, table.checks.map(([text, status]) =>
        make("li", { class: status === "pass" ? null : "warn" }, inline(text, table), status === "pass" ? null : " (tolerated)"))));
  }

  function lineageSection(table) {
    const layers = Object.entries(table.made_from);
    if (!layers.length) return null;
    const titles = { raw: "Raw lake", seeds: "Kept by hand", staging: "Staging", intermediate: "Intermediate" };
    return make("section", null, make("h2", null, "Made from"),
      make("div", { class: "layers" }, layers.map(([layer, names]) =>
        make("div", null, make("h3", null, titles[layer] || layer), make("ul", null, names.map((name) => make("li", null, name)))))));
  }

  function fact(title, value, note) {
    return make("div", null, make("dt", null, title), make("dd", null, value, note ? make("small", null, note) : null));
  }

  function detail(table, chosen) {
    const names = (columns) => columns.flatMap((name, index) => [index ? ", " : null, make("code", null, name)]);
    const more = [
      ["One row for each", table.primary_key.length ? names(table.primary_key) : null],
      ["Sorted by", table.sort_order.length ? names(table.sort_order) : null],
      ["File", table.partition_key || table.files === 0 ? null : make("a", { href: href(place(table)) }, place(table))],
      ["SHA-256", table.partition_key || !table.sha256 ? null : make("code", null, table.sha256)],
      ["Build", table.build ? make("code", null, table.build) : null],
    ].filter(([, value]) => value);
    return [
      make("p", { class: "crumb" }, make("a", { href: "#" }, "← All tables")),
      make("div", { class: "title" }, make("h1", { class: "name", tabindex: "-1" }, table.name), make("span", { class: "chip" }, table.type)),
      make("div", { class: "text" }, paragraphs(table.description, table)),
      make("dl", { class: "facts" },
        fact("Rows", count(table.rows)),
        fact("Size", size(table.bytes)),
        fact("Files", count(table.files)),
        fact("Columns", count(table.columns.length)),
        fact("Built", time(table.built_at), minute(table.built_at))),
      make("dl", { class: "more" }, more.flatMap(([title, value]) => [make("dt", null, title), make("dd", null, value)])),
      readSection(table),
      columnSection(table, chosen),
      partitionSection(table),
      historySection(table),
      checkSection(table),
      lineageSection(table),
    ].filter((part) => part);
  }

  // What is shown ----------------------------------------------------------------------------

  // `#table`, or `#table.column`; nothing else is a table.
  function wanted() {
    let name = location.hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch { /* not encoded: as it is */ }
    if (tables.has(name)) return [tables.get(name), null];
    for (const [table, entry] of tables) {
      const column = name.startsWith(table + ".") ? name.slice(table.length + 1) : null;
      if (entry.columns.some(([each]) => each === column)) return [entry, column];
    }
    return [null, null];
  }

  function draw(isNavigation) {
    const [table, column] = wanted();
    content.replaceChildren(...(table ? detail(table, column) : overview()));
    document.title = `${table ? table.name + " · " : ""}${cache.version} · biodata-cache`;
    if (!isNavigation) return;
    if (!table) {
      scrollTo(0, overviewPosition);
      return;
    }
    content.querySelector("h1").focus({ preventScroll: true });
    const row = column && document.getElementById(`${table.name}.${column}`);
    if (row) row.scrollIntoView({ block: "center" });
    else scrollTo(0, 0);
  }

  history.scrollRestoration = "manual";
  addEventListener("hashchange", () => draw(true));
  addEventListener("scroll", () => { if (!wanted()[0]) overviewPosition = scrollY; }, { passive: true });
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    content.focus();
  });
  document.getElementById("home").addEventListener("click", () => {
    query.value = "";
    overviewPosition = 0;
    if (!wanted()[0]) draw(true);
  });
  query.addEventListener("input", () => {
    overviewPosition = 0;
    if (wanted()[0]) location.hash = "";
    else draw(false);
  });
  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const first = content.querySelector(".overview a.name");
      if (first) location.hash = first.hash;
    }
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "Escape" && event.target === query) {
      query.value = "";
      query.dispatchEvent(new Event("input"));
    }
  });

  document.getElementById("build").textContent = cache.build;
  document.getElementById("built").append("Built ", time(cache.built_at));
  draw(Boolean(wanted()[0]));
})();
