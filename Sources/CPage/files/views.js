// The smaller views: rows drawn from the model, drift, and the models.

// Samples

let samples = null;
/** The columns whose values are fixed, by name, with their fields. */
const fixedFields = new Map();

/** Adds a field for a column whose value all drawn rows shall have. */
function fixColumn(name) {
  const variable = card.variables.find(variable => variable.name === name);
  if (!variable || fixedFields.has(name)) return;
  const field = valueField(variable, "fixed-" + name, "drawn");
  fixedFields.set(name, field);
  const remove = el("button", {type: "button", "aria-label": "Remove the value of " + name, onclick: () => {
    fixedFields.delete(name);
    box.remove();
    offerColumns();
    $("sample-fix").focus();
  }}, "Remove");
  const box = el("span", {class: "fixed"}, field.element, remove);
  $("sample-fixed").append(box);
  offerColumns();
  field.input.focus();
}

/** The columns that are not fixed yet. */
function offerColumns() {
  $("sample-fix").replaceChildren(el("option", {value: ""}, "choose a column"),
    ...card.variables.filter(variable => !fixedFields.has(variable.name)).map(variable =>
      el("option", {value: variable.name}, variable.name)));
}

async function drawSamples() {
  say("sample-error");
  const given = {};
  for (const [name, field] of fixedFields) {
    field.input.removeAttribute("aria-invalid");
    const value = field.value();
    if (value !== null) given[name] = value;
  }
  const seed = $("sample-seed").value.trim();
  const body = '{"n":' + Number($("sample-n").value) + ',"temperature":' + Number($("sample-temperature").value) +
    // A seed may have more digits than a double.
    (seed ? ',"seed":' + seed : "") + (Object.keys(given).length ? ',"given":' + JSON.stringify(given) : "") + "}";
  $("sample-status").textContent = "Drawing…";
  try {
    const mine = card;
    const text = await request(path("sample"), {body});
    if (mine !== card) return;
    samples = JSON.parse(text);
    $("sample-status").textContent = plural(samples.rows.length, "row") + " drawn with seed " +
        /"seed":(\d+)/.exec(text)[1] + "." + (samples.effective_sample_size === undefined ? ""
        : " They were chosen from draws weighted by how well they fit, worth " +
          short(samples.effective_sample_size, 3) + " independent ones" +
          (samples.effective_sample_size < 300 ? ": be wary." : "."));
    showSamples();
  } catch (error) {
    $("sample-status").textContent = "";
    const pointer = /^\/given\/(.+)$/.exec(error.pointer || "")?.[1];
    fixedFields.get(pointer?.replaceAll("~1", "/").replaceAll("~0", "~"))?.input.setAttribute("aria-invalid", "true");
    say("sample-error", error.message);
  }
}

function showSamples() {
  const columnsMost = 60;
  const open = index => { editRow([...samples.rows[index]]); goTo("row"); };
  const nats = index => "log-likelihood " + samples.log_likelihood[index].toFixed(2);
  $("sample-download").disabled = false;
  if (card.image_width) {
    return $("sample-rows").replaceChildren(el("div", {class: "pictures"}, ...samples.rows.map((values, index) =>
      el("button", {"aria-label": "Open sample " + (index + 1) + ", " + nats(index), onclick: () => open(index)},
        picture(values, "Sample " + (index + 1)), el("small", {}, samples.log_likelihood[index].toFixed(1))))));
  }
  const variables = card.variables.slice(0, columnsMost);
  const table = el("table", {},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Row"),
        el("th", {scope: "col", class: "number"}, "Log-likelihood"),
      ...variables.map(variable => el("th", {scope: "col", class: variable.type === "real" ? "number" : ""},
          variable.name)))),
    el("tbody", {}, ...samples.rows.map((values, index) => el("tr", {},
      el("th", {scope: "row"}, el("button", {"aria-label": "Open sample " + (index + 1), onclick: () => open(index)},
          "Open " + (index + 1))),
      el("td", {class: "number"}, samples.log_likelihood[index].toFixed(2)),
      ...variables.map((variable, column) => el("td", {class: variable.type === "real" ? "number" : "brief"},
          values[column] === null ? "" : String(values[column])))))));
  $("sample-rows").replaceChildren(el("div",
      {class: "scroll", role: "region", "aria-label": "Rows drawn", tabindex: "0"}, table),
    card.variables.length > columnsMost
        ? el("p", {class: "soft"}, "The first " + columnsMost + " of " + card.variables.length +
      " columns; the download has all.") : "");
}

function downloadSamples() {
  const names = card.variables.map(variable => variable.name);
  download(card.name + "-samples.csv", [names, ...samples.rows].map(values => recordOf(values.map((value, column) =>
    cellText(names[column], value)), ",")).join("\n") + "\n");
}

views.samples = {
  reset() {
    samples = null;
    $("sample-rows").replaceChildren();
    $("sample-status").textContent = "";
    $("sample-download").disabled = true;
    say("sample-error");
    fixedFields.clear();
    $("sample-fixed").replaceChildren();
    offerColumns();
  },
  open() { if (!samples) drawSamples(); },
};

// Drift

const driftSeconds = 2;
/** What the martingale was, by model: this page asks now and then, the server keeps only the last. */
const driftPoints = new Map();
let driftTimer = null;

