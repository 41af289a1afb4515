// Order entry: rows are objects, the page shows them, the API knows everything else. What is typed is kept in the
// browser until the order is in; it is sent with one key, so that sending it again cannot enter it twice.
const setup = JSON.parse(document.getElementById("setup").textContent);
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
const $ = (id) => document.getElementById(id);
const _ = (text, values = {}) => interpolate(gettext(text), values, true);
const KEPT = `oms order entry ${setup.user}`;
const FIELDS = ["channel", "customer_reference", "wanted_on", "note", "valid_until"];
let state = fresh();
let asked = 0;

function fresh() {
  return { key: crypto.randomUUID(), customer: null, rows: [emptyRow()], fields: {}, at: Date.now() };
}
function emptyRow() {
  return { text: "", sku: "", name: "", quantity: "", price: "", info: null, suggestions: [], alias: "" };
}

async function api(path, body, method = body ? "POST" : "GET", headers = {}) {
  const answer = await fetch(setup.api + path, {
    method, credentials: "same-origin", body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf, ...headers },
  });
  const data = await answer.json();
  if (!answer.ok) throw data;
  return data;
}

// What is typed is kept, and comes back after a crash.
function keep() {
  for (const id of FIELDS) state.fields[id] = $(id).value;
  state.at = Date.now();
  localStorage.setItem(KEPT, JSON.stringify(state));
}
function restore() {
  const kept = JSON.parse(localStorage.getItem(KEPT) || "null");
  if (setup.repeat) {
    state = fresh();
    state.customer = setup.repeat.customer;
    state.fields = { channel: setup.repeat.channel };
    state.rows = setup.repeat.lines.map((line) => ({ ...emptyRow(), ...line, text: line.sku, quantity: `${line.quantity}` }));
    state.rows.push(emptyRow());
  } else if (kept && (kept.customer || kept.rows.some((row) => row.text))) {
    state = kept;
    $("restored").hidden = false;
    $("restored").textContent = _("What you were entering at %(at)s is here again.", { at: new Date(kept.at).toLocaleString() });
  }
  for (const id of FIELDS) if (state.fields[id]) $(id).value = state.fields[id];
  $("customer").value = state.customer ? `${state.customer.code} ${state.customer.name}` : "";
}

