extension WebPage {
    /// Shows a row, scores it at every change, and shows the answer. Names go into the page as text, never as markup.
    static let script = #"""
        const $ = id => document.getElementById(id);
        let model = null, row = [], cells = [], asked = 0;
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
          cells = model.variables.map((variable, index) => {
            const cell = document.createElement("button");
            cell.textContent = cell.title = variable.name;
            cell.onclick = () => { row[index] = 1 - row[index]; show(); };
            return cell;
          });
          $("row").replaceChildren(...cells);
          $("row").className = model.image_width ? "picture" : model.variables.length > 100 ? "small" : "";
          $("row").style.gridTemplateColumns = model.image_width ? "repeat(" + model.image_width + ", auto)" : "";
          await draw();
        }

        async function draw() {
          row = (await json(path("sample"), {n: 1})).rows[0];
          show();
        }

        function show() {
          cells.forEach((cell, index) => { cell.setAttribute("aria-pressed", row[index] === 1); });
          $("curl").textContent = "curl " + new URL(path("score"), location.href) +
            (key ? " -H 'X-API-Key: KEY'" : "") + " -H 'Content-Type: application/json' \\\n  -d '" + JSON.stringify({rows: [row], explain: 3}) + "'";
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
          const blamed = answer.explanations[0].filter(entry => entry.surprisal > 0.7);
          cells.forEach((cell, index) => {
            cell.classList.toggle("odd", blamed.some(entry => entry.variable === model.variables[index].name));
          });
          const lines = [["log-likelihood", answer.log_likelihood[0].toFixed(3) + " nats (the higher, the more usual)"]];
          if (answer.p_value) lines.push(["p-value", p.toPrecision(3) + " (anomaly at " + answer.alpha + " or less)"]);
          if (blamed.length) lines.push(["most surprising", blamed.map(entry =>
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
        $("clear").onclick = () => { row.fill(0); show(); };
        $("flip").onclick = () => {
          for (let k = 0; k < Math.max(1, row.length / 10); k++) {
            const at = Math.floor(Math.random() * row.length);
            row[at] = 1 - row[at];
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
