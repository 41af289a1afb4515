// Ctrl-K opens the search box from anywhere, out of a field being typed in, too.
document.addEventListener(
  "keydown",
  (event) => {
    if (
      event.key.toLowerCase() === "k" &&
      (event.ctrlKey || event.metaKey) &&
      !event.shiftKey &&
      !event.altKey
    ) {
      event.preventDefault();
      event.stopImmediatePropagation();
      window.dispatchEvent(new Event("opencommand"));
    }
  },
  true,
);

// The first hit is marked as it appears, so that Enter opens it.
document.addEventListener("htmx:after-swap", (event) => {
  if (event.target.id === "command-results") {
    document
      .getElementById("search-input-command")
      .dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
  }
});

document.addEventListener("DOMContentLoaded", () => {
  // Amounts in lists stand under each other.
  for (const name of (document.querySelector(".oms-tools")?.dataset.amounts || "")
    .split(" ")
    .filter(Boolean)) {
    for (const cell of document.querySelectorAll(
      `#result_list .field-${name}, #result_list .column-${name}`,
    )) {
      cell.classList.add("oms-amount");
    }
  }

  // The page of a job that is not done yet shows how far it is, until it is done.
  const job = document.getElementById("job");
  if (job?.dataset.refresh) {
    const refresh = async () => {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const shown = new DOMParser()
          .parseFromString(await answer.text(), "text/html")
          .getElementById("job");
        if (answer.ok && shown) {
          job.innerHTML = shown.innerHTML;
          if (!shown.dataset.refresh) return;
        }
      } catch {
        /* the server is away for a moment: ask again */
      }
      setTimeout(refresh, 1000);
    };
    setTimeout(refresh, 300);
  }

  // The bell: how many notices are unread, and the way to them.
  const header = document.getElementById("header-inner");
  const template = document.getElementById("oms-bell-template");
  if (header && template) {
    const bell = template.content.firstElementChild.cloneNode(true);
    header.append(bell);
    fetch(bell.dataset.url)
      .then((answer) => answer.json())
      .then(({ unread, title }) => {
        bell.querySelector("b").textContent = unread ? (unread > 99 ? "99+" : unread) : "";
        bell.setAttribute("aria-label", title);
      })
      .catch(() => {});
  }
});

// The theme's script expects its own file field; plain ones are none of its business.
document.addEventListener(
  "change",
  (event) => {
    if (event.target.classList.contains("oms-file")) event.stopImmediatePropagation();
  },
  true,
);
