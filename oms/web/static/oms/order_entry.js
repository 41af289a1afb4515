// Order entry: rows are objects, the page shows them, the API knows everything else. What is typed is kept in the
// browser until the order is in; it is sent with one key, so that sending it again cannot enter it twice. Typing never
// waits for an answer: Enter goes on at once, the field says that it is being looked up, and sending waits for it.
const setup = JSON.parse(document.getElementById("setup").textContent);
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
const $ = (id) => document.getElementById(id);
const _ = (text, values = {}) => interpolate(gettext(text), values, true);
const DRAFT_KEY = `oms order entry ${setup.user}`;
const FIELDS = [
  "channel",
  "ship_to_address",
  "customer_reference",
  "requested_on",
  "ship_complete",
  "note",
  "valid_until",
];
let state = fresh();
let asked = 0,
  sending = false,
  draftAddress = "";

function fresh() {
  return {
    key: crypto.randomUUID(),
    customer: null,
    rows: [emptyRow()],
    fields: {},
    at: Date.now(),
  };
}
function emptyRow() {
  return {
    text: "",
    sku: "",
    name: "",
    quantity: "",
    doubt: "",
    price: "",
    info: null,
    suggestions: [],
    alias: "",
    left: false,
    looking: false,
    asked: "",
  };
}
const isSameCode = (one, other) => one.trim().toUpperCase() === other.trim().toUpperCase();
// Units as digits alone: what else a quantity says is asked about, not guessed.
const parseUnits = (text) => (/^0*[1-9]\d{0,6}$/.test(text.trim()) ? Number(text) : null);
const isPrice = (text) => /^\d{1,7}(\.\d{0,4})?$/.test(text.trim());

// An address that the server gave, about one thing: its code, number or key stands in the place of VALUE.
const urlOf = (name, value) => setup.urls[name].replace("VALUE", encodeURIComponent(value));
async function api(url, body, method = body ? "POST" : "GET", headers = {}) {
  const answer = await fetch(url, {
    method,
    credentials: "same-origin",
    body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf, ...headers },
  });
  const data = await answer.json();
  if (!answer.ok) throw data;
  return data;
}

// What is typed is kept, and comes back after a crash.
function saveDraft() {
  for (const id of FIELDS) state.fields[id] = $(id).value;
  state.at = Date.now();
  localStorage.setItem(DRAFT_KEY, JSON.stringify(state));
}
function restoreDraft() {
  const draft = JSON.parse(localStorage.getItem(DRAFT_KEY) || "null");
  if (setup.repeat) {
    state = fresh();
    state.customer = setup.repeat.customer;
    state.fields = { channel: setup.repeat.channel };
    state.rows = setup.repeat.lines.map((line) => ({
      ...emptyRow(),
      ...line,
      text: line.sku,
      quantity: `${line.quantity}`,
    }));
    state.rows.push(emptyRow());
  } else if (draft && (draft.customer || draft.rows.some((row) => row.text))) {
    state = draft;
    state.rows = state.rows.map((row) => ({
      ...emptyRow(),
      ...row,
      left: true,
      looking: false,
      asked: "",
    }));
    $("restored").hidden = false;
    $("restored").textContent = _("We restored your unsaved order from %(at)s.", {
      at: new Date(draft.at).toLocaleString(),
    });
  }
  for (const id of FIELDS) if (state.fields[id]) $(id).value = state.fields[id];
  draftAddress = state.fields.ship_to_address || "";
  $("customer").value = state.customer ? `${state.customer.code} ${state.customer.name}` : "";
}

