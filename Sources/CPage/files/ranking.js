// What is shown of a table that is scored: the histogram, the count, and the rows, the most unusual first.

const pageRows = 50;
let shownCount = pageRows, order = [], bins = null, rowElements = new Map();
let refreshTimer = null, refreshCost = 0, isLooking = false, workCount = 0;

function resetRanking() {
  shownCount = pageRows;
  order = [];
  bins = null;
  rowElements = new Map();
  $("ranking-rows").replaceChildren();
  $("ranking-head").replaceChildren();
  $("histogram").replaceChildren();
  $("alpha-marker").hidden = true;
  $("count").textContent = "";
  $("faults").hidden = true;
  $("more").hidden = true;
  say("notice");
}

/** Says while there is work whose result will be shown. */
function work(change) {
  workCount += change;
  $("ranking").setAttribute("aria-busy", String(workCount > 0));
}

/** Soon shows what has changed; never spends more than a third of the time on it. */
function refreshRanking() {
  if (refreshTimer !== null) return;
  work(1);
  refreshTimer = setTimeout(() => {
    refreshTimer = null;
    if (sheet?.header) {
      const began = performance.now();
      showRanking();
      refreshCost = performance.now() - began;
    }
    work(-1);
  }, Math.min(2000, 2 * refreshCost));
}

function showRanking() {
  const mine = sheet;
  const isBusy = mine.isPumping && !mine.isStopped;
  $("progress").hidden = !isBusy;
  $("stop").hidden = !isBusy;
  $("progress").value = mine.size ? Math.min(1, mine.readSize / mine.size) * mine.scored / Math.max(1,
      mine.records.length) : 0;
  let flagged = 0, least = Infinity, mostNormal = -Infinity;
  for (let index = 0; index < mine.scored; index++) {
    const score = mine.scores[index];
    if (score === null) continue;
    if (isFlagged(mine, index)) { flagged++; least = Math.min(least, score); } else mostNormal = Math.max(mostNormal,
        score);
  }
  showCount(mine, flagged, isBusy);
  bins = binsOf(mine.scores);
  if (bins) {
    const bound = alpha === null ? null : !flagged ? bins.high : least > mostNormal ? least : null;
    showHistogram($("histogram"), bins, mine.scores, index => isFlagged(mine, index), bound);
    if (alpha !== null) showMarker(flagged ? least : bins.high, flagged);
    $("histogram").setAttribute("aria-label",
        "Histogram of " + plural(mine.scored - mine.faults.size, "score") + " from " +
      short(bins.low) + " to " + short(bins.high) + (alpha === null ? "" : ", " + flagged + " of them flagged"));
  }
  order = Array.from({length: mine.scored}, (_, index) => index).filter(index => mine.firstScores[index] !== null);
  order.sort((one, other) => mine.firstScores[other] - mine.firstScores[one] || one - other);
  showRows(mine);
  showFaults(mine);
  lookIntoRows(mine);
}

function showCount(mine, flagged, isBusy) {
  const repaired = mine.edits.size ? ", " + mine.edits.size + " repaired" : "";
  // A reader of the screen hears the end, not every batch.
  $("count").setAttribute("aria-live", isBusy ? "off" : "polite");
  $("count").textContent = plural(mine.scored, "row") + (isBusy ? " so far" : mine.isStopped ? ", then stopped" : "") +
    (alpha === null ? "; this model has no calibration, so it ranks and flags nothing" : ", " + grouped(flagged) +
      " flagged at alpha " + short(alpha, 3)) + repaired + ".";
}

function showHead(mine) {
  const groups = groupColumn();
  const fixed = [["Row", ""], ["Score", "number"], ["p-value", "number"],
    ...(groups === undefined ? [] : [["Among " + groups, ""]]), ["Repair", ""]];
  const rest = mine.isWide ? [...passed(mine).map(column => mine.header[column]),
      ...(card.image_width ? ["Picture"] : []),
    "Suspicious values"] : mine.header;
  $("ranking-head").replaceChildren(el("tr", {},
      ...fixed.map(([name, kind]) => el("th", {scope: "col", class: kind}, name)),
    ...rest.map(name => el("th", {scope: "col"}, name))));
  for (const part of ["alpha-tools", "histogram-hint"]) $(part).hidden = alpha === null;
}

