for (const table of document.querySelectorAll("table.sortable")) {
  const rows = table.tBodies[0].rows;
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      const key = row => row.cells[column].firstChild?.textContent.trim() ?? "";
      const compared = (a, b) => (isNaN(parseFloat(a)) || isNaN(parseFloat(b)) ? a.localeCompare(b) : a - b);
      const sorted = [...rows].sort((a, b) => (ascending ? 1 : -1) * compared(key(a), key(b)));
      table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      table.tBodies[0].append(...sorted);
    });
  });
}
