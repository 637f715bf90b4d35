
"use strict";
// Lists questions a few at a time. Text is set as text, never as HTML.
for (const box of document.querySelectorAll(".items")) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const search = box.querySelector("input"), choice = box.querySelector("select");
  const list = box.querySelector(".list"), count = box.querySelector(".count"), more = box.querySelector("button");
  const step = 40;
  let found = [], shown = 0;
  const make = (tag, text, kind) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const option = (text, value) => { const one = make("option", text); one.value = value; choice.append(one); };
  option("all, most disagreement first", "");
  option("suspect: all agree on another answer", "suspect");
  data.recipes.forEach((name, place) => {
    const others = new Set(data.items.flatMap((item) => Object.keys(item.a[place][3])));
    for (const other of others)
      for (const state of ["regressed", "fixed", "both wrong", "unchanged"])
        option(`${name}: ${state} against ${other}`, JSON.stringify([place, other, state]));
  });
  const text = (item) => item.text ??= [item.q, item.t, ...item.o, ...item.a.flatMap((arm) => arm[0].filter((a) => typeof a === "string"))].join("\n").toLowerCase();
  const sign = (right) => right === null ? "–" : right > 0.5 ? "✓" : "✗";
  const table = (item) => {
    const whole = make("div", undefined, "scroll"), grid = make("table"), head = make("tr"), body = make("tbody");
    for (const title of ["recipe", "right", data.metric, "answers, one a run", "changed"]) { const cell = make("th", title); cell.scope = "col"; head.append(cell); }
    const top = make("thead"); top.append(head);
    data.recipes.forEach((name, place) => {
      const [answers, score, right, states] = item.a[place], row = make("tr"), first = make("th", name);
      first.scope = "row";
      const said = answers.map((answer) => typeof answer === "number" ? item.o[answer] : answer);
      const times = new Map(); for (const one of said) times.set(one, (times.get(one) ?? 0) + 1);
      const written = [...times].map(([one, n]) => (n > 1 ? `${n} × ` : "") + (one || "–")).join("; ");
      const share = right === null ? "–" : `${sign(right)} ${Math.round(100 * right)}%`;
      const changed = Object.entries(states).map(([other, state]) => `${state} (${other})`).join(", ");
      row.append(first, make("td", share), make("td", score === null ? "–" : score.toFixed(3), "number"), make("td", written), make("td", changed));
      body.append(row);
    });
    grid.append(top, body); whole.append(grid); whole.tabIndex = 0; whole.setAttribute("role", "region"); whole.setAttribute("aria-label", "answers");
    return whole;
  };
  const entry = (item) => {
    const whole = make("details"), head = make("summary");
    head.append(make("span", item.q || "(no text)", "question"));
    const marks = make("span", data.recipes.map((name, place) => `${sign(item.a[place][2])} ${name}`).join("   "), "marks");
    head.append(marks);
    if (item.x) head.append(make("span", "suspect", "badge open"));
    whole.append(head);
    whole.addEventListener("toggle", () => {
      if (!whole.open || whole.dataset.made) return;
      whole.dataset.made = "1";
      if (item.o.length) {
        const options = make("ul");
        for (const one of item.o) options.append(make("li", one === item.t ? `${one} (right)` : one));
        whole.append(options);
      } else whole.append(make("p", `Right: ${item.t}`));
      whole.append(table(item));
    });
    return whole;
  };
  const add = () => {
    list.append(...found.slice(shown, shown + step).map(entry));
    shown = Math.min(found.length, shown + step);
    more.hidden = shown >= found.length;
    count.textContent = `${shown} of ${found.length} shown, ${data.items.length} in all`;
  };
  const refresh = () => {
    const words = search.value.toLowerCase(), kind = choice.value;
    const [place, other, state] = kind && kind !== "suspect" ? JSON.parse(kind) : [];
    found = data.items.filter((item) => (!words || text(item).includes(words)) && (!kind || (kind === "suspect" ? item.x : item.a[place][3][other] === state)));
    shown = 0; list.replaceChildren(); add();
  };
  search.addEventListener("input", refresh);
  choice.addEventListener("change", refresh);
  more.addEventListener("click", add);
  refresh();
}
