// One row by hand: its values, the verdict, what is to blame, and the distribution of a value given all others.

let row = [], rowCells = [], rowTurn = 0, chosenColumn = null, rowAnswer = null, rowRepair = null,
    rowBlamed = new Set();

/** A value as it was typed: a number where it is plainly one, else the text, which the server reads as the table's. */
function valueOf(text) {
  if (text === null || String(text).trim() === "") return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(String(text).trim()) ? Number(text) : String(text);
}

function spoiled(variable, value) {
  const texts = textsOf(variable);
  if (variable.type === "binary") return texts ? texts[value === texts[1] ? 0 : 1] : value === 1 ? 0 : 1;
  if (variable.type === "categorical") {
    const others = variable.categories.filter(label => label !== value);
    return others.length ? others[Math.floor(Math.random() * others.length)] : value;
  }
  if (variable.type === "date") return value;
  const [low, high] = variable.training_range || [value - 1, value + 1];
  const number = high + (high - low) * (0.5 + Math.random()), step = variable.step;
  return Number((step ? Math.round(number / step) * step : number).toPrecision(6));
}

function resetRow() {
  // Answers of the model before are not of this one.
  rowTurn++;
  rowAnswer = null;
  row = [];
  chosenColumn = null;
  $("verdict").textContent = "";
  $("figures").replaceChildren();
  const isBinary = isBinaryModel(), isPicture = Boolean(card.image_width);
  const calibration = isCalibrated() ? ", calibrated on " + plural(card.calibration.rows, "normal row") : "";
  $("about").textContent = card.name + ", version " + card.version + ": " + plural(card.variables.length, "variable") +
      ", " +
    plural(card.parameters, "parameter") + calibration + ".";
  rowCells = card.variables.map(isBinary ? toggleCell : fieldCell);
  $("row").replaceChildren(...rowCells.map(cell => cell.element));
  $("row").className = !isBinary ? "fields" : isPicture ? "picture" : card.variables.length > 100 ? "small" : "toggles";
  $("row").style.gridTemplateColumns = isBinary && isPicture ? "repeat(" + card.image_width + ", minmax(0, 1fr))" : "";
  $("find-choice").hidden = isBinary || card.variables.length <= 40;
  $("hint").textContent = isBinary ? "Every value is 0 or 1. Click one to change it, or move with the arrow keys and press Space."
    : "Change a value, or empty it.";
  $("clear").textContent = isBinary ? "All zeros" : "Empty all";
}

/** A value of 0 or 1. One cell at a time is in the order of Tab; the arrow keys go from one to the next. */
function toggleCell(variable, index) {
  const element = el("button", {title: variable.name, "aria-label": variable.name, tabindex: index ? "-1" : "0"},
      variable.name);
  element.onclick = () => { row[index] = row[index] === 1 ? 0 : 1; moveTo(index); scoreRow(); };
  element.onkeydown = event => {
    const down = card.image_width || 1;
    const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -down, ArrowDown: down}[event.key];
    if (step && rowCells[index + step]) { event.preventDefault(); moveTo(index + step); rowCells[index +
        step].element.focus(); }
  };
  return {element, refresh() {
    element.setAttribute("aria-pressed", String(row[index] === 1));
    element.toggleAttribute("data-missing", row[index] === null);
  }};
}

function moveTo(index) {
  rowCells.forEach((cell, place) => { cell.element.tabIndex = place === index ? 0 : -1; });
}

/** A labelled field for a value of a variable; `none` is what it shows where there is no value. */
function valueField(variable, listId, none) {
  const texts = textsOf(variable);
  const labels = variable.type === "binary" ? texts || [0, 1] : variable.type === "categorical" ? variable.categories
      : null;
  const isList = labels && labels.length <= 100;
  const input = el(isList ? "select" : "input", isList ? {} : {type: "text", autocomplete: "off", spellcheck: "false"});
  const element = el("label", {}, el("span", {}, variable.name), input);
  if (isList) {
    input.append(el("option", {value: "-1"}, none),
        ...labels.map((label, place) => el("option", {value: place}, textOf(label))));
  } else {
    input.placeholder = none;
    if (variable.type === "real") input.inputMode = "decimal";
    if (variable.training_range) input.title = "In training: " + variable.training_range.join(" to ");
    if (labels) offerLabels(element, input, labels, listId);
  }
  return {element, input,
    value() {
      if (isList) return input.value === "-1" ? null : labels[input.value];
      return labels ? (input.value === "" ? null : input.value) : valueOf(input.value);
    },
    show(value) {
      if (isList) input.value = value === null || value === undefined ? "-1"
          : String(labels.findIndex(label => String(label) === String(value)));
      else input.value = value ?? "";
      input.removeAttribute("aria-invalid");
    }};
}