/** Columns that are not the model's, such as numbers and names: the first of them tell rows of a wide table apart. */
const passed = mine => mine.header.map((_, column) => column)
  .filter(column => !card.variables.some(variable => variable.name === mine.header[column])).slice(0, 3);

function showRows(mine) {
  const wanted = order.slice(0, shownCount).map(index => {
    const signature = isFlagged(mine, index) + "/" + (mine.versions.get(index) || 0);
    let row = rowElements.get(index);
    if (!row) rowElements.set(index, row = {element: el("tr"), signature: null});
    if (row.signature !== signature) {
      fillRow(mine, index, row.element);
      row.signature = signature;
    }
    return row.element;
  });
  const body = $("ranking-rows");
  if (wanted.length !== body.children.length || wanted.some((element, place) => body.children[place] !== element)) {
    const focused = body.contains(document.activeElement) ? document.activeElement : null;
    body.replaceChildren(...wanted);
    if (focused?.isConnected) focused.focus({preventScroll: true});
  }
  $("more").hidden = order.length <= shownCount;
  $("repair-all").disabled = !repairable(mine).length;
}

function fillRow(mine, index, element) {
  const flagged = isFlagged(mine, index), edits = mine.edits.get(index);
  const before = cellsOf(mine.records[index], mine.delimiter);
  const findings = flagged ? suspicious(mine.findings.get(index) || [], mine.repairs.get(index)) : [];
  element.className = flagged ? "flagged" : "";
  const name = "Row " + grouped(index + 1);
  const cells = [
    el("th", {scope: "row"}, grouped(index + 1), flagged ? el("span", {class: "said"}, ", an anomaly") : null),
    el("td", {class: "number"}, short(mine.scores[index])),
    el("td", {class: "number"}, short(mine.pValues[index], 3)),
    ...(groupColumn() === undefined ? [] : [el("td", {class: "brief"}, groupText(mine.groups[index]))]),
    actionsOf(mine, index, name, flagged)];
  const marks = new Map(findings.map(entry => [mine.header.indexOf(entry.variable), entry]));
  if (mine.isWide) {
    cells.push(...passed(mine).map(column => el("td", {}, before[column] ?? "")));
    if (card.image_width) {
      const now = cellsNow(mine, index);
      cells.push(el("td", {}, picture(card.variables.map(variable => {
        const text = now[mine.header.indexOf(variable.name)] ?? "";
        return text.trim() === "" ? null : variable.categories ? text : Number(text);
      }), name)));
    }
    const chips = [...marks].map(([column, entry]) => el("span", {class: "chip"}, entry.variable + " ",
      el("b", {}, textOf(entry.value)), " ", ...expectation(mine, index, name, column, entry)));
    for (const [column, text] of edits || []) {
      chips.push(el("span", {class: "chip changed"}, mine.header[column] + " ", el("s", {}, textOf(before[column])),
          " ", text));
    }
    cells.push(el("td", {}, ...chips));
  } else {
    mine.header.forEach((_, column) => {
      const mark = marks.get(column), text = before[column] ?? "";
      if (edits?.has(column)) {
        cells.push(el("td", {class: "changed"}, el("span", {class: "was"}, textOf(text)), " ",
            el("b", {}, textOf(edits.get(column)))));
      } else if (mark) {
        cells.push(el("td", {class: "odd"}, el("span", {class: "was"}, textOf(text)),
          el("small", {}, ...expectation(mine, index, name, column, mark))));
      } else cells.push(el("td", {class: text.length <= 20 ? "brief" : ""}, text));
    });
  }
  element.replaceChildren(...cells);
}

/** What was expected in a suspicious cell, and a button to take that where accepting the row's repair would not do as much. */
function expectation(mine, index, name, column, entry) {
  if (entry.expected === undefined) return ["surprising: " + short(entry.surprisal, 3) + " nats"];
  if (entry.part) return [entry.part + " " + textOf(entry.value) + ", expected " + textOf(entry.expected)];
  const expected = textOf(entry.expected), range = entry.range;
  const parts = ["expected ", el("b", {}, expected),
      typeof range?.[0] === "number" ? ", " + range.join(" to ") + " " : " "];
  const repair = mine.repairs.get(index);
  if (column >= 0 && !(repair?.repaired && repair.changes.length === 1)) {
    parts.push(el("button", {"aria-label": name + ", " + entry.variable + ": take " + expected + " instead of " +
        textOf(entry.value),
      onclick: () => accept(mine, [[index, [[column, cellText(entry.variable, entry.expected)]]]])}, "Take it"));
  }
  return parts;
}

