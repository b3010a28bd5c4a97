"use strict";
// The OpenAPI document of this server for people. Texts go into the page as text nodes, never as markup.

const $ = id => document.getElementById(id);

function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element[name] = value;
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name,
        value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

let api = null;
const resolve = part => part?.$ref ? resolve(part.$ref.slice(2).split("/").reduce((value, name) =>
  value?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], api)) : part;
const nameOf = part => part?.$ref ? part.$ref.split("/").pop() : null;

const groups = [
  ["Score, clean, draw", path => /\/(score|conditionals|impute|repair|sample)$/.test(path)],
  ["Models and drift", path => /^\/(models|drift)/.test(path)],
  ["Probes and documents", path => /^\/(livez|readyz|health|ping|metrics|openapi\.json|docs)?$/.test(path)],
  ["Open Inference Protocol v2", path => path.startsWith("/v2")],
  ["KServe v1, SageMaker", path => /^\/(v1|invocations)/.test(path)],
];

/** The type of a schema in a few words. */
function typeText(schema) {
  const part = resolve(schema);
  if (!part || part === true) return "any";
  if ("const" in part) return JSON.stringify(part.const);
  if (part.enum) return part.enum.filter(value => value !== null).map(value => JSON.stringify(value)).join(", ");
  const choices = part.oneOf || part.anyOf;
  if (choices) return choices.map(choice => nameOf(choice) || typeText(choice)).join(" or ");
  const types = [part.type].flat().filter(type => type && type !== "null");
  const text = types.map(type => type === "array"
      ? "list of " + (part.items ? nameOf(part.items) || typeText(part.items) : "any") : type).join(" or ");
  const bounds = [part.minimum !== undefined && part.minimum > -9e15 ? "at least " + part.minimum : null,
    part.exclusiveMinimum !== undefined ? "above " + part.exclusiveMinimum : null,
    part.maximum !== undefined && part.maximum < 9e15 ? "at most " + part.maximum : null,
    part.exclusiveMaximum !== undefined ? "below " + part.exclusiveMaximum : null].filter(Boolean);
  return (text || "any") + (bounds.length ? ", " + bounds.join(", ") : "");
}

/** The fields of an object, those of objects in it too, down to some depth: [[name, type, is required, description]]. */
function fieldsOf(schema, prefix = "", depth = 0, found = []) {
  const part = resolve(schema);
  if (!part || depth > 3) return found;
  for (const choice of part.allOf || part.oneOf || part.anyOf || []) fieldsOf(choice, prefix, depth, found);
  if (part.items) fieldsOf(part.items, prefix + (prefix && !prefix.endsWith("[]") ? "[]" : ""), depth, found);
  for (const [name, field] of Object.entries(part.properties || {})) {
    const inner = resolve(field), place = (prefix ? prefix + "." : "") + name;
    if (!found.some(([known]) => known === place)) {
      found.push([place, typeText(field), Boolean(part.required?.includes(name)), inner?.description || ""]);
    }
    fieldsOf(field, place, depth + 1, found);
  }
  return found;
}

function tableOf(label, rows, hasRequired) {
  const heads = ["Name", "Type", ...(hasRequired ? ["Required"] : []), "Meaning"];
  return el("div", {class: "scroll", role: "region", "aria-label": label, tabindex: "0"}, el("table", {},
    el("thead", {}, el("tr", {}, ...heads.map(head => el("th", {scope: "col"}, head)))),
    el("tbody", {}, ...rows.map(([name, type, isRequired, meaning]) => el("tr", {},
      el("th", {scope: "row"}, el("code", {}, name)), el("td", {}, type),
      hasRequired ? el("td", {}, isRequired ? "yes" : "no") : null, el("td", {}, meaning))))));
}

const pretty = value => typeof value === "string" ? value : JSON.stringify(value, null, 1)
  // Rows of numbers are read across.
  .replace(/\[\s+((?:[^[\]{}]|\n)*?)\s+\]/g, (_, inner) => "[" + inner.replace(/\n\s*/g, " ") + "]");

function examplesOf(content) {
  const found = [];
  if (content?.example !== undefined) found.push(content.example);
  for (const example of Object.values(content?.examples || {})) found.push(resolve(example).value);
  return found;
}

let operationCount = 0;

function operationOf(path, method, operation, shared) {
  const id = operation.operationId || method + path;
  const parameters = [...shared, ...(operation.parameters || [])].map(resolve);
  const body = resolve(operation.requestBody);
  const details = el("details", {class: "operation", id}, el("summary", {},
    el("span", {class: "method"}, method.toUpperCase()), " ", el("code", {}, path), " ",
        el("span", {class: "soft"}, operation.summary || "")));
  // What is folded is built when it is opened.
  details.ontoggle = () => {
    if (!details.open || details.children.length > 1) return;
    const parts = [];
    if (operation.description) parts.push(el("p", {}, operation.description));
    const scopes = (operation.security || []).flatMap(entry => Object.values(entry).flat());
    if (scopes.length) parts.push(el("p", {class: "soft"},
        "Where the service has keys: a key with the scope " + [...new Set(scopes)].join(", ") + "."));
    if (parameters.length) {
      parts.push(el("h3", {}, "Parameters"), tableOf("Parameters of " + path, parameters.map(parameter =>
        [parameter.name, parameter.in + ": " + typeText(parameter.schema), parameter.required,
            parameter.description || ""]), true));
    }
    if (body) {
      const json = body.content["application/json"];
      parts.push(el("h3", {}, "Body"), el("p", {class: "soft"}, Object.keys(body.content).join(", ")));
      const fields = json ? fieldsOf(json.schema) : [];
      if (fields.length) parts.push(tableOf("Fields of the body of " + path, fields, true));
    }
    parts.push(el("h3", {}, "Answers"));
    for (const [status, reference] of Object.entries(operation.responses)) {
      const answer = resolve(reference), json = answer.content?.["application/json"];
      const fields = json ? fieldsOf(json.schema) : [], examples = examplesOf(json);
      if (!status.startsWith("2")) {
        parts.push(el("p", {}, el("strong", {}, status), " ", answer.description));
        continue;
      }
      parts.push(el("p", {}, el("strong", {}, status), " ", answer.description, " ",
        el("span", {class: "soft"}, Object.keys(answer.content || {}).join(", "))));
      if (fields.length) parts.push(tableOf("Fields of the answer of " + path, fields, false));
      if (examples.length) parts.push(el("pre", {tabindex: "0", "aria-label": "Example of an answer"},
          pretty(examples[0])));
    }
    parts.push(el("h3", {}, "Try it"), tryIt(path, method, parameters, body));
    details.append(...parts);
  };
  details.words = (path + " " + method + " " + (operation.summary || "") + " " + (operation.description || "") + " " +
    parameters.map(parameter => parameter.name).join(" ") + " " +
    (body?.content["application/json"] ? fieldsOf(body.content["application/json"].schema).map(field => field[0]).join(" ") : "")).toLowerCase();
  return details;
}