// A list of suggestions under an input: arrows choose, Enter and Tab take, Escape closes.
function combobox(input, search, onChoose) {
  const list = document.createElement("ul");
  list.className = "oms-suggestions";
  list.id = `list-${Math.random().toString(36).slice(2)}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  input.after(list);
  input.setAttribute("aria-controls", list.id);
  let items = [],
    at = -1,
    timer = 0,
    turn = 0,
    shownFor = "",
    moved = false;
  const close = () => {
    list.hidden = true;
    items = [];
    at = -1;
    moved = false;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    at = index;
    [...list.children].forEach((entry, position) => {
      entry.setAttribute("aria-selected", position === at);
    });
    input.setAttribute("aria-activedescendant", list.children[at]?.id || "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const choose = (item) => {
    clearTimeout(timer);
    turn++;
    close();
    onChoose(item);
  };
  const show = (found) => {
    items = found;
    shownFor = input.value.trim();
    moved = false;
    list.replaceChildren(
      ...found.map((item, index) => {
        const entry = document.createElement("li");
        entry.id = `${list.id}-${index}`;
        entry.setAttribute("role", "option");
        entry.textContent = `${item.code} ${item.name}`;
        entry.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(item);
        });
        return entry;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length) mark(0);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const mine = ++turn;
    if (input.value.trim().length < 1) return close();
    timer = setTimeout(async () => {
      const found = await search(input.value.trim()).catch(() => []);
      if (mine === turn && document.activeElement === input) show(found);
    }, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      moved = true;
      mark((at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length);
    } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
      const text = input.value.trim();
      const item = moved
        ? items[at]
        : items.find((each) => isSameCode(each.code, text)) ||
          (shownFor === text ? items[at] : null);
      if (!item) return close(); // typed faster than it was found: it is looked up once it is left
      event.preventDefault();
      event.stopImmediatePropagation();
      choose(item);
    }
  });
  input.addEventListener("blur", () => {
    turn++;
    close();
  });
  return { show, close };
}

const searchAt = (url) => async (text) =>
  (await api(`${url}?${new URLSearchParams({ limit: 10, words: text })}`)).results;

// Lines
function renderLines() {
  $("lines").replaceChildren(...state.rows.map(renderLine));
}
function renderLine(row, index) {
  const line = $("line").content.firstElementChild.cloneNode(true);
  const part = (name) => line.querySelector(`.oms-${name}`);
  const sku = part("sku"),
    quantity = part("quantity"),
    price = part("price");
  row.refresh = () => {
    part("number").textContent = index + 1;
    part("name").textContent = row.sku
      ? row.name
      : row.looking
        ? _("Looking up…")
        : isUnknown(row)
          ? _("“%(text)s” matches no SKU", { text: row.alias || row.text })
          : "";
    part("doubt").textContent = row.doubt
      ? _("“%(doubt)s” isn't a plain count. Enter the units.", { doubt: row.doubt })
      : "";
    if (document.activeElement !== sku) sku.value = row.text;
    if (quantity.value !== row.quantity) {
      quantity.value = row.quantity;
      if (document.activeElement === quantity) quantity.select();
    }
    part("source").textContent = row.info?.price_source || "";
    part("price").placeholder = row.info?.unit_price ? Number(row.info.unit_price).toString() : "";
    const places = Object.entries(row.info?.by_warehouse || {})
      .map(([code, units]) => `${code} ${units}`)
      .join(", ");
    part("stock").textContent = row.info
      ? `${row.info.available}${places ? ` (${places})` : ""}`
      : "";
    line.classList.toggle(
      "oms-short",
      Boolean(row.info) && Number(row.quantity) > row.info.available,
    );
    line.classList.toggle("oms-unknown", isUnknown(row) || Boolean(row.doubt));
    line.classList.toggle("oms-looking", row.looking);
    part("arrival").textContent = row.info?.next_arrival || "";
    part("net").textContent = row.info?.amount ?? "";
  };
  sku.value = row.text;
  quantity.value = row.quantity;
  price.value = row.price;
  const box = combobox(sku, searchAt(setup.urls.skus), (item) => {
    takeSku(row, item);
    sku.value = item.code;
    quantity.focus();
    quantity.select();
  });
  sku.addEventListener("input", () => {
    Object.assign(row, {
      text: sku.value,
      sku: "",
      name: "",
      info: null,
      left: false,
      looking: false,
    });
    row.refresh();
    saveDraft();
  });
  sku.addEventListener("focus", () => {
    if (!row.sku && row.suggestions.length) box.show(row.suggestions);
  });
  sku.addEventListener("change", () => {
    row.left = true;
    lookUpRows();
  });
  sku.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (/[\n\t]/.test(text.trim())) {
      event.preventDefault();
      readBlock(text);
    }
  });
  quantity.addEventListener("input", () => {
    row.quantity = quantity.value;
    row.doubt = "";
    repriced();
  });
  quantity.addEventListener("change", () => {
    row.doubt = row.quantity.trim() && parseUnits(row.quantity) === null ? row.quantity.trim() : "";
    row.refresh();
  });
  quantity.addEventListener("keydown", (event) => {
    if (
      event.key !== "Enter" ||
      event.ctrlKey ||
      event.metaKey ||
      !/^\d{8,}$/.test(quantity.value.trim())
    )
      return;
    event.preventDefault();
    event.stopImmediatePropagation();
    scanNext(quantity.value.trim());
  });
  price.addEventListener("input", () => {
    row.price = price.value;
    repriced();
  });
  function repriced() {
    if (row.info) row.info.amount = null;
    onChange();
  }
  function scanNext(barcode) {
    Object.assign(row, { quantity: "1", doubt: "" });
    const following = nextSku(),
      scanned = state.rows[index + 1];
    if (scanned.text) return following.focus();
    Object.assign(scanned, { text: barcode, left: true });
    following.closest("tr").querySelector(".oms-quantity").focus();
    onChange();
    lookUpRows();
    showInfo(
      _(
        "“%(barcode)s” was scanned as a quantity: line %(line)s counts 1, and the code is on a line of its own.",
        { barcode, line: index + 1 },
      ),
    );
  }
  for (const [input, next] of [
    [sku, () => quantity],
    [quantity, nextSku],
    [price, nextSku],
  ]) {
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const following = next();
      following.focus();
      following.select();
    });
  }
  function nextSku() {
    if (index === state.rows.length - 1) {
      state.rows.push(emptyRow());
      $("lines").append(renderLine(state.rows[index + 1], index + 1));
    }
    return $("lines").children[index + 1].querySelector(".oms-sku");
  }
  part("remove").addEventListener("click", () => {
    state.rows.splice(index, 1);
    if (!state.rows.length) state.rows.push(emptyRow());
    renderLines();
    onChange();
  });
  row.refresh();
  return line;
}
function takeSku(row, item) {
  if (row.alias && state.customer) {
    api(
      urlOf("part_numbers", state.customer.code),
      { code: row.alias.slice(0, 40), sku: item.code },
      "PUT",
    ).catch(() => {});
  }
  Object.assign(row, {
    text: item.code,
    sku: item.code,
    name: item.name,
    alias: "",
    suggestions: [],
    info: null,
    looking: false,
    quantity: row.quantity || (row.doubt ? "" : "1"),
  });
  onChange();
}
const isUnknown = (row) =>
  !row.sku && !row.looking && Boolean(row.text.trim()) && row.asked === row.text.trim();

// Codes typed in full and barcodes scanned need no choosing. All rows that wait are looked up in one call, one call at a
// time; a row that was typed on since waits for the next.
let lookingUp = null;
function lookUpRows() {
  state.rows.filter(waitsForLookUp).forEach((row) => {
    row.looking = true;
    row.refresh?.();
  });
  showWaiting();
  lookingUp ||= lookUpWaiting()
    .catch(showError)
    .finally(() => {
      lookingUp = null;
      showWaiting();
    });
  return lookingUp;
}
const waitsForLookUp = (row) =>
  row.left && !row.sku && row.text.trim() && row.asked !== row.text.trim();
const nextToLookUp = () => (state.customer ? state.rows.filter(waitsForLookUp).slice(0, 500) : []);
async function lookUpWaiting() {
  await customerLookUp;
  for (let rows = nextToLookUp(); rows.length; rows = nextToLookUp()) {
    const texts = rows.map((row) => row.text.trim());
    try {
      const read = await api(setup.urls.read_lines, {
        customer: state.customer.code,
        text: texts.join("\n"),
      });
      rows.forEach((row, index) => {
        if (row.text.trim() === texts[index])
          applyLookUp(
            row,
            texts[index],
            read.lines.find((line) => line.line === index + 1),
          );
      });
    } finally {
      rows.forEach((row) => {
        row.looking = false;
      });
      onChange();
    }
  }
}
function applyLookUp(row, text, line) {
  row.asked = text;
  if (!line?.sku) return Object.assign(row, { suggestions: line?.suggestions || [] });
  Object.assign(row, { sku: line.sku, text: line.sku, suggestions: [], info: null });
  if (!row.quantity.trim())
    Object.assign(row, {
      quantity: line.quantity === null ? "" : `${line.quantity}`,
      doubt: line.doubt,
    });
  return row;
}
function showWaiting() {
  const waiting = state.rows.filter((row) => row.looking).length;
  $("waiting").textContent = waiting ? _("Lines being looked up: %(waiting)s", { waiting }) : "";
  $("drop").hidden = !state.rows.some(isUnknown);
  $("drop").textContent = _("Remove unmatched lines (%(unknown)s)", {
    unknown: state.rows.filter(isUnknown).length,
  });
}
// Prices, amounts and stock beside the lines, and the total, a moment after the last key; until they are there, the
// total is marked as not yet true.
let waiting = 0;
function onChange() {
  saveDraft();
  for (const row of state.rows) row.refresh?.();
  $("total").classList.add("oms-quiet");
  showWaiting();
  clearTimeout(waiting);
  waiting = setTimeout(lookUp, 200);
}
// What the API is asked about a row: an amount only for units that are plainly said and a price that is one.
function priceRequest(row) {
  const units = parseUnits(row.quantity);
  return {
    sku: row.sku,
    quantity: units > 1_000_000 ? null : units,
    ...(isPrice(row.price) && { unit_price: row.price.trim() }),
  };
}
async function lookUp() {
  clearTimeout(waiting);
  waiting = 0;
  const rows = state.rows.filter((row) => row.sku),
    items = rows.map(priceRequest),
    mine = ++asked;
  if (!state.customer || !rows.length) return showTotal(null);
  try {
    const found = await api(setup.urls.lookup, {
      customer: state.customer.code,
      channel: $("channel").value,
      items,
    });
    if (mine !== asked) return;
    rows.forEach((row, index) => {
      // one that was typed on since has the next answer
      if (JSON.stringify(priceRequest(row)) === JSON.stringify(items[index]))
        Object.assign(row, { info: found.items[index], name: found.items[index].name });
    });
    if (!waiting) showTotal(found.total, found.prices_include_tax);
  } catch (problem) {
    return showError(problem);
  }
  for (const row of state.rows) row.refresh?.();
}
function showTotal(total, includesTax = false) {
  $("total").textContent = total ?? "–";
  $("total").classList.remove("oms-quiet");
  $("total-title").textContent = includesTax
    ? _("Total (tax included)")
    : _("Subtotal (before tax)");
}
let customerLookUp = Promise.resolve();
function setCustomer(customer) {
  state.customer = { code: customer.code, name: customer.name };
  $("customer").value = `${customer.code} ${customer.name}`;
  $("customer-state").textContent = "";
  onChange();
  showCredit();
  showAddresses();
  lookUpRows();
}
function takeCustomer(customer) {
  setCustomer(customer);
  firstSku().focus();
}
const firstSku = () => $("lines").querySelector(".oms-sku");
// A customer's code and Enter: the keys go on into the lines while it is looked up.
function lookUpCustomer() {
  const text = $("customer").value.trim();
  if (state.customer || !text) return customerLookUp;
  $("customer-state").textContent = _("Looking up “%(text)s”…", { text });
  customerLookUp = searchAt(setup.urls.customers)(text)
    .then((found) => {
      if (state.customer || $("customer").value.trim() !== text) return;
      const exact =
        found.find((each) => isSameCode(each.code, text)) || (found.length === 1 ? found[0] : null);
      if (exact) return setCustomer(exact);
      $("customer-state").textContent = found.length
        ? _("“%(text)s” matches several customers. Choose one.", { text })
        : _("“%(text)s” matches no customer.", { text });
    })
    .catch((problem) => {
      $("customer-state").textContent = "";
      showError(problem);
    });
  return customerLookUp;
}
async function showAddresses() {
  const own = $("ship_to_address"),
    chosen = own.value || draftAddress;
  draftAddress = "";
  const shown =
    state.customer &&
    (await api(urlOf("customer", state.customer.code))).addresses.filter(
      (each) => each.is_shipping,
    );
  own.replaceChildren(
    own.firstElementChild,
    ...(shown || []).map((each) =>
      Object.assign(document.createElement("option"), {
        value: each.id,
        textContent: [
          each.name,
          each.street,
          `${each.postal_code} ${each.city}`.trim(),
          each.country,
        ]
          .filter(Boolean)
          .join(", "),
      }),
    ),
  );
  own.value = [...own.options].some((each) => each.value === chosen) ? chosen : "";
}
async function showCredit() {
  if (!state.customer) return;
  const credit = await api(urlOf("credit", state.customer.code));
  $("credit").textContent =
    credit.left === null ? _("no limit") : `${credit.left} ${credit.currency}`;
}

async function readBlock(text) {
  await lookUpCustomer();
  if (!state.customer)
    return showError({ detail: _("Choose a customer first. Part numbers differ by customer.") });
  showInfo(_("Reading the lines…"));
  try {
    const read = await api(setup.urls.read_lines, { customer: state.customer.code, text });
    const rows = read.lines.map((line) => ({
      ...emptyRow(),
      text: line.sku || line.rest || line.text,
      sku: line.sku || "",
      quantity: line.quantity === null ? "" : `${line.quantity}`,
      doubt: line.doubt,
      alias: line.sku ? "" : line.rest,
      suggestions: line.suggestions,
      left: true,
      asked: line.sku || line.rest || line.text,
    }));
    state.rows = [...state.rows.filter((row) => row.text), ...rows, emptyRow()];
    $("block").value = "";
    $("paste").open = false;
    renderLines();
    onChange();
    showInfo(summary(rows, read.skipped));
    (
      $("lines").querySelector(".oms-unknown .oms-sku") ||
      $("lines").lastElementChild.querySelector(".oms-sku")
    ).focus();
  } catch (problem) {
    showError(problem);
  }
}
function summary(rows, skipped) {
  const unknown = rows.filter((row) => !row.sku).length,
    doubts = rows.filter((row) => row.doubt).length;
  return [
    _("Lines read: %(rows)s.", { rows: rows.length }),
    unknown && _("Marked because they match no SKU: %(unknown)s.", { unknown }),
    doubts && _("Marked because the quantity isn't plain: %(doubts)s.", { doubts }),
    skipped.length &&
      _("Left out, not order lines: %(texts)s", {
        texts: skipped.map((line) => `“${line.text}”`).join(", "),
      }),
  ]
    .filter(Boolean)
    .join(" ");
}
function dropUnknown() {
  state.rows = state.rows.filter((row) => !isUnknown(row));
  if (!state.rows.length || state.rows.at(-1).text) state.rows.push(emptyRow());
  renderLines();
  onChange();
  $("lines").lastElementChild.querySelector(".oms-sku").focus();
}

function showInfo(text) {
  $("restored").hidden = false;
  $("restored").textContent = text;
}
function showError(problem) {
  const shortfall = Object.entries(problem.shortfall || {})
    .map(([sku, units]) => `${units} × ${sku}`)
    .join(", ");
  $("problem").hidden = false;
  $("problem").textContent = [
    problem.detail || String(problem),
    shortfall && _("Short: %(shortfall)s.", { shortfall }),
  ]
    .filter(Boolean)
    .join(" ");
  const sent = state.rows.filter((row) => row.sku || row.text.trim());
  for (const error of problem.errors || []) {
    if (error.line)
      $("lines").children[state.rows.indexOf(sent[error.line - 1])]?.classList.add("oms-unknown");
  }
  $("problem").scrollIntoView({ block: "center" });
}
async function send(url, more) {
  if (sending) return;
  sending = true;
  const buttons = document.querySelectorAll("#entry button");
  buttons.forEach((button) => {
    button.disabled = true;
  });
  try {
    $("problem").hidden = true;
    state.rows.forEach((row) => {
      row.left = true;
    });
    await lookUpCustomer();
    await lookUpRows();
    await sendRows(url, more);
  } finally {
    sending = false;
    buttons.forEach((button) => {
      button.disabled = false;
    });
  }
}
// What keeps the order from being sent, or nothing.
function problemWith(rows) {
  if (!state.customer) return _("Choose a customer.");
  if (!rows.length) return _("Add at least one line.");
  const unknown = rows.find((row) => !row.sku);
  if (unknown?.looking || (unknown && !isUnknown(unknown)))
    return _("“%(text)s” could not be looked up. Send it again.", { text: unknown.text });
  if (unknown)
    return _("“%(text)s” matches no SKU. Choose one, or remove the line.", { text: unknown.text });
  const uncounted = rows.find((row) => parseUnits(row.quantity) === null);
  if (!uncounted) return "";
  uncounted.doubt ||= uncounted.quantity.trim() || "?";
  uncounted.shown();
  return _("Enter the quantity of %(sku)s in digits alone: “%(quantity)s” isn't a plain count.", {
    sku: uncounted.sku,
    quantity: uncounted.doubt,
  });
}
async function sendRows(url, more) {
  const rows = state.rows.filter((row) => row.sku || row.text.trim());
  const problem = problemWith(rows);
  if (problem) return showError({ detail: problem });
  const order = {
    customer: state.customer.code,
    channel: $("channel").value,
    ...more,
    lines: rows.map((row) => ({
      sku: row.sku,
      quantity: parseUnits(row.quantity),
      ...(row.price ? { unit_price: row.price } : {}),
    })),
  };
  for (const id of ["customer_reference", "requested_on", "note"])
    if ($(id).value) order[id] = $(id).value;
  if ($("ship_complete").value) order.ship_complete = $("ship_complete").value === "yes";
  if ($("ship_to_address").value) order.ship_to_address = Number($("ship_to_address").value);
  try {
    const created = await api(url, order, "POST", { "Idempotency-Key": state.key });
    localStorage.removeItem(DRAFT_KEY);
    location.href = urlOf("order", created.number);
  } catch (problem) {
    // Refused: nothing was done, and the key is free. Not answered: the same key finds out whether it was done.
    if (problem.code === "key_reused") await alreadyIn();
    else if (problem.status) showError(problem);
    else
      showError({
        detail: _(
          "Couldn't reach the server. Your order is saved; submitting again won't duplicate it.",
        ),
      });
  }
}
async function alreadyIn() {
  const created = await api(urlOf("request", state.key));
  showError({
    detail: _("This order was already submitted as %(number)s, without your latest changes. ", {
      number: created.number,
    }),
  });
  const link = Object.assign(document.createElement("a"), {
    href: urlOf("order", created.number),
    textContent: _("Open %(number)s", { number: created.number }),
  });
  $("problem").append(link);
}

restoreDraft();
combobox($("customer"), searchAt(setup.urls.customers), takeCustomer);
$("customer").addEventListener("input", () => {
  state.customer = null;
  $("ship_to_address").value = "";
  $("credit").textContent = "–";
  $("customer-state").textContent = "";
  saveDraft();
});
$("customer").addEventListener("change", lookUpCustomer);
for (const id of FIELDS) $(id).addEventListener("change", onChange);
for (const id of ["customer", "customer_reference", "requested_on", "valid_until"]) {
  $(id).addEventListener("keydown", (event) => {
    // a scanner ends with Enter, which must not send the order
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    firstSku().focus();
    firstSku().select();
  });
}
$("drop").addEventListener("click", dropUnknown);
$("read").addEventListener("click", () => readBlock($("block").value));
$("place").addEventListener("click", () => send(setup.urls.orders, { confirm: false }));
$("quote").addEventListener("click", () =>
  $("valid_until").value
    ? send(setup.urls.quotes, { valid_until: $("valid_until").value })
    : showError({ detail: _("Enter the date the quote is valid until.") }),
);
$("clear").addEventListener("click", () => {
  localStorage.removeItem(DRAFT_KEY);
  location.href = location.pathname;
});
$("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  send(setup.urls.orders, { confirm: true });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    $("entry").requestSubmit();
  }
});
renderLines();
if (state.customer) {
  lookUp();
  showCredit();
  showAddresses();
  lookUpRows();
}
$("customer").value ? $("lines").querySelector(".oms-sku").focus() : $("customer").focus();
