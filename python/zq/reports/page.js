// Sorting, filtering and unfolding of the table of layers. What is chosen stands
// in the address (#sort=bits&order=descending&filter=attention&show=compressed),
// so that a view can be passed on. Without scripts the page shows everything.
"use strict";
(() => {
  const table = document.querySelector("#layers table");
  if (!table) return;
  const bodies = [...table.tBodies];
  const heads = [...table.tHead.rows[0].cells].filter((head) => head.dataset.key);
  const filter = document.querySelector("#filter");
  const show = document.querySelector("#show");
  const shown = document.querySelector("#shown");
  const usual = show.value;

  const value = (body, column) => {
    const text = body.rows[0].cells[column].dataset.value;
    return text === "" ? null : text;
  };

  function sort(key, order) {
    const head = heads.find((head) => head.dataset.key === key);
    if (!head) return;
    const column = head.cellIndex;
    const sign = order === "descending" ? -1 : 1;
    const numbers = head.classList.contains("n");
    const rank = new Map(bodies.map((body) => [body, value(body, column)]));
    // What has no value stays at the end, whatever the order.
    const compare = (a, b) => {
      const x = rank.get(a), y = rank.get(b);
      if (x === null || y === null) return (x === null) - (y === null);
      if (!numbers) return sign * x.localeCompare(y, "en", { numeric: true });
      return Number(x) === Number(y) ? 0 : sign * (Number(x) < Number(y) ? -1 : 1);
    };
    table.append(...[...bodies].sort(compare));
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
  }

  function narrow() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const body of bodies) {
      const text = body.dataset.text.toLowerCase();
      const kind = show.value === "all" || body.dataset.kind === show.value;
      body.hidden = !kind || !words.every((word) => text.includes(word));
      count += !body.hidden;
    }
    shown.textContent = count === bodies.length ? "" : `${count} of ${bodies.length}`;
  }

  function unfold(button, open) {
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
  }

  function remember() {
    const state = new URLSearchParams();
    const head = heads.find((head) => head.hasAttribute("aria-sort"));
    if (head) {
      state.set("sort", head.dataset.key);
      state.set("order", head.getAttribute("aria-sort"));
    }
    if (filter.value) state.set("filter", filter.value);
    if (show.value !== usual) state.set("show", show.value);
    try {
      history.replaceState(null, "", "#" + state);
    } catch { /* A page in a sandboxed frame has no address of its own. */ }
  }

  function restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    filter.value = state.get("filter") ?? "";
    const kinds = [...show.options].map((option) => option.value);
    show.value = kinds.includes(state.get("show")) ? state.get("show") : usual;
    if (state.get("sort")) sort(state.get("sort"), state.get("order") === "descending" ? "descending" : "ascending");
    const layer = bodies[Number(state.get("layer")) - 1];
    if (layer) unfold(layer.querySelector("button"), true);
    narrow();
  }

  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => {
      const first = head.dataset.first ?? "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      sort(head.dataset.key, head.getAttribute("aria-sort") === first ? other : first);
      remember();
    });
  }
  for (const input of [filter, show]) input.addEventListener("input", () => { narrow(); remember(); });
  for (const body of bodies) {
    const button = body.querySelector("button");
    unfold(button, false);
    button.addEventListener("click", () => unfold(button, button.getAttribute("aria-expanded") !== "true"));
  }
  document.querySelector("#layers .tools").hidden = false;
  window.addEventListener("hashchange", restore);
  restore();
})();