function actionsOf(mine, index, name, flagged) {
  const box = el("td", {class: "actions"});
  const repair = flagged ? mine.repairs.get(index) : null;
  if (mine.edits.has(index)) {
    box.append(el("button", {class: "undo", "aria-label": "Undo the repair of row " + (index + 1), onclick: () => {
      undo(mine, index);
      showRanking();
      rowElements.get(index)?.element.querySelector("button")?.focus();
    }}, "Undo"), " ");
  }
  if (repair?.repaired) {
    box.append(el("button", {class: "main",
        "aria-label": "Accept the repair of row " + (index + 1) + ": " + changesText(repair),
      onclick: () => accept(mine, [[index, repair.cells]])}, "Accept"), " ");
  }
  box.append(el("button", {"aria-label": "Open row " + (index + 1), onclick: () => openRow(mine, index)}, "Open"));
  if (repair) {
    box.append(el("span", {class: "said-repair"}, repair.repaired ? changesText(repair) : repair.note));
  }
  return box;
}

const changesText = repair => repair.changes.map(change => change.variable + " → " + textOf(change.to)).join(", ");

/** Rows shown that are anomalies and whose repair is known. */
const repairable = mine => order.slice(0,
    shownCount).filter(index => isFlagged(mine, index) && mine.repairs.get(index)?.repaired);

async function accept(mine, changes) {
  work(1);
  try {
    await edit(mine, changes);
    showRanking();
    say("edit-status", changes.length > 1 ? plural(changes.length, "row") + " repaired."
      : "Row " + grouped(changes[0][0] + 1) + " repaired; its p-value is now " +
          short(mine.pValues[changes[0][0]], 3) + ".");
    rowElements.get(changes[0][0])?.element.querySelector(".undo")?.focus();
  } catch (error) {
    say("table-error", error.message);
  } finally {
    work(-1);
  }
}

const repairAll = () => accept(sheet, repairable(sheet).map(index => [index, sheet.repairs.get(index).cells]));

function openRow(mine, index) {
  const object = objectOf(mine, index);
  editRow(card.variables.map(variable => valueOf(object[variable.name] ?? "")));
  goTo("row");
}

/** Asks what is odd in the flagged rows that are shown, and how to repair them; ten at a time, while there are some. */
async function lookIntoRows(mine) {
  if (isLooking || alpha === null) return;
  isLooking = true;
  work(1);
  try {
    while (mine === sheet) {
      const indices = order.slice(0, shownCount).filter(index => isFlagged(mine, index) &&
        !(mine.findings.has(index) && mine.repairs.get(index)?.alpha === alpha)).slice(0, 10);
      if (!indices.length) break;
      await Promise.all([explainRows(mine, indices.filter(index => !mine.findings.has(index))),
          proposeRepairs(mine, indices)]);
      for (const index of indices) touch(mine, index);
      if (mine === sheet) showRows(mine);
    }
  } catch (error) {
    if (error.name !== "AbortError") say("table-error", error.message);
  } finally {
    isLooking = false;
    work(-1);
  }
}

async function explainRows(mine, indices) {
  if (!indices.length) return;
  const signal = mine.controller.signal;
  const records = indices.map(index => recordOf(cellsNow(mine, index), mine.delimiter));
  const answers = await scoreLines(mine, records, Math.min(3, card.variables.length), signal);
  if (signal.aborted) return;
  indices.forEach((index, place) => {
    mine.findings.set(index, answers[place].explanation || []);
  });
}

