// Ctrl-K opens the search box from anywhere, out of a field being typed in, too.
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    event.stopImmediatePropagation();
    window.dispatchEvent(new Event("opencommand"));
  }
}, true);

// The first hit is marked as it appears, so that Enter opens it.
document.addEventListener("htmx:after-swap", (event) => {
  if (event.target.id === "command-results") {
    document.getElementById("search-input-command").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
  }
});
