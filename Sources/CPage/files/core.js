"use strict";
// What all views share: elements, requests, the key, the model, and which view is open.

const $ = id => document.getElementById(id);

/** An element with properties, and children that are elements or texts. Texts become text nodes, never markup. */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element[name] = value;
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

/** A number with so many significant digits, without needless zeros. */
const short = (number, digits = 4) =>
  number === null || number === undefined ? "" : String(Number(Number(number).toPrecision(digits)));
const grouped = number => Number(number).toLocaleString("en-US");
const plural = (count, noun, nouns = noun + "s") => grouped(count) + " " + (count === 1 ? noun : nouns);
const textOf = value => value === null || value === undefined ? "missing" : value === "" ? "(empty)" : String(value);

function say(id, message) {
  $(id).textContent = message || "";
  $(id).hidden = !message;
}

// Requests

class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.error || problem.title || "The server answered " + status + ".");
    this.status = status;
    this.pointer = problem.pointer;
  }
}

let key = sessionStorage.getItem("key");
let asking = null, waiting = null, busyCount = 0;

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/**
 * The text of an answer. Waits and asks again while the server is away or busy; asks for a key where one is needed.
 * Every request of this page may be repeated.
 */
async function request(path, {body, type = "application/json", accept, signal} = {}) {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted();
    const headers = body === undefined ? {} : {"Content-Type": type};
    if (accept) headers.Accept = accept;
    if (key) headers["X-API-Key"] = key;
    const sentKey = key;
    let reply, text;
    try {
      reply = await fetch(path, {method: body === undefined ? "GET" : "POST", headers, body, signal,
          cache: "no-store"});
      text = await reply.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      await serverIsBack();
      continue;
    }
    if (reply.status === 401) {
      if (key === sentKey) await askForKey(Boolean(sentKey));
      continue;
    }
    const seconds = Number(reply.headers.get("Retry-After"));
    if ((reply.status === 429 || reply.status === 503) && seconds > 0 && tries < 20) {
      busyCount++;
      showBanner();
      await pause(1000 * Math.min(seconds, 10));
      busyCount--;
      showBanner();
      continue;
    }
    if (reply.ok) return text;
    let problem = {};
    try { problem = JSON.parse(text); } catch { /* An answer of what stands between has no such text. */ }
    throw new Refusal(reply.status, problem);
  }
}

const ask = async (path, body, signal) =>
  JSON.parse(await request(path, {body: body === undefined ? undefined : JSON.stringify(body), signal}));

/** Resolves when the server answers anything at all. */
function serverIsBack() {
  waiting ??= (async () => {
    showBanner();
    for (;;) {
      await pause(1000);
      try { await fetch("livez", {cache: "no-store"}); break; } catch { /* It is still away. */ }
    }
    waiting = null;
    showBanner();
    refreshModels();
  })();
  if (waiting) showBanner();
  return waiting;
}

function showBanner() {
  say("away", waiting ? "The server does not answer. Trying again until it does; nothing on this page is lost."
    : busyCount ? "The server is busy. Trying again." : "");
}

/** Resolves when there is a key to try; throws where the user gives none. */
function askForKey(isRefused) {
  asking ??= new Promise((resolve, reject) => {
    const dialog = $("key-dialog");
    $("key-error").hidden = !isRefused;
    $("key").value = "";
    dialog.returnValue = "";
    dialog.onclose = () => {
      asking = null;
      if (dialog.returnValue !== "ok" || !$("key").value) {
        return reject(new Refusal(401, {detail: "This service asks for an API key."}));
      }
      key = $("key").value.trim();
      sessionStorage.setItem("key", key);
      resolve();
    };
    dialog.showModal();
  });
  return asking;
}

// The model

/** The card of the chosen model, as GET /models/NAME gives it. */
let card = null;
let models = [];
/** The name last asked for, and how often one was: a card that arrives after a later choice is dropped. */
let wantedName = null, choices = 0;

