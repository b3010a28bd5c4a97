// Which control does what.

$("skip").onclick = event => { event.preventDefault(); $("main").focus(); };
$("model").onchange = chooseModel;
window.onhashchange = openView;
window.onresize = () => {
  if (openName === "table") refreshRanking();
  if (openName === "drift") showMartingale($("martingale"), driftPoints.get(card.name) || []);
};
$("enter-key").onclick = () => { $("none-key").hidden = true; refreshModels(); };

$("file").onchange = event => { if (card &&
    event.target.files[0]) loadFile(event.target.files[0]); event.target.value = ""; };
$("drop").onsubmit = event => {
  event.preventDefault();
  if ($("paste").value.trim()) loadText("Pasted rows", $("paste").value);
  else say("table-error", "Paste some rows first, with a header.");
};
$("example").onclick = loadExample;
document.ondragover = event => {
  if (!card || openName !== "table") return;
  event.preventDefault();
  $("drop").classList.add("over");
};
document.ondragleave = event => { if (!event.relatedTarget) $("drop").classList.remove("over"); };
document.ondrop = event => {
  if (!card || openName !== "table") return;
  event.preventDefault();
  $("drop").classList.remove("over");
  const file = event.dataTransfer.files[0], text = event.dataTransfer.getData("text/plain");
  if (file) loadFile(file);
  else if (text) loadText("Dropped rows", text);
};
document.onpaste = event => {
  const file = event.clipboardData.files[0], text = event.clipboardData.getData("text/plain");
  // What is typed over is small; a large table need not pass through a box of text.
  const isTyping = event.target.closest?.("input, textarea") && text.length < 100000 && !file;
  if (!card || openName !== "table" || isTyping || !(file || text.includes("\n"))) return;
  event.preventDefault();
  if (file) loadFile(file);
  else loadText("Pasted rows", text);
};
$("stop").onclick = () => { sheet.isStopped = true; sheet.controller.abort(); refreshRanking(); };
$("statistic").onchange = scoreAgain;
$("missing").onchange = scoreAgain;
$("download").onclick = downloadTable;
$("download-scores").onclick = downloadScores;
$("another").onclick = () => { closeTable(); say("table-error"); $("file").focus(); };
$("alpha").oninput = slideAlpha;
$("alpha-text").onchange = typeAlpha;
$("repair-all").onclick = repairAll;
$("more").onclick = () => { shownCount += pageRows; showRanking(); };
$("histogram").onpointerdown = event => { $("histogram").setPointerCapture(event.pointerId); dragAlpha(event); };
$("alpha-marker").onkeydown = pressAlpha;
$("histogram").onpointermove = event => { if (event.buttons) dragAlpha(event); };

$("draw").onclick = drawRow;
$("spoil").onclick = spoilRow;
$("clear").onclick = () => editRow(card.variables.map(() => isBinaryModel() ? 0 : null));
$("find").oninput = findColumn;
$("accept").onclick = acceptRepair;
$("copy").onclick = () => navigator.clipboard.writeText($("curl").textContent);
$("sample-form").onsubmit = event => { event.preventDefault(); drawSamples(); };
$("sample-fix").onchange = () => fixColumn($("sample-fix").value);
$("sample-download").onclick = downloadSamples;

refreshModels();
watchModels();