function tryIt(path, method, parameters, body) {
  const id = "try-" + ++operationCount;
  const inputs = parameters.filter(parameter => parameter.in === "path" || parameter.in === "query").map(parameter => {
    const input = el("input", {type: "text", size: "10", autocomplete: "off"});
    if (parameter.name === "model") input.value = defaultModel;
    return {parameter, input, label: el("label", {}, parameter.name + " ", input)};
  });
  const content = body?.content["application/json"];
  const text = body ? el("textarea", {rows: "6", "aria-label": "Body", spellcheck: "false"}) : null;
  if (text) text.value = content && examplesOf(content).length ? pretty(examplesOf(content)[0]) : "";
  const output = el("pre", {tabindex: "0", "aria-label": "Answer", hidden: true}),
      status = el("p", {role: "status", id});
  const send = el("button", {class: "main", onclick: async () => {
    let target = path;
    const query = new URLSearchParams();
    for (const {parameter, input} of inputs) {
      if (parameter.in === "path") target = target.replace("{" + parameter.name + "}", encodeURIComponent(input.value));
      else if (input.value) query.set(parameter.name, input.value);
    }
    const headers = $("key").value ? {"X-API-Key": $("key").value} : {};
    if (text) headers["Content-Type"] = "application/json";
    status.textContent = "Asking…";
    try {
      const reply = await fetch("." + target + (String(query) ? "?" + query : ""),
          {method: method.toUpperCase(), headers, body: text?.value || undefined, cache: "no-store"});
      let answer = await reply.text();
      try { answer = pretty(JSON.parse(answer)); } catch { /* It is text. */ }
      status.textContent = reply.status + " " + reply.statusText;
      output.textContent = answer.length > 20000 ? answer.slice(0, 20000) + "\n…" : answer;
      output.hidden = false;
    } catch {
      status.textContent = "The server does not answer.";
      output.hidden = true;
    }
  }}, "Send");
  return el("div", {}, inputs.length ? el("p", {class: "tools"}, ...inputs.map(entry => entry.label)) : null, text,
    el("p", {class: "tools"}, send), status, output);
}

let defaultModel = "";

function find() {
  const wanted = $("find").value.trim().toLowerCase();
  let count = 0;
  for (const group of $("groups").children) {
    let some = 0;
    for (const operation of group.querySelectorAll(".operation")) {
      operation.hidden = !operation.words.includes(wanted);
      if (!operation.hidden) some++;
    }
    group.hidden = !some;
    count += some;
  }
  $("found").textContent = wanted ? count + (count === 1 ? " route" : " routes") : "";
}

async function start() {
  try {
    const reply = await fetch("openapi.json", {cache: "no-store"});
    if (!reply.ok) throw new Error("openapi.json: " + reply.status + " " + reply.statusText);
    api = await reply.json();
    const stored = sessionStorage.getItem("key");
    if (stored) $("key").value = stored;
    try {
      const listed = await fetch("models", {headers: stored ? {"X-API-Key": stored} : {}});
      const models = listed.ok ? (await listed.json()).models : [];
      // The examples ask one of the bundled models.
      const wanted = JSON.stringify(api.paths["/score"]?.post?.responses?.["200"] ||
          "").match(/"model":"([^"]*)"/)?.[1];
      defaultModel = (models.find(model => model.name === wanted) || models.find(model => model.default) ||
          models[0])?.name || "";
    } catch { /* Names of models are a convenience. */ }
    $("title").textContent = "HTTP API of " + api.info.title + " " + api.info.version;
    $("summary").textContent = api.info.summary + " " + (api.info.description || "");
    const paths = Object.entries(api.paths), placed = new Set();
    for (const [name, belongs] of [...groups, ["Others", () => true]]) {
      const mine = paths.filter(([path]) => !placed.has(path) && belongs(path));
      mine.forEach(([path]) => placed.add(path));
      if (!mine.length) continue;
      $("groups").append(el("section", {}, el("h2", {}, name), ...mine.flatMap(([path, item]) =>
        ["get", "put", "post", "delete", "patch"].filter(method => item[method]).map(method =>
          operationOf(path, method, item[method], item.parameters || [])))));
    }
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) { target.open = true; target.scrollIntoView(); }
  } catch (error) {
    $("error").textContent = error.message;
    $("error").hidden = false;
  }
}

$("find").oninput = find;
$("skip").onclick = event => { event.preventDefault(); $("main").focus(); };
start();