async function followDrift() {
  clearTimeout(driftTimer);
  const mine = card;
  try {
    if (!document.hidden) showDrift(await ask(path("drift")));
    say("drift-error");
  } catch (error) {
    say("drift-error", error.message);
  }
  if (openName === "drift" && mine === card) {
    clearTimeout(driftTimer);
    driftTimer = setTimeout(followDrift, 1000 * driftSeconds);
  }
}

function showDrift(report) {
  if (report.model !== card.name) return;
  const points = driftPoints.get(card.name) || [];
  const bet = report.exchangeability, last = points[points.length - 1];
  // A reload of the model begins again.
  if (last && (!bet || bet.rows < last.rows)) points.length = 0;
  if (bet && bet.rows !== last?.rows) points.push(bet);
  driftPoints.set(card.name, points);
  showMartingale($("martingale"), points);
  const largest = bet?.largest ?? 1;
  const odds = largest < 1e6 ? "once in " + grouped(Math.floor(largest)) + " times at most"
      : "less than once in a million times";
  $("martingale").setAttribute("aria-label",
      "Capital of the bet against no drift: " + short(bet?.value ?? 1, 3) + " after " +
    plural(bet?.rows ?? 0, "row") + ", at most " + short(largest, 3));
  const verdict = !report.rows ? "No row has been scored since the model was loaded." : !bet
      ? "This model has no calibration to compare rows with."
    : largest >= 1000 ? "Rows have drifted: without drift the capital would be this large " + odds + "."
    : largest >= 20 ? "Perhaps drift: without drift the capital would be this large " + odds + "."
    : "No sign of drift.";
  if ($("drift-verdict").textContent !== verdict) $("drift-verdict").textContent = verdict;
  $("drift-verdict").className = largest >= 1000 ? "odd-text" : "";
  const figures = [["rows", grouped(report.rows) + " in the window of the latest " + grouped(report.window)]];
  if (bet) figures.push(["capital", short(bet.value, 3) + ", at most " + short(largest, 3) + " in " +
      plural(bet.rows, "row")]);
  if (report.kolmogorov_smirnov) figures.push(["distance", short(report.kolmogorov_smirnov.distance, 3) +
    " between the distributions of log-likelihoods (p-value " + short(report.kolmogorov_smirnov.p_value, 3) + ")"]);
  if (report.anomalies) figures.push(["anomalies",
      short(100 * report.anomalies.share, 3) + " % at alpha " + short(report.anomalies.alpha, 3) +
    " (p-value " + short(report.anomalies.p_value, 3) + ")"]);
  if (report.log_likelihood) figures.push(["log-likelihood", short(report.log_likelihood.mean) + " in the mean" +
    (report.log_likelihood.calibration_mean === undefined ? ""
        : ", " + short(report.log_likelihood.calibration_mean) + " of calibration rows")]);
  $("drift-figures").replaceChildren(...figures.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
  const columns = [...(report.surprisal?.variables || [])].filter(entry => entry.z_score !== undefined)
    .sort((one, other) => Math.abs(other.z_score) - Math.abs(one.z_score)).slice(0, 20);
  $("drift-columns").hidden = !columns.length;
  $("drift-columns").replaceChildren(
    el("thead", {}, el("tr", {}, ...["Column", "Surprisal", "In calibration",
        "Standard errors off"].map((name, place) =>
      el("th", {scope: "col", class: place ? "number" : ""}, name)))),
    el("tbody", {}, ...columns.map(entry => el("tr", {}, el("th", {scope: "row"}, entry.variable),
      ...[entry.mean, entry.calibration_mean,
          entry.z_score].map(number => el("td", {class: "number"}, short(number, 3)))))));
}

views.drift = {
  reset() { $("drift-verdict").textContent = ""; $("drift-figures").replaceChildren(); $("drift-columns").replaceChildren(); },
  open: followDrift,
  close() { clearTimeout(driftTimer); },
};

// Models

const modelSeconds = 3;

function showModels() {
  say("models-error");
  $("models-table").replaceChildren(
    el("thead", {}, el("tr", {}, ...["Name", "Version", "State", "Columns", "Networks", "Calibrated"].map(name =>
      el("th", {scope: "col"}, name)), el("td"))),
    el("tbody", {}, ...models.map(entry => el("tr", {},
      el("th", {scope: "row"}, entry.name, entry.default ? el("span", {class: "soft"}, " (default)") : null),
      el("td", {}, entry.version ?? ""),
      el("td", {}, badge(entry.state), entry.reason ? el("small", {}, entry.reason) : null),
      el("td", {class: "number"}, entry.variables ?? ""), el("td", {class: "number"}, entry.members ?? ""),
      el("td", {}, entry.calibrated === undefined ? "" : entry.calibrated ? "yes" : "no"),
      el("td", {}, entry.state !== "ready" ? null : entry.name === card?.name ? "chosen" : el("button", {
        "aria-label": "Choose " + entry.name, onclick: () => { $("model").value = entry.name; chooseModel(); }},
            "Choose"))))));
}

const chooseModel = () => choose($("model").value).then(showModels, error => say("models-error", error.message));

/** Looks for models while there is none, or while they are shown. */
async function watchModels() {
  for (;;) {
    await pause(1000 * modelSeconds);
    if (!document.hidden && !waiting && !asking && $("none-key").hidden &&
        (!card || openName === "models")) await refreshModels();
  }
}

views.models = {open: showModels};