function fieldCell(variable, index) {
  const field = valueField(variable, "labels-" + index, "missing");
  const {element, input} = field;
  input.onfocus = () => { if (rowAnswer && chosenColumn !== variable.name) showConditional(variable.name); };
  input.onchange = () => {
    row[index] = field.value();
    scoreRow();
  };
  return {element, input, refresh() { field.show(row[index]); }};
}

/** Of thousands of labels the list has those that hold what is typed. */
function offerLabels(element, input, labels, listId) {
  const list = el("datalist", {id: listId});
  const offer = () => {
    const typed = input.value.toLowerCase();
    const found = [];
    for (const label of labels) {
      if (String(label).toLowerCase().includes(typed) && found.push(label) === 50) break;
    }
    list.replaceChildren(...found.map(label => el("option", {value: label})));
  };
  input.setAttribute("list", list.id);
  input.title = plural(labels.length, "label");
  input.oninput = offer;
  offer();
  element.append(list);
}

function findColumn() {
  const wanted = $("find").value.trim().toLowerCase();
  rowCells.forEach((cell, index) => { cell.element.hidden = !card.variables[index].name.toLowerCase().includes(wanted); });
}

function editRow(values) {
  row = values;
  chosenColumn = null;
  scoreRow();
}

async function drawRow() {
  try {
    const mine = card;
    const rows = (await ask(path("sample"), {n: 1})).rows;
    if (mine === card) editRow(rows[0]);
  } catch (error) {
    failRow(error);
  }
}

function spoilRow() {
  const column = Math.floor(Math.random() * row.length);
  for (let place = 0; place < row.length; place++) {
    const index = (column + place) % row.length;
    if (card.variables[index].type === "date") continue;
    row[index] = spoiled(card.variables[index], row[index]);
    break;
  }
  scoreRow();
}

/** Shows the row, and then what the server says of it; an answer that comes after a later change is dropped. */
async function scoreRow() {
  const turn = ++rowTurn;
  for (const cell of rowCells) cell.refresh();
  const body = {rows: [row], explain: Math.min(12, row.length)};
  if (alpha !== null && isAlphaMoved) body.alpha = alpha;
  showCurl(body);
  try {
    const answer = await ask(path("score"), body);
    if (turn !== rowTurn) return;
    const repair = answer.anomaly?.[0]
      ? (await ask(path("repair"), {rows: [row], alpha: answer.alpha, statistic: answer.statistic})).repairs[0] : null;
    if (turn !== rowTurn) return;
    [rowAnswer, rowRepair] = [answer, repair];
    showVerdict(answer);
    showRepair(repair);
    await showConditional(chosenColumn || answer.explanations[0][0]?.variable, turn);
  } catch (error) {
    if (turn === rowTurn) failRow(error);
  }
}

function showCurl(body) {
  $("curl").textContent = "curl " + new URL(path("score"), location.href) + (key ? " -H 'X-API-Key: KEY'" : "") +
    " -H 'Content-Type: application/json' \\\n  -d '" + JSON.stringify(body).replaceAll("'", "'\\''") + "'";
}

const isOddRow = () => Boolean(rowAnswer?.anomaly?.[0]);

