// The server: what is to do, and what was done.
async function work(name = "", look = false) {
  const query = new URLSearchParams({ warehouse: warehouse(), name, ...(look && { look: "1" }) });
  let answer;
  try { answer = await fetch(url(`${setup.station}/todo/?${query}`)); } catch { throw new Away(); }
  if (answer.status >= 500) throw new Away();
  const data = await answer.json();
  if (!answer.ok) throw new Wrong(data.message);
  if (data.changed?.length) alarm(_("This printout is out of date. Changes since it was printed: %(changed)s", { changed: data.changed.join("; ") }));
  if (data.alarms?.length) alarm(data.alarms.join(" "));
  return data;
}
async function workAgain(name = "") {
  for (;;) {
    try { return await work(name); } catch (fault) {
      if (!(fault instanceof Away)) { alarm(fault.message); return null; }
      told(_("No connection. Retrying…"));
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}
const kept = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
function keep(list) { localStorage.setItem(KEPT, JSON.stringify(list)); show(); }
function key() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
function act(action, body, text) {
  const scan = { id: key(), station: setup.station, warehouse: warehouse(), action, body, text, refused: "" };
  keep([...kept(), scan]);
  told(text);
  return send().then(() => kept().find((other) => other.id === scan.id) ?? null);
}
let sending = null, retry = null;
function send() {
  sending ??= sendAll().finally(() => { sending = null; show(); });
  return sending;
}
async function sendAll() {
  clearTimeout(retry);
  for (let scan; (scan = kept().find((each) => !each.refused));) {
    const { id, station, action, body } = scan;
    let answer, data;
    try {
      answer = await fetch(url(`${station}/act/`), {
        method: "POST", body: JSON.stringify({ id, action, body, warehouse: scan.warehouse }),
        headers: { "Content-Type": "application/json", "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? "" },
      });
      data = await answer.json();
    } catch { answer = null; }
    if (!answer || answer.status >= 500 || answer.status === 403) {
      retry = setTimeout(send, 2000);
      return;
    }
    if (answer.ok) {
      keep(kept().filter((other) => other.id !== id));
      told(data.done);
    } else {
      keep(kept().map((other) => (other.id === id ? { ...other, refused: data.message } : other)));
      alarm(_("Not saved: %(text)s %(message)s", { text: scan.text, message: data.message }));
    }
  }
}
function show() {
  const list = kept(), refused = list.filter((scan) => scan.refused).length;
  $("kept").hidden = !list.length;
  $("kept-title").textContent = _("%(waiting)s not sent yet, %(refused)s failed", { waiting: list.length - refused, refused });
  $("kept-list").replaceChildren(...list.map((scan) => {
    const item = made("li", `${scan.text} ${scan.refused}`, { class: scan.refused ? "refused" : "" });
    if (scan.refused) item.append(button(_("Dismiss"), () => keep(kept().filter((other) => other.id !== scan.id))));
    return item;
  }));
}
