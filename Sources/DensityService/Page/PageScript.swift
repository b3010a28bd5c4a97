extension WebPage {
    /// Shows a row, scores it at every change, and shows the answer. Names go into the page as text, never as markup.
    static let script = #"""
        const $ = id => document.getElementById(id);
        let model = null, isBinary = true, row = [], cells = [], asked = 0;
        const path = verb => "models/" + encodeURIComponent(model.name) + (verb ? "/" + verb : "");

        let key = sessionStorage.getItem("key");

        async function json(url, body) {
          const headers = body ? {"Content-Type": "application/json"} : {};
          if (key) headers["X-API-Key"] = key;
          const reply = await fetch(url, body ? {method: "POST", headers, body: JSON.stringify(body)} : {headers});
          const answer = await reply.json();
          if (reply.status === 401 && (key = prompt("This service asks for an API key:"))) {
            sessionStorage.setItem("key", key);
            return json(url, body);
          }
          if (!reply.ok) throw new Error(answer.detail || reply.statusText);
          return answer;
        }

        async function choose(name) {
          model = await json("models/" + encodeURIComponent(name));
          $("card").href = path();
          $("drift").href = path("drift");
          const calibration = model.calibration ? ", calibrated on " + model.calibration.rows + " normal rows" : "";
          $("about").textContent = model.name + ", version " + model.version + ": " + model.variables.length +
            " variables, " + model.parameters + " parameters" + calibration + ".";
          isBinary = model.variables.every(variable => variable.type === "binary");
          cells = model.variables.map(isBinary ? pixel : field);
          $("row").replaceChildren(...cells);
          $("row").className = !isBinary ? "fields" : model.image_width ? "picture"
            : model.variables.length > 100 ? "small" : "";
          $("row").style.gridTemplateColumns =
            isBinary && model.image_width ? "repeat(" + model.image_width + ", auto)" : "";
          $("hint").textContent = isBinary ? "Every value is 0 or 1. Click one to change it."
            : "Change a value, or empty it: what is missing is left out of account.";
          $("clear").textContent = isBinary ? "All zeros" : "Empty all";
          $("clear").onclick = () => { row.fill(isBinary ? 0 : null); show(); };
          await draw();
        }

        function pixel(variable, index) {
          const cell = document.createElement("button");
          cell.textContent = cell.title = variable.name;
          cell.onclick = () => { row[index] = 1 - row[index]; show(); };
          cell.refresh = () => { cell.setAttribute("aria-pressed", row[index] === 1); };
          return cell;
        }

        function field(variable, index) {
          const cell = document.createElement("label");
          cell.appendChild(document.createElement("span")).textContent = variable.name;
          const isNumber = variable.type === "real";
          const input = cell.appendChild(document.createElement(isNumber ? "input" : "select"));
          const values = variable.type === "binary" ? [0, 1] : variable.categories;
          if (isNumber) {
            input.type = "number";
            input.step = variable.step || "any";
            input.placeholder = "missing";
            if (variable.training_range) input.title = "In training: " + variable.training_range.join(" to ");
          } else {
            input.add(new Option("missing", -1));
            values.forEach((value, place) => input.add(new Option(value === "" ? "(empty)" : value, place)));
          }
          input.onchange = () => {
            if (input.validity.badInput) return fail(new Error(variable.name + ": that is not a number"));
            const given = isNumber ? (input.value === "" ? null : Number(input.value)) : values[input.value];
            row[index] = given === undefined ? null : given;
            show();
          };
          cell.refresh = () => {
            input.value = isNumber ? row[index] === null ? "" : row[index] : values.indexOf(row[index]);
          };
          return cell;
        }

        function spoiled(variable, value) {
          if (variable.type === "binary") return value === 1 ? 0 : 1;
          if (variable.type === "categorical") {
            const others = variable.categories.filter(label => label !== value);
            return others[Math.floor(Math.random() * others.length)];
          }
          const [low, high] = variable.training_range || [value - 1, value + 1];
          const number = low + Math.random() * (high - low), step = variable.step;
          return Number((step ? Math.round(number / step) * step : number).toPrecision(6));
        }

        async function draw() {
          row = (await json(path("sample"), {n: 1})).rows[0];
          show();
        }

        function show() {
          for (const cell of cells) cell.refresh();
          $("curl").textContent = "curl " + new URL(path("score"), location.href) +
            (key ? " -H 'X-API-Key: KEY'" : "") + " -H 'Content-Type: application/json' \\\n  -d '" +
            JSON.stringify({rows: [row], explain: 3}).replaceAll("'", "'\\''") + "'";
          score().catch(fail);
        }

        async function score() {
          const turn = ++asked;
          const answer = await json(path("score"), {rows: [row], explain: Math.min(5, row.length)});
          if (turn !== asked) return;
          const verdict = $("verdict");
          const p = answer.p_value && answer.p_value[0];
          if (answer.p_value) {
            const share = (100 * p).toPrecision(2) * 1 + " %";
            verdict.textContent = answer.anomaly[0]
              ? "An anomaly: at most " + share + " of normal rows are this improbable."
              : "Nothing odd: about " + share + " of normal rows are this improbable, or more so.";
            verdict.className = answer.anomaly[0] ? "odd-text" : "good-text";
          } else {
            verdict.textContent = "Probability e^" + answer.log_likelihood[0].toFixed(2) + ".";
            verdict.className = "";
          }
          // A density's nats depend on the column's unit: they say something of an odd row only, and in their order.
          const blamed = isBinary ? answer.explanations[0].filter(entry => entry.surprisal > 0.7)
            : answer.anomaly && answer.anomaly[0] ? answer.explanations[0].slice(0, 2) : [];
          cells.forEach((cell, index) => {
            cell.classList.toggle("odd", blamed.some(entry => entry.variable === model.variables[index].name));
          });
          const spread = answer.standard_error ? " ± " + answer.standard_error[0].toFixed(3) : "";
          const lines = [["log-likelihood",
            answer.log_likelihood[0].toFixed(3) + spread + " nats (the higher, the more usual)"]];
          if (answer.p_value) lines.push(["p-value", p.toPrecision(3) + " (anomaly at " + answer.alpha.toPrecision(3) * 1 + " or less)"]);
          const named = isBinary ? blamed : answer.explanations[0].slice(0, 3);
          if (named.length) lines.push(["most surprising", named.map(entry =>
            entry.variable + " (" + entry.surprisal.toFixed(2) + " nats)").join(", ")]);
          $("figures").replaceChildren(...lines.map(line => {
            const tr = document.createElement("tr");
            for (const text of line) tr.appendChild(document.createElement("td")).textContent = text;
            return tr;
          }));
        }

        function fail(error) {
          $("verdict").textContent = error.message;
          $("verdict").className = "odd-text";
        }

        $("draw").onclick = () => draw().catch(fail);
        $("flip").onclick = () => {
          for (let k = 0; k < Math.max(1, row.length / 10); k++) {
            const at = Math.floor(Math.random() * row.length);
            row[at] = spoiled(model.variables[at], row[at]);
          }
          show();
        };
        $("copy").onclick = () => navigator.clipboard.writeText($("curl").textContent);
        $("model").onchange = event => choose(event.target.value).catch(fail);

        (async () => {
          const ready = (await json("models")).models.filter(entry => entry.state === "ready");
          for (const entry of ready) $("model").add(new Option(entry.name, entry.name, entry.default, entry.default));
          $("choice").hidden = ready.length < 2;
          if (ready.length) await choose($("model").value);
        })().catch(fail);
        """#
}
