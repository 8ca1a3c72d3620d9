for (const table of document.querySelectorAll("table.sorts")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, place) => head.querySelector("button")?.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[place].dataset.value ?? row.cells[place].textContent;
    const order = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const by = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return down ? -by : by;
    };
    body.append(...[...body.rows].sort(order));
  }));
}
for (const figure of document.querySelectorAll("figure[data-read]")) {
  const read = JSON.parse(figure.dataset.read), svg = figure.querySelector("svg");
  const cross = svg.querySelector(".cross"), tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  figure.append(tip);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), wide = svg.viewBox.baseVal.width;
    const x = (event.clientX - box.left) / box.width * wide;
    let near = 0;
    read.x.forEach((one, i) => { if (Math.abs(one - x) < Math.abs(read.x[near] - x)) near = i; });
    cross.setAttribute("x1", read.x[near]);
    cross.setAttribute("x2", read.x[near]);
    cross.style.visibility = "visible";
    tip.replaceChildren(...[read.t[near], ...read.s.map(([name, values]) => `${name}: ${values[near]}`)]
      .map((line) => Object.assign(document.createElement("div"), { textContent: line })));
    const left = read.x[near] / wide;
    tip.style.left = left < 0.5 ? `${left * 100 + 2}%` : "";
    tip.style.right = left < 0.5 ? "" : `${(1 - left) * 100 + 2}%`;
    tip.hidden = false;
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; cross.style.visibility = "hidden"; });
}
