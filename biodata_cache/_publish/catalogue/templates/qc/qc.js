// Quality control at a glance: projects by weeks, what waits longest, and the assets behind both.
//
// `#` all of it · `#project=…&week=…` the assets of a project, or of one of its weeks

const STATUSES = ["pass", "fail", "pending"];
const EARLIER = -1;
const { weeks, projects, assets } = cache.quality;
const MOST_WAITING = 25;

const shownProject = (name) => name || "no project";
const sumOf = (cells) =>
  cells.reduce((sum, [, ...numbers]) => sum.map((each, index) => each + numbers[index]), [0, 0, 0]);
const total = (numbers) => numbers.reduce((sum, each) => sum + each, 0);
const weekName = (week) => (week === EARLIER ? "earlier" : `week of ${weeks[week]}`);
const addressOf = (project, week) =>
  "#" + new URLSearchParams(week === undefined ? { project } : { project, week: week === EARLIER ? "earlier" : weeks[week] });
const rowOf = (name) => `index.html#assets?${new URLSearchParams({ "has.name": name })}`;
const metricsOf = (name) => `index.html#quality_control?${new URLSearchParams({ "has.asset_name": name })}`;

const shareWords = (numbers) =>
  STATUSES.map((status, index) => (numbers[index] ? `${count(numbers[index])} ${status} (${percent(numbers[index], total(numbers))})` : null))
    .filter((text) => text).join(", ");

// Three shares as one bar.
function shares(numbers, label) {
  const whole = total(numbers);
  let x = 0;
  return make("svg", { class: "shares", viewBox: "0 0 100 10", width: 100, height: 10, preserveAspectRatio: "none", role: "img", "aria-label": label },
    numbers.map((number, index) => {
      const width = (100 * number) / whole;
      x += width;
      return number ? make("rect", { class: STATUSES[index], x: x - width, y: 0, width, height: 10 }) : null;
    }));
}

function legend() {
  return make("ul", { class: "legend" }, STATUSES.map((status) =>
    make("li", null, make("span", { class: `swatch ${status}`, "aria-hidden": "true" }), status)));
}

function matrix() {
  const columns = [EARLIER, ...weeks.keys()].reverse().filter((week) => week !== EARLIER || projects.some(([, cells]) => cells.some(([at]) => at === EARLIER)));
  const rows = projects.map(([project, cells]) => {
    const byWeek = new Map(cells.map(([week, ...numbers]) => [week, numbers]));
    const sum = sumOf(cells);
    return make("tr", null,
      make("th", { scope: "row" }, make("a", { href: addressOf(project) }, shownProject(project)), make("small", null, plural(total(sum), "asset"))),
      make("td", null, shares(sum, `${shownProject(project)}, all: ${shareWords(sum)}`), make("small", null, `${percent(sum[0], total(sum))} pass`)),
      columns.map((week) => {
        const numbers = byWeek.get(week);
        if (!numbers) return make("td", null);
        const label = `${shownProject(project)}, ${weekName(week)}: ${shareWords(numbers)}`;
        return make("td", null, make("a", { class: "cell", href: addressOf(project, week), title: shareWords(numbers) },
          shares(numbers, label), make("small", { "aria-hidden": "true" }, count(total(numbers)))));
      }));
  });
  const dated = (week) => (week === EARLIER ? ["earlier"] : [weeks[week].slice(5), make("small", null, weeks[week].slice(0, 4))]);
  const titles = [["Project"], ["All"], ...columns.map(dated)];
  return make("table", { class: "matrix" },
    make("thead", null, make("tr", null, titles.map((parts) => make("th", { scope: "col" }, parts)))),
    make("tbody", null, rows));
}

function assetTable(some) {
  return make("table", { class: "assets" },
    heads(["Ready for QC", "Asset", "Project", "Status", "Metrics"].map((text) => [text, false])),
    make("tbody", null, some.map(([name, project, status, , at]) =>
      make("tr", null,
        make("td", { class: "when" }, at ? time(`${at.replace(" ", "T")}Z`) : "unknown"),
        make("td", null, make("a", { class: "name", href: rowOf(name) }, name)),
        make("td", null, shownProject(project)),
        make("td", { class: "status" }, make("span", { class: `swatch ${STATUSES[status]}`, "aria-hidden": "true" }), STATUSES[status]),
        make("td", null, make("a", { href: metricsOf(name), "aria-label": `Metrics of ${name}` }, "metrics"))))));
}