// A list of suggestions under an input: arrows choose, Enter and Tab take, Escape closes.
function combobox(input, search, take) {
  const list = document.createElement("ul");
  list.className = "oms-suggestions";
  list.id = `list-${Math.random().toString(36).slice(2)}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  input.after(list);
  input.setAttribute("aria-controls", list.id);
  let items = [], at = -1, timer = 0, turn = 0;
  const close = () => { list.hidden = true; items = []; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    at = index;
    [...list.children].forEach((entry, position) => entry.setAttribute("aria-selected", position === at));
    input.setAttribute("aria-activedescendant", list.children[at]?.id || "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const choose = (item) => { close(); take(item); };
  const show = (found) => {
    items = found;
    list.replaceChildren(...found.map((item, index) => {
      const entry = document.createElement("li");
      entry.id = `${list.id}-${index}`;
      entry.setAttribute("role", "option");
      entry.textContent = `${item.code} ${item.name}`;
      entry.addEventListener("mousedown", (event) => { event.preventDefault(); choose(item); });
      return entry;
    }));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length) mark(0);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const mine = ++turn;
    if (input.value.trim().length < 1) return close();
    timer = setTimeout(async () => {
      const found = await search(input.value.trim());
      if (mine === turn && document.activeElement === input) show(found);
    }, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark((at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length);
    } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
      event.preventDefault();
      event.stopImmediatePropagation();
      choose(items[at]);
    }
  });
  input.addEventListener("blur", () => { turn++; close(); });
  return { show, close };
}

const find = (kind) => async (text) => (await api(`${kind}/?limit=10&words=${encodeURIComponent(text)}`)).results;

// Lines
function draw() {
  $("lines").replaceChildren(...state.rows.map(drawRow));
  drawTotal();
}
function drawRow(row, index) {
  const line = $("line").content.firstElementChild.cloneNode(true);
  const part = (name) => line.querySelector(`.oms-${name}`);
  row.shown = () => {
    part("number").textContent = index + 1;
    part("name").textContent = row.sku ? row.name : row.alias ? _("“%(alias)s” is not known", { alias: row.alias }) : "";
    part("source").textContent = row.price ? "entered" : row.info?.price_source || "";
    part("price").placeholder = row.info?.unit_price ? Number(row.info.unit_price).toString() : "";
    const places = Object.entries(row.info?.by_warehouse || {}).map(([code, units]) => `${code} ${units}`).join(", ");
    part("stock").textContent = row.info ? `${row.info.available}${places ? ` (${places})` : ""}` : "";
    line.classList.toggle("oms-short", Boolean(row.info) && Number(row.quantity) > row.info.available);
    line.classList.toggle("oms-unknown", !row.sku && Boolean(row.text));
    part("arrival").textContent = row.info?.next_arrival || "";
    const net = netOf(row);
    part("net").textContent = net === null ? "" : net.toFixed(2);
  };
  const sku = part("sku"), quantity = part("quantity"), price = part("price");
  sku.value = row.text; quantity.value = row.quantity; price.value = row.price;
  const box = combobox(sku, find("skus"), (item) => { take(row, item); sku.value = item.code; quantity.focus(); quantity.select(); });
  sku.addEventListener("input", () => { Object.assign(row, { text: sku.value, sku: "", name: "", info: null }); row.shown(); keep(); });
  sku.addEventListener("focus", () => { if (!row.sku && row.suggestions.length) box.show(row.suggestions); });
  sku.addEventListener("change", () => settle(row));
  sku.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (/[\n\t]/.test(text.trim())) { event.preventDefault(); readBlock(text); }
  });
  quantity.addEventListener("input", () => { row.quantity = quantity.value; changed(); });
  price.addEventListener("input", () => { row.price = price.value; changed(); });
  for (const [input, next] of [[sku, () => quantity], [quantity, nextSku], [price, nextSku]]) {
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const following = next();
      following.focus(); following.select();
    });
  }
  function nextSku() {
    if (index === state.rows.length - 1) {
      state.rows.push(emptyRow());
      $("lines").append(drawRow(state.rows[index + 1], index + 1));
    }
    return $("lines").children[index + 1].querySelector(".oms-sku");
  }
  part("remove").addEventListener("click", () => {
    state.rows.splice(index, 1);
    if (!state.rows.length) state.rows.push(emptyRow());
    draw(); changed();
  });
  row.shown();
  return line;
}
function take(row, item) {
  if (row.alias && state.customer) {
    api(`customers/${encodeURIComponent(state.customer.code)}/part-numbers/`, { code: row.alias.slice(0, 40), sku: item.code }, "PUT").catch(() => {});
  }
  Object.assign(row, { text: item.code, sku: item.code, name: item.name, alias: "", suggestions: [], info: null, quantity: row.quantity || "1" });
  changed();
}
// A code typed in full, or a barcode scanned, needs no choosing.
async function settle(row) {
  if (!state.customer || row.sku || !row.text.trim()) return;
  const read = await api("skus/read-lines/", { customer: state.customer.code, text: row.text });
  const line = read.lines[0];
  if (line?.sku && !row.sku) { row.sku = row.text = line.sku; row.quantity ||= String(line.quantity); changed(); draw(); }
}
function netOf(row) {
  const price = row.price ? Number(row.price) : row.info?.unit_price ? Number(row.info.unit_price) : null;
  if (price === null || Number.isNaN(price)) return null;
  return price * Number(row.quantity || 0) * (1 - Number(row.price ? 0 : row.info?.discount_percent || 0) / 100);
}
function drawTotal() {
  const nets = state.rows.map(netOf).filter((net) => net !== null);
  $("total").textContent = nets.length ? nets.reduce((sum, net) => sum + net, 0).toFixed(2) : "–";
}

// Prices and stock beside the lines, a moment after the last key.
let waiting = 0;
function changed() {
  keep();
  state.rows.forEach((row) => row.shown?.());
  drawTotal();
  clearTimeout(waiting);
  waiting = setTimeout(lookUp, 200);
}
async function lookUp() {
  const rows = state.rows.filter((row) => row.sku);
  if (!state.customer || !rows.length) return;
  const mine = ++asked;
  try {
    const found = await api("skus/lookup/", {
      customer: state.customer.code, channel: $("channel").value,
      items: rows.map((row) => ({ sku: row.sku, quantity: Math.max(1, parseInt(row.quantity, 10) || 1) })),
    });
    if (mine !== asked) return;
    found.items.forEach((item, index) => Object.assign(rows[index], { info: item, name: item.name }));
  } catch (problem) {
    return complain(problem);
  }
  state.rows.forEach((row) => row.shown?.());
  drawTotal();
}
async function takeCustomer(customer) {
  state.customer = { code: customer.code, name: customer.name };
  $("customer").value = `${customer.code} ${customer.name}`;
  changed();
  showCredit();
  $("lines").querySelector(".oms-sku").focus();
}
async function showCredit() {
  if (!state.customer) return;
  const credit = await api(`customers/${encodeURIComponent(state.customer.code)}/credit/`);
  $("credit").textContent = credit.left === null ? _("no limit") : `${credit.left} ${credit.currency}`;
}

async function readBlock(text) {
  if (!state.customer) return complain({ detail: _("Choose the customer first: what they call things is theirs.") });
  try {
    const read = await api("skus/read-lines/", { customer: state.customer.code, text });
    const rows = read.lines.map((line) => ({
      ...emptyRow(), text: line.sku || line.rest || line.text, sku: line.sku || "", quantity: String(line.quantity),
      alias: line.sku ? "" : line.rest, suggestions: line.suggestions,
    }));
    state.rows = [...state.rows.filter((row) => row.text), ...rows, emptyRow()];
    $("block").value = "";
    $("paste").open = false;
    draw(); changed();
    const unknown = rows.filter((row) => !row.sku).length;
    say(unknown ? _("%(rows)s lines read; %(unknown)s match nothing and are marked.", { rows: rows.length, unknown }) : _("%(rows)s lines read.", { rows: rows.length }));
    ($("lines").querySelector(".oms-unknown .oms-sku") || $("lines").lastElementChild.querySelector(".oms-sku")).focus();
  } catch (problem) { complain(problem); }
}

function say(text) { $("restored").hidden = false; $("restored").textContent = text; }
function complain(problem) {
  const shortfall = Object.entries(problem.shortfall || {}).map(([sku, units]) => `${units} × ${sku}`).join(", ");
  $("problem").hidden = false;
  $("problem").textContent = [problem.detail || String(problem), shortfall && _("Missing: %(shortfall)s.", { shortfall })].filter(Boolean).join(" ");
  const sent = state.rows.filter((row) => row.sku || row.text);
  for (const error of problem.errors || []) {
    if (error.line) $("lines").children[state.rows.indexOf(sent[error.line - 1])]?.classList.add("oms-unknown");
  }
  $("problem").scrollIntoView({ block: "center" });
}
async function send(path, more) {
  $("problem").hidden = true;
  const rows = state.rows.filter((row) => row.sku || row.text);
  const unknown = rows.find((row) => !row.sku);
  if (!state.customer) return complain({ detail: _("Choose the customer.") });
  if (!rows.length) return complain({ detail: _("Enter at least one line.") });
  if (unknown) return complain({ detail: _("“%(text)s” is no SKU; choose one, or remove the line.", { text: unknown.text }) });
  const order = { customer: state.customer.code, channel: $("channel").value, ...more, lines: rows.map((row) => ({
    sku: row.sku, quantity: Number(row.quantity), ...(row.price ? { unit_price: row.price } : {}) })) };
  for (const id of ["customer_reference", "wanted_on", "note"]) if ($(id).value) order[id] = $(id).value;
  const buttons = document.querySelectorAll("#entry button");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    const made = await api(path, order, "POST", { "Idempotency-Key": state.key });
    localStorage.removeItem(KEPT);
    location.href = setup.open.replace("NUMBER", encodeURIComponent(made.number));
  } catch (problem) {
    // Refused: nothing was done, and the key is free. Not answered: the same key finds out whether it was done.
    if (problem.code === "key_reused") await alreadyIn();
    else if (problem.status) complain(problem);
    else complain({ detail: _("The server did not answer. What you entered is kept: send it again, it is entered once.") });
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}
async function alreadyIn() {
  const made = await api(`requests/${encodeURIComponent(state.key)}/`);
  complain({ detail: _("This was entered before you changed it, as %(number)s; your changes are not in it. ", { number: made.number }) });
  const link = Object.assign(document.createElement("a"), { href: setup.open.replace("NUMBER", made.number), textContent: _("Open %(number)s", { number: made.number }) });
  $("problem").append(link);
}

restore();
combobox($("customer"), find("customers"), takeCustomer);
$("customer").addEventListener("input", () => { state.customer = null; $("credit").textContent = "–"; keep(); });
for (const id of FIELDS) $(id).addEventListener("change", changed);
$("read").addEventListener("click", () => readBlock($("block").value));
$("place").addEventListener("click", () => send("orders/", { confirm: false }));
$("quote").addEventListener("click", () => ($("valid_until").value ? send("quotes/", { valid_until: $("valid_until").value }) : complain({ detail: _("Until when is the quote valid?") })));
$("clear").addEventListener("click", () => { localStorage.removeItem(KEPT); location.href = location.pathname; });
$("entry").addEventListener("submit", (event) => { event.preventDefault(); send("orders/", { confirm: true }); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); $("entry").requestSubmit(); }
});
draw();
if (state.customer) { lookUp(); showCredit(); }
$("customer").value ? $("lines").querySelector(".oms-sku").focus() : $("customer").focus();