const path = verb => "models/" + encodeURIComponent(card.name) + (verb ? "/" + verb : "");
const isCalibrated = () => Boolean(card.calibration);
/** The column whose values have calibrations of their own; undefined of a model without groups. */
const groupColumn = () => card.calibration?.groups?.column;
/** The group that a p-value is read from: of few rows, those that such groups share. */
const groupText = group => group === undefined ? "" : group === null ? "the rest" : textOf(group);
const isBinaryModel = () => card.variables.every(variable => variable.type === "binary" && !textsOf(variable));
const tableColumn = name => card.table?.columns?.find(column => column.name === name);
/** The two words of a binary column, where its table has words. */
const textsOf = variable => variable.type === "binary" ? tableColumn(variable.name)?.texts : undefined;

async function refreshModels() {
  try {
    models = (await ask("models")).models;
    const ready = models.filter(entry => entry.state === "ready");
    const names = [...new Set(ready.map(entry => entry.name))];
    const chosen = names.includes(wantedName) ? wantedName
      : (ready.find(entry => entry.default) || ready[0])?.name;
    $("model").replaceChildren(...names.map(name => el("option", {value: name}, name)));
    $("choice").hidden = names.length === 0;
    if (chosen) {
      $("model").value = chosen;
      if (card?.name !== chosen) await choose(chosen);
    } else {
      card = null;
      showNoModel(models.length ? "They are listed below; this page looks again every few seconds."
        : "This server has no model yet. This page looks again every few seconds.");
    }
    showModels();
  } catch (error) {
    if (card) return say("models-error", error.message);
    showNoModel(error.message, error.status === 401);
  }
}

function showNoModel(message, needsKey = false) {
  $("none-title").textContent = needsKey ? "An API key is needed" : "No model is ready";
  $("none-text").textContent = message;
  $("none-key").hidden = !needsKey;
  $("none-models").replaceChildren(...models.map(entry =>
    el("li", {}, entry.name + " ", badge(entry.state), entry.reason ? " " + entry.reason : "")));
  openView();
}

async function choose(name) {
  wantedName = name;
  const choice = ++choices;
  const found = await ask("models/" + encodeURIComponent(name));
  if (choice !== choices) return;
  card = found;
  for (const view of Object.values(views)) view.reset?.();
  openView();
}

const gainOf = entry => entry.gain ?? entry.surprisal;

/**
 * The suspicious values of an anomaly, as entries of its explanation: those that its repair changes; where there is none,
 * the first, and others that gain half as much and 3 nats (are twenty times as likely when mended).
 */
function suspicious(entries, repair) {
  if (!repair?.repaired) {
    return entries.filter((entry, rank) => rank === 0 || gainOf(entry) >= Math.max(3, gainOf(entries[0]) / 2));
  }
  return repair.changes.map((change, place) => {
    const known = entries.find(entry => entry.variable === change.variable && !entry.part);
    // Ranges are given all other values; after the first change some of those are others.
    return {...known, variable: change.variable, value: change.from, expected: change.to,
        range: place ? undefined : known?.range};
  });
}

const badge = state => el("span", {class: "badge " + state}, state);

// Views

const views = {};
let openName = null;

function openView() {
  const wanted = location.hash.slice(1).split("?")[0];
  const asked = views[wanted] ? wanted : "table";
  const name = card || asked === "models" ? asked : "none";
  if (openName !== name) views[openName]?.close?.();
  openName = name;
  for (const view of ["none", ...Object.keys(views)]) $("view-" + view).hidden = view !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === "#" + asked) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = $("view-" + name).querySelector("h2").textContent;
  document.title = (card ? card.name + ": " : "") + title + " – made";
  if (name !== "none") views[name].open?.();
}

/** Opens a view, and puts the focus where it begins. */
function goTo(view) {
  location.hash = "#" + view;
  $("main").focus();
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], {type: "text/csv;charset=utf-8"}));
  el("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