async function proposeRepairs(mine, indices) {
  const signal = mine.controller.signal, asked = alpha;
  // A repair takes an empty cell for a value of its own; where it is not known, a row without any can be repaired.
  const isKnown = index => $("missing").value === "outcome" || !Object.values(objectOf(mine, index)).includes(null);
  const hasAll = card.variables.every(variable => mine.header.includes(variable.name));
  const wanted = indices.filter(index => hasAll && isKnown(index));
  for (const index of indices) {
    if (!wanted.includes(index)) mine.repairs.set(index,
        {alpha: asked, note: "Not to be repaired: values are not known."});
  }
  if (wanted.length) {
    const body = {rows: wanted.map(index => objectOf(mine, index)), alpha: Math.max(asked, alphaLeast())};
    if (!$("statistic-choice").hidden) body.statistic = $("statistic").value;
    try {
      const answers = (await ask(path("repair"), body, signal)).repairs;
      if (signal.aborted) return;
      wanted.forEach((index, place) => {
        const {repaired, changes} = answers[place];
        mine.repairs.set(index, {alpha: asked, repaired, changes,
          cells: changes.map(change => [mine.header.indexOf(change.variable), cellText(change.variable, change.to)]),
          note: "Three changes do not repair it."});
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      for (const index of wanted) mine.repairs.set(index, {alpha: asked, note: error.message});
    }
  }
}

function showFaults(mine) {
  $("faults").hidden = !mine.faults.size;
  if (!mine.faults.size) return;
  $("faults-title").textContent = plural(mine.faults.size, "row") + " could not be scored";
  $("faults-list").replaceChildren(...[...mine.faults].slice(0, 100).map(([index, reason]) =>
    el("li", {}, "Row " + grouped(index + 1) + ": " + reason.replace(/^rows\[\d+\]\.?/, "").replace(/^: /, ""))));
}

// Alpha

function showAlpha() {
  if (alpha === null) return;
  const least = alphaLeast();
  $("alpha").value = Math.round(1000 * Math.log(alpha / least) / Math.log(0.5 / least));
  $("alpha").setAttribute("aria-valuetext", short(alpha, 3));
  $("alpha-text").value = short(alpha, 3);
  $("alpha-text").removeAttribute("aria-invalid");
}

function moveAlpha(value) {
  alpha = Math.min(1, Math.max(alphaLeast(), value));
  isAlphaMoved = true;
  showAlpha();
  refreshRanking();
}

function slideAlpha() {
  const least = alphaLeast();
  moveAlpha(least * (0.5 / least) ** (Number($("alpha").value) / 1000));
}

function typeAlpha() {
  const value = Number($("alpha-text").value.replace(",", "."));
  if (!(value >= alphaLeast() * (1 - 1e-3) && value <= 1)) {
    $("alpha-text").setAttribute("aria-invalid", "true");
    return say("table-error", "Alpha lies from " + short(alphaLeast(), 3) +
        ", the smallest p-value of this model, to 1.");
  }
  say("table-error");
  moveAlpha(value);
}

/** Puts the marker where the least unusual of the flagged rows is. */
function showMarker(score, flagged) {
  const marker = $("alpha-marker");
  marker.hidden = false;
  marker.style.left = 100 * placeOf(bins, score) + "%";
  const values = {"aria-valuemin": bins.low, "aria-valuemax": bins.high, "aria-valuenow": score};
  for (const [name, value] of Object.entries(values)) marker.setAttribute(name, short(value, 6));
  marker.setAttribute("aria-valuetext",
      "score " + short(score) + ", " + plural(flagged, "row") + " flagged at alpha " + short(alpha, 3));
}

/** Moves the marker past so many different p-values: to the right, where rows are more unusual, and fewer are flagged. */
function stepAlpha(count) {
  const known = [...new Set(sheet.pValues.filter(value => value !== null))].sort((one, other) => one - other);
  if (!known.length) return;
  const place = known.filter(value => value <= alpha * (1 + 1e-9)).length - 1 - count;
  moveAlpha(place < 0 ? alphaLeast() : known[Math.min(place, known.length - 1)]);
}

function pressAlpha(event) {
  const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity,
    End: Infinity}[event.key];
  if (!step || !sheet || alpha === null || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  stepAlpha(step);
}

/** Flags the rows whose score is as large as where the pointer is. */
function dragAlpha(event) {
  if (!bins || alpha === null) return;
  const box = $("histogram").getBoundingClientRect();
  const score = bins.low + bins.width * Math.min(bins.count - 1,
      Math.max(0, bins.count * (event.clientX - box.left) / box.width));
  let largest = 0;
  sheet.scores.forEach((other, index) => {
    if (other !== null && other >= score && sheet.pValues[index] > largest) largest = sheet.pValues[index];
  });
  moveAlpha(largest || alphaLeast());
}

views.table = {
  reset() {
    closeTable();
    alpha = null;
    isAlphaMoved = false;
    say("table-error");
    const names = card.variables.map(variable => variable.name);
    $("expected-columns").textContent = listed(names);
  },
  open() { refreshRanking(); },
};
