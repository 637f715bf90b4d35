
"use strict";
// Keeps the marks in this browser, saves them as CSV and reads such a file again. Nothing is sent anywhere.
{
  const place = `harness-ratings-${document.body.dataset.sheet}`, columns = document.body.dataset.columns.split(" ");
  const labels = [...document.querySelectorAll("[data-label]")], pairs = [...document.querySelectorAll(".pair")];
  const kept = document.getElementById("kept"), done = document.getElementById("done"), file = document.getElementById("open");
  const label = (name) => labels.find((one) => one.dataset.label === name);
  const chosen = (pair, column) => pair.querySelector(`input[data-column="${column}"]:checked`)?.value ?? "";
  const marks = columns.filter((name) => name !== "pair" && !label(name));
  const rows = () => pairs.map((pair) => Object.fromEntries(columns.map((name) => [name,
    name === "pair" ? pair.dataset.pair : label(name) ? label(name).value.trim() : chosen(pair, name)])));
  const count = () => {
    const full = pairs.filter((pair) => marks.every((name) => chosen(pair, name))).length;
    done.textContent = `${full} of ${pairs.length} pairs have every mark`;
  };
  const keep = () => {
    count();
    try {
      localStorage.setItem(place, JSON.stringify(rows()));
      kept.textContent = "Your marks are kept in this browser, on this machine alone. Save them as a file when you are done.";
    } catch { kept.textContent = "This browser keeps nothing for this page: save the marks as a file before you close it."; }
  };
  const fill = (found) => {
    const by = new Map(found.map((row) => [row.pair, row]));
    for (const one of labels) one.value = found[0]?.[one.dataset.label] ?? "";
    for (const pair of pairs) for (const input of pair.querySelectorAll("input"))
      input.checked = by.get(pair.dataset.pair)?.[input.dataset.column] === input.value;
  };
  const quoted = (text) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const written = () => [columns, ...rows().map((row) => columns.map((name) => row[name]))].map((row) => row.map(quoted).join(",") + "\r\n").join("");
  const parsed = (text) => {
    const table = [[""]]; let inside = false;
    for (let k = 0; k < text.length; k++) {
      const sign = text[k], row = table.at(-1);
      if (inside) { if (sign !== '"') row[row.length - 1] += sign; else if (text[k + 1] === '"') { row[row.length - 1] += sign; k++; } else inside = false; }
      else if (sign === '"') inside = true;
      else if (sign === ",") row.push("");
      else if (sign === "\n") table.push([""]);
      else if (sign !== "\r") row[row.length - 1] += sign;
    }
    const [head, ...below] = table.filter((row) => row.length > 1);
    return below.map((row) => Object.fromEntries((head ?? []).map((name, k) => [name, row[k] ?? ""])));
  };
  document.getElementById("save").addEventListener("click", () => {
    const wanting = labels.find((one) => !one.value.trim());
    if (wanting) { done.textContent = "Say who you are and what your expertise is first."; wanting.focus(); return; }
    const link = document.createElement("a"), address = URL.createObjectURL(new Blob(["\ufeff", written()], { type: "text/csv" }));
    link.href = address;
    link.download = `ratings-${label("rater").value.trim().replace(/[^\p{L}\p{N}_-]+/gu, "-")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    const found = parsed((await file.files[0].text()).replace("\ufeff", "")), own = new Set(pairs.map((pair) => pair.dataset.pair));
    file.value = "";
    if (!found.length || !found.every((row) => own.has(row.pair))) { done.textContent = "That file has no marks of these pairs."; return; }
    fill(found); keep();
  });
  for (const button of document.querySelectorAll(".clear")) button.addEventListener("click", () => {
    for (const input of button.parentElement.querySelectorAll("input")) input.checked = false;
    keep();
  });
  document.addEventListener("input", keep);
  let before = null;
  try { before = JSON.parse(localStorage.getItem(place)); } catch { /* nothing is kept here */ }
  if (before) fill(before);
  count();
}
