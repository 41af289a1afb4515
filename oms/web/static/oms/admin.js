// Ctrl-K opens the search box from anywhere, out of a field being typed in, too.
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    event.stopImmediatePropagation();
    window.dispatchEvent(new Event("opencommand"));
  }
}, true);
