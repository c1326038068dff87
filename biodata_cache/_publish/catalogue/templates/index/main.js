// What is shown, and what keys do.

const query = document.getElementById("query");
const results = document.getElementById("results");
let overviewPosition = 0;

function draw(isNavigation) {
  const { table, column, isSql, unknown: name, options } = wanted();
  const isOverview = !table && !isSql && name === null;
  if (isOverview && isNavigation) query.value = options.get("q") || "";
  if (table) content.replaceChildren(...detail(table, column, options));
  else if (isSql) content.replaceChildren(...sqlPage(options));
  else content.replaceChildren(...(isOverview ? overview() : unknown(name)));
  const title = table ? `${table.name} · ` : isSql ? "SQL · " : isOverview ? "" : "Nothing here · ";
  document.title = `${title}${cache.version} · biodata-cache`;
  if (!isNavigation) return;
  if (isOverview) {
    scrollTo(0, overviewPosition);
    return;
  }
  content.querySelector("h1").focus({ preventScroll: true });
  const row = column && document.getElementById(`${table.name}.${column}`);
  const rows = table && options.size ? document.getElementById("rows") : null;
  if (row) row.scrollIntoView({ block: "center" });
  else if (rows) rows.scrollIntoView();
  else scrollTo(0, 0);
}

const isOverviewShown = () => {
  const { table, isSql, unknown: name } = wanted();
  return !table && !isSql && name === null;
};

history.scrollRestoration = "manual";
addEventListener("hashchange", () => draw(true));
addEventListener("scroll", () => { if (isOverviewShown()) overviewPosition = scrollY; }, { passive: true });
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
document.getElementById("home").addEventListener("click", () => {
  overviewPosition = 0;
});
query.addEventListener("input", () => {
  overviewPosition = 0;
  const words = query.value.trim();
  const address = words ? `#?${new URLSearchParams({ q: words })}` : "#";
  if (isOverviewShown()) {
    replaceAddress(address);
    draw(false);
  } else {
    location.hash = address;
  }
});
query.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    const first = content.querySelector(".overview a.name");
    if (first) location.hash = first.hash;
  }
});
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "Escape" && event.target === query) {
    query.value = "";
    query.dispatchEvent(new Event("input"));
  }
});

document.getElementById("to-sql").hidden = !hasSql();
document.getElementById("build").textContent = cache.build;
document.getElementById("built").append("Built ", time(cache.built_at));
draw(true);