function overview() {
  const sum = projects.map(([, cells]) => sumOf(cells)).reduce((all, each) => all.map((number, index) => number + each[index]), [0, 0, 0]);
  const waiting = assets.filter(([, , status, , at]) => STATUSES[status] === "pending" && at).reverse();
  const left = [
    cache.quality.without_metrics ? `${plural(cache.quality.without_metrics, "asset")} without metrics ${cache.quality.without_metrics === 1 ? "is" : "are"} left out.` : null,
    cache.quality.projects_left_out ? `${plural(cache.quality.projects_left_out, "small project")} left out.` : null,
  ].filter((text) => text).join(" ");
  const shown = waiting.slice(0, MOST_WAITING);
  return [
    make("div", { class: "lead" }, make("h1", { tabindex: "-1" }, "Quality control"),
      make("p", null, total(sum) ? `${plural(total(sum), "asset")}: ${shareWords(sum)}. ${left}` : "No asset has quality control yet.")),
    make("section", null,
      make("h2", null, "Waiting longest", make("small", null, waiting.length ? `${count(shown.length)} of ${count(cache.quality.waiting)} pending` : "nothing is pending")),
      shown.length ? scrolling("Assets that wait longest", assetTable(shown)) : null),
    total(sum) ? make("section", null,
      make("h2", null, "Projects by weeks", make("small", null, "the newest first; the week in which an asset was ready for QC")),
      legend(), scrolling("Projects by weeks", matrix())) : null,
  ];
}

function some(project, week) {
  const cells = new Map(projects).get(project) || [];
  const chosen = week === undefined ? cells : cells.filter(([at]) => at === week);
  const numbers = sumOf(chosen);
  const listed = assets.filter(([, of, , at]) => of === project && (week === undefined || at === week));
  const left = total(numbers) - listed.length;
  return [
    make("p", { class: "crumb" }, make("a", { href: "#" }, "← All projects"), week === undefined ? null : [" · ", make("a", { href: addressOf(project) }, shownProject(project))]),
    make("div", { class: "lead" },
      make("h1", { tabindex: "-1" }, shownProject(project), week === undefined ? "" : `, ${weekName(week)}`),
      make("p", null, total(numbers) ? `${plural(total(numbers), "asset")}: ${shareWords(numbers)}.` : "No asset with quality control."),
      left > 0 ? make("p", null, `${count(left)} older ones are not listed here: see the table `, make("a", { href: "index.html#qc_status" }, "qc_status"), ".") : null),
    listed.length ? make("section", null, legend(), scrolling("Assets", assetTable(listed))) : null,
  ];
}

function unknown(text) {
  return [
    make("p", { class: "crumb" }, make("a", { href: "#" }, "← All projects")),
    make("div", { class: "lead" }, make("h1", { tabindex: "-1" }, "Nothing here"),
      make("p", null, "This page has no project or week ", make("code", null, text), ".")),
  ];
}

function chosen() {
  const text = location.hash.slice(1);
  if (!text) return overview();
  const options = new URLSearchParams(text);
  const [project, wanted] = [options.get("project"), options.get("week")];
  const week = wanted === null ? undefined : wanted === "earlier" ? EARLIER : weeks.indexOf(wanted);
  const isKnown = projects.some(([name]) => name === project) && (wanted === null || wanted === "earlier" || week >= 0);
  return isKnown ? some(project, week) : unknown(text);
}

function draw(isNavigation) {
  content.replaceChildren(...chosen().filter((part) => part));
  const title = content.querySelector("h1");
  document.title = `${title.textContent} · ${cache.version} · biodata-cache`;
  if (!isNavigation) return;
  title.focus({ preventScroll: true });
  scrollTo(0, 0);
}

addEventListener("hashchange", () => draw(true));
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
document.getElementById("build").textContent = cache.build;
document.getElementById("built").append("Built ", time(cache.built_at));
draw(false);