function showVerdict(answer) {
  const p = answer.p_value?.[0] ?? null, isOdd = isOddRow();
  const share = p === null ? "" : short(100 * p, 2) + " %";
  $("verdict").textContent = p === null ? "Its log-likelihood is " + answer.log_likelihood[0].toFixed(2) + "."
    : isOdd ? "An anomaly: at most " + share + " of normal rows are this unusual."
    : "Nothing odd: about " + share + " of normal rows are this unusual, or more so.";
  $("verdict").className = p === null ? "" : isOdd ? "odd-text" : "good-text";
  const spread = answer.standard_error ? " ± " + answer.standard_error[0].toFixed(3) : "";
  const figures = [["log-likelihood",
      answer.log_likelihood[0].toFixed(3) + spread + " nats (the higher, the more usual)"]];
  if (p !== null) figures.push(["p-value", short(p, 3) + " (anomaly at " + short(answer.alpha, 3) + " or less)"]);
  if (p !== null && answer.groups) figures.push(["among", groupColumn() + ": " + groupText(answer.groups[0])]);
  if (answer.score) figures.push(["score", short(answer.score[0]) + " (" + answer.statistic + ")"]);
  if (answer.calibration_rows) figures.push(["compared with", plural(answer.calibration_rows[0], "row")]);
  if (answer.note) figures.push(["note", answer.note]);
  $("figures").replaceChildren(...figures.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
  showGains(answer.explanations[0]);
}

/** A gain says something of odd rows only, so that alone has the colour of alarm. */
function showGains(entries) {
  const most = Math.max(3, ...entries.map(gainOf));
  const blamed = rowBlamed = new Set(isOddRow() ? suspicious(entries, rowRepair).map(entry => entry.variable) : []);
  $("gains-part").querySelector("h3").textContent = entries[0]?.gain === undefined ? "How surprising its values are"
      : "What the row would gain";
  $("gains-part").querySelector("p").hidden = entries[0]?.gain === undefined;
  showBars($("gains"), entries.map(entry => ({
    name: entry.variable, share: gainOf(entry) / most, text: gainOf(entry).toFixed(2),
        isOdd: blamed.has(entry.variable),
    isMine: entry.variable === chosenColumn, onclick: () => showConditional(entry.variable),
    note: (entry.part ? entry.part + " " : "") + textOf(entry.value) +
        (entry.unseen ? ", never seen in training" : "") +
      (entry.expected === undefined || String(entry.expected) === String(entry.value) ? ""
          : ", expected " + textOf(entry.expected) +
        (typeof entry.range?.[0] === "number" ? " (" + entry.range.join(" to ") + ")" : "")) +
      (entry.together ? ", together with " + entry.together.filter(name => name !== entry.variable).join(", ") : "")})));
  rowCells.forEach((cell, index) => {
    const isOdd = blamed.has(card.variables[index].name), name = card.variables[index].name;
    cell.element.classList.toggle("odd", isOdd);
    if (cell.input) {
      if (isOdd) cell.input.setAttribute("aria-label", name + ", suspicious");
      else cell.input.removeAttribute("aria-label");
    } else cell.element.setAttribute("aria-label", name + (isOdd ? ", suspicious" : ""));
  });
}

async function showConditional(name, turn = rowTurn) {
  if (!name) return;
  chosenColumn = name;
  for (const button of $("gains").querySelectorAll("button")) button.setAttribute("aria-pressed",
      String(button.textContent === name));
  try {
    const answer = await ask(path("conditionals"), {rows: [row], variables: [name], given: "others"});
    if (turn !== rowTurn || chosenColumn !== name) return;
    const isOdd = rowBlamed.has(name);
    $("conditional-title").textContent = name + ", given all other values";
    $("conditional").replaceChildren(...answer.conditionals[0].flatMap(entry =>
      [entry.part ? el("h4", {}, entry.part) : null, distribution(entry, isOdd)].filter(Boolean)));
    $("conditional-part").hidden = false;
  } catch (error) {
    if (turn !== rowTurn) return;
    $("conditional-title").textContent = name;
    $("conditional").replaceChildren(el("p", {class: "soft"}, error.message));
    $("conditional-part").hidden = false;
  }
}

function showRepair(repair) {
  $("row-repair").hidden = !repair;
  $("accept").hidden = !repair?.repaired;
  $("row-changes").textContent = repair?.repaired ? "Repair: " + changesText(repair)
      : "Three changes do not repair it.";
}

function acceptRepair() {
  for (const change of rowRepair.changes) {
    row[card.variables.findIndex(variable => variable.name === change.variable)] = change.to;
  }
  scoreRow();
}

function failRow(error) {
  $("verdict").textContent = error.message;
  $("verdict").className = "odd-text";
  $("figures").replaceChildren();
  $("gains").replaceChildren();
  $("row-repair").hidden = true;
  $("conditional-part").hidden = true;
  rowAnswer = null;
  for (const cell of rowCells) cell.element.classList.remove("odd");
  const place = /^\/rows\/0\/(.+)$/.exec(error.pointer || "")?.[1];
  const cell = rowCells[place] || rowCells[card.variables.findIndex(variable => variable.name === place)];
  cell?.input?.setAttribute("aria-invalid", "true");
}

views.row = {
  reset: resetRow,
  open() { if (!row.length) drawRow(); },
};
