// Pictures of numbers, in SVG and in HTML.

function shape(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Empties a chart; its size in pixels is that of its box. */
function canvas(svg) {
  const width = Math.max(svg.clientWidth, 200), height = Math.max(svg.clientHeight, 80);
  svg.setAttribute("viewBox", "0 0 " + width + " " + height);
  return {width, height};
}

/** Bars of a list: {name, share, text, note, isOdd, isMine, onclick}. */
function showBars(list, entries) {
  list.replaceChildren(...entries.map(entry => {
    const fill = el("div", {class: "fill"});
    fill.style.width = (100 * Math.max(0, Math.min(1, entry.share))).toFixed(1) + "%";
    return el("li", {class: (entry.isOdd ? "odd " : "") + (entry.isMine ? "mine" : "")},
      entry.onclick ? el("button", {class: "name", title: entry.name, onclick: entry.onclick,
          "aria-pressed": String(entry.isMine)}, entry.name)
        : el("span", {class: "name", title: entry.name}, entry.name),
      el("div", {class: "track", "aria-hidden": "true"}, fill), el("span", {class: "text"}, entry.text),
      entry.note ? el("span", {class: "note"}, entry.note) : null);
  }));
}

/** Where scores are counted: all but the highest two in a hundred in bins of one width, what lies beyond in the last. */
function binsOf(scores) {
  const known = scores.filter(score => score !== null && score !== undefined).sort((a, b) => a - b);
  if (!known.length) return null;
  const low = known[0], high = known[known.length - 1];
  const bulk = known[Math.floor(0.98 * (known.length - 1))];
  const end = high <= bulk + 2 * (bulk - low) ? high : bulk + 0.5 * (bulk - low);
  const count = 60;
  return {low, end, high, count, width: (end - low) / (count - 1) || 1};
}
const binOf = (bins, score) => Math.min(bins.count - 1, Math.max(0, Math.floor((score - bins.low) / bins.width)));

/** How far from the left a score stands, as a share of the width. */
const placeOf = (bins, score) => Math.min(1, Math.max(0, Math.min(bins.count - 1, (score - bins.low) / bins.width) / bins.count));

/** Flagged rows stand on top of the others, so that the picture is right where no one score divides them. */
function showHistogram(svg, bins, scores, isFlagged, bound) {
  const {width, height} = canvas(svg);
  const floor = height - 18, step = width / bins.count;
  const normal = new Array(bins.count).fill(0), flagged = new Array(bins.count).fill(0);
  scores.forEach((score, index) => {
    if (score !== null && score !== undefined) (isFlagged(index) ? flagged : normal)[binOf(bins, score)]++;
  });
  const most = Math.sqrt(Math.max(1, ...normal.map((count, bin) => count + flagged[bin])));
  const shapes = [];
  for (let bin = 0; bin < bins.count; bin++) {
    const all = normal[bin] + flagged[bin];
    if (!all) continue;
    const tall = Math.max(3, (floor - 6) * Math.sqrt(all) / most);
    const odd = flagged[bin] ? Math.max(3, tall * flagged[bin] / all) : 0;
    const box = {x: bin * step + 0.5, width: Math.max(1, step - 1)};
    if (tall > odd) shapes.push(shape("rect", {...box, y: floor - tall + odd, height: tall - odd, class: "bar"}));
    if (odd) shapes.push(shape("rect", {...box, y: floor - tall, height: odd, class: "bar flagged"}));
  }
  shapes.push(shape("line", {x1: 0, x2: width, y1: floor, y2: floor, class: "axis"}));
  if (bound !== null) {
    const x = Math.min(width - 1, Math.max(1, width * placeOf(bins, bound)));
    shapes.push(shape("line", {x1: x, x2: x, y1: 0, y2: floor, class: "limit"}));
  }
  shapes.push(shape("text", {x: 0, y: height - 4}, short(bins.low, 3)),
    shape("text", {x: width / 2, y: height - 4, "text-anchor": "middle"},
        short(bins.low + bins.width * bins.count / 2, 3)),
    shape("text", {x: width, y: height - 4, "text-anchor": "end"},
        bins.high > bins.end ? short(bins.end, 3) + " to " + short(bins.high, 3) : short(bins.high, 3)));
  svg.replaceChildren(...shapes);
}

/** The capital of the exchangeability martingale at the times it was asked for: [{rows, value, largest}]. */
function showMartingale(svg, points) {
  const {width, height} = canvas(svg);
  const left = 52, right = width - 8, top = 8, floor = height - 22;
  const logs = points.flatMap(point => [point.value, point.largest]).map(value => Math.log10(Math.max(value, 1e-12)));
  // Capital that is all but lost lies on the floor; beyond a million nobody asks how much.
  const low = Math.max(-3, Math.min(-1, ...logs)), high = Math.min(6, Math.max(3.2, ...logs));
  const first = points[0]?.rows ?? 0, last = points[points.length - 1]?.rows ?? 0;
  const x = rows => last === first ? right : left + (right - left) * (rows - first) / (last - first);
  const y = value => floor - (floor - top) * (Math.min(high,
      Math.max(low, Math.log10(Math.max(value, 1e-12)))) - low) / (high - low);
  const shapes = [1, 20, 1000].flatMap(value => [
    shape("line", {x1: left, x2: right, y1: y(value), y2: y(value), class: value === 1 ? "axis" : "dash"}),
    shape("text", {x: left - 6, y: y(value) + 4, "text-anchor": "end"}, grouped(value))]);
  if (points.length) {
    for (const [name, kind] of [["largest", "curve most"], ["value", "curve"]]) {
      shapes.push(shape("polyline", {class: kind,
          points: points.map(point => x(point.rows) + "," + y(point[name])).join(" ")}));
    }
    const end = points[points.length - 1];
    shapes.push(shape("circle", {cx: x(end.rows), cy: y(end.value), r: 4, class: "dot"}));
  }
  shapes.push(shape("text", {x: left, y: height - 4}, plural(first, "row")),
    shape("text", {x: right, y: height - 4, "text-anchor": "end"}, plural(last, "row")));
  svg.replaceChildren(...shapes);
}

/** A distribution as POST /conditionals gives it. */
function distribution(entry, isOdd) {
  const box = el("div");
  if (entry.type === "real") box.append(...ofNumber(entry, isOdd));
  else box.append(ofLabels(entry, isOdd));
  if (entry.missing !== undefined) {
    box.append(el("p", {class: "soft"}, "Probability of a missing value: " + short(entry.missing, 3)));
  }
  return box;
}

function ofLabels(entry, isOdd) {
  const known = entry.type === "binary"
      ? [["1", entry.probability], ["0", 1 - entry.probability - (entry.missing || 0)]]
    : Object.entries(entry.probabilities);
  const texts = entry.type === "binary" ? textsOf({type: "binary", name: entry.variable}) : null;
  const all = known.map(([label, probability]) => [texts ? texts[Number(label)] : label, probability])
    .sort((one, other) => other[1] - one[1]);
  const mine = entry.value === undefined || entry.value === null ? null : String(entry.value);
  const shown = all.slice(0, 10);
  const own = all.find(([label]) => label === mine);
  if (own && !shown.includes(own)) shown.push(own);
  const bars = shown.map(([label, probability]) => ({
    name: textOf(label), share: probability, text: short(probability, 3), isMine: label === mine,
        isOdd: isOdd && label === mine,
    note: label === mine ? "the row's value" : null}));
  const rest = all.filter(pair => !shown.includes(pair));
  if (rest.length) {
    bars.push({name: plural(rest.length, "other"), share: rest.reduce((sum, pair) => sum + pair[1], 0),
      text: short(rest.reduce((sum, pair) => sum + pair[1], 0), 3)});
  }
  const list = el("ul", {class: "bars"});
  showBars(list, bars);
  return list;
}

/** Between two known quantiles the probability is spread evenly: that is all the answer says. */
function ofNumber(entry, isOdd) {
  const quantiles = Object.entries(entry.quantiles).map(([share, value]) => [Number(share), value])
      .sort((one, other) => one[0] - other[0]);
  const value = typeof entry.value === "number" ? entry.value : null;
  const ends = [quantiles[0][1], quantiles[quantiles.length - 1][1], ...(value === null ? [] : [value])];
  let low = Math.min(...ends), high = Math.max(...ends);
  const pad = (high - low || Math.abs(high) || 1) * 0.08;
  low -= pad;
  high += pad;
  const width = 440, height = 130, floor = 104;
  const x = number => width * (number - low) / (high - low);
  const steps = quantiles.slice(1).map(([share, end], index) => {
    const [before, start] = quantiles[index];
    return {start, end, density: (share - before) / Math.max(end - start, (high - low) / 400)};
  });
  const most = Math.max(...steps.map(step => step.density));
  const svg = shape("svg", {viewBox: "0 0 " + width + " " + height, role: "img",
    "aria-label": "Distribution of " + entry.variable + ": middle 90 percent from " + short(quantiles[0][1]) + " to " +
      short(quantiles[quantiles.length - 1][1]) + (value === null ? "" : "; the row has " + short(value, 6))});
  svg.append(...steps.map(step => shape("rect",
      {class: "density", x: x(step.start), width: Math.max(1, x(step.end) - x(step.start)),
    y: floor - 90 * step.density / most, height: 90 * step.density / most})),
  shape("line", {x1: 0, x2: width, y1: floor, y2: floor, class: "axis"}));
  for (const atom of entry.atoms || []) {
    if (atom.probability > 0.005 && atom.value >= low && atom.value <= high) {
      svg.append(shape("line", {x1: x(atom.value), x2: x(atom.value), y1: floor - 90 * atom.probability, y2: floor,
          class: "limit"}));
    }
  }
  if (value !== null) svg.append(shape("line",
      {x1: x(value), x2: x(value), y1: 4, y2: floor, class: "value" + (isOdd ? " odd" : "")}));
  svg.append(shape("text", {x: 0, y: 122}, short(low)),
      shape("text", {x: width, y: 122, "text-anchor": "end"}, short(high)));
  const middle = quantiles.find(([share]) => share === 0.5);
  const said = "Median " + short(middle[1]) + ", middle 90 % from " + short(quantiles[0][1]) + " to " +
    short(quantiles[quantiles.length - 1][1]) + "." +
        (value === null ? "" : " The line is the row’s value, " + short(value, 6) + ".");
  return [svg, el("p", {class: "soft"}, said)];
}

/** A row of a picture model, a pixel a value: the more ink, the larger. */
function picture(row, label) {
  const width = card.image_width, height = Math.ceil(row.length / width);
  const box = el("canvas", {width, height, role: "img", "aria-label": label});
  const context = box.getContext("2d"), pixels = context.createImageData(width, height);
  row.forEach((value, index) => {
    const variable = card.variables[index];
    const [low, high] = variable.training_range || [0, variable.categories ? variable.categories.length - 1 : 1];
    const number = variable.categories ? variable.categories.indexOf(value) : Number(value);
    const ink = Math.round(255 * (1 - Math.min(1, Math.max(0, (number - low) / (high - low || 1)))));
    pixels.data.set(value === null ? [200, 120, 120, 255] : [ink, ink, ink, 255], 4 * index);
  });
  context.putImageData(pixels, 0, 0);
  return box;
}
