// The server: what is to do, and what was done.
async function fetchWork(name = "", look = false) {
  const query = new URLSearchParams({ warehouse: warehouse(), name, ...(look && { look: "1" }) });
  let answer;
  try {
    answer = await fetch(`${setup.todo_url}?${query}`);
  } catch {
    throw new OfflineError();
  }
  if (answer.status >= 500) throw new OfflineError();
  const data = await answer.json();
  if (!answer.ok) throw new ScanError(data.message);
  if (data.changed?.length)
    alarm(
      _("This printout is out of date. Changes since it was printed: %(changed)s", {
        changed: data.changed.join("; "),
      }),
    );
  if (data.alarms?.length) alarm(data.alarms.join(" "));
  return data;
}
async function fetchWorkUntilOnline(name = "") {
  for (;;) {
    try {
      return await fetchWork(name);
    } catch (fault) {
      if (!(fault instanceof OfflineError)) {
        alarm(fault.message);
        return null;
      }
      showMessage(_("No connection. Retrying…"));
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}
const pendingActions = () => JSON.parse(localStorage.getItem(PENDING_KEY) || "[]");
function savePending(list) {
  localStorage.setItem(PENDING_KEY, JSON.stringify(list));
  showPending();
}
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
function submitAction(action, body, text) {
  const scan = {
    id: newKey(),
    station: setup.station,
    warehouse: warehouse(),
    action,
    body,
    text,
    refused: "",
  };
  savePending([...pendingActions(), scan]);
  showMessage(text);
  return sendPending().then(() => pendingActions().find((other) => other.id === scan.id) ?? null);
}
let sending = null,
  retryTimer = null;
function sendPending() {
  sending ??= sendAllPending().finally(() => {
    sending = null;
    showPending();
  });
  return sending;
}
const nextToSend = () => pendingActions().find((each) => !each.refused);
async function sendAllPending() {
  clearTimeout(retryTimer);
  for (let scan = nextToSend(); scan; scan = nextToSend()) {
    const { id, station, action, body } = scan;
    let answer, data;
    try {
      answer = await fetch(setup.act_urls[station], {
        method: "POST",
        body: JSON.stringify({ id, action, body, warehouse: scan.warehouse }),
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? "",
        },
      });
      data = await answer.json();
    } catch {
      answer = null;
    }
    if (!answer || answer.status >= 500 || answer.status === 403) {
      retryTimer = setTimeout(sendPending, 2000);
      return;
    }
    if (answer.ok) {
      savePending(pendingActions().filter((other) => other.id !== id));
      showMessage(data.done);
    } else {
      savePending(
        pendingActions().map((other) =>
          other.id === id ? { ...other, refused: data.message } : other,
        ),
      );
      alarm(_("Not saved: %(text)s %(message)s", { text: scan.text, message: data.message }));
    }
  }
}
function showPending() {
  const list = pendingActions(),
    refused = list.filter((scan) => scan.refused).length;
  $("pending").hidden = !list.length;
  $("pending-title").textContent = _("%(waiting)s not sent yet, %(refused)s failed", {
    waiting: list.length - refused,
    refused,
  });
  $("pending-list").replaceChildren(
    ...list.map((scan) => {
      const item = createElement("li", `${scan.text} ${scan.refused}`, {
        class: scan.refused ? "refused" : "",
      });
      if (scan.refused)
        item.append(
          button(_("Dismiss"), () =>
            savePending(pendingActions().filter((other) => other.id !== scan.id)),
          ),
        );
      return item;
    }),
  );
}
