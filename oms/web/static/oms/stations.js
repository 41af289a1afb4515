// A station is a function that asks, one step at a time, for a place, a product, a lot, a quantity. What a scanner reads
// belongs to the step that is asked and to no other: a wrong scan raises an alarm, and until that is confirmed nothing
// is taken. What was done is kept here under an id of its own until the server has it, and sent again until then.
const setup = JSON.parse(document.getElementById("setup").textContent);
const $ = (id) => document.getElementById(id);
const _ = (text, values = {}) => interpolate(gettext(text), values, true);
const STEPS = { place: _("place"), product: _("product"), lot: _("lot"), quantity: _("quantity") };
const KEPT = `oms scans ${setup.user}`, WHERE = `oms warehouse ${setup.user}`;
const url = (path) => `/stations/${path}`;
const warehouse = () => $("warehouse").value;
class Wrong extends Error {}
class Away extends Error {}

// Asking: one question at a time; scans that come meanwhile wait for the next.
let asked = null, busy = false, alarmed = false, scans = [];
function ask({ step = "", text, detail = "", accept = null, choices = [], number = null, answers = [] }) {
  $("steps").replaceChildren(...Object.entries(STEPS).map(([name, title]) => made("li", title, name === step ? { "aria-current": "step" } : {})));
  $("ask").textContent = text;
  $("detail").replaceChildren(...[detail].flat().filter(Boolean));
  $("scan").hidden = !accept;
  return new Promise((resolve) => {
    asked = { accept, resolve: (value) => { asked = null; resolve(value); } };
    $("choices").replaceChildren(...choices.map(([label, value]) => button(label, () => asked?.resolve(value))));
    $("count").hidden = number === null;
    $("number").value = number ?? "";
    $("number-choices").replaceChildren(...answers.map(([label, wrap], index) => button(label, () => take(wrap), index ? "" : "first")));
    firstAnswer = answers[0]?.[1];
    focus();
    pump();
  });
}
let firstAnswer = null;
function take(wrap) {
  const count = Number($("number").value);
  if (!asked || alarmed) return;
  if (!Number.isInteger(count) || count < 0) alarm(_("“%(number)s” is not a quantity.", { number: $("number").value }));
  else try { asked.resolve(wrap(count)); } catch (fault) { alarm(fault.message); }
}
async function pump() {
  while (scans.length && asked?.accept && !alarmed && !busy) {
    const question = asked;
    busy = true;
    try {
      const value = await question.accept(scans.shift());
      beep(880, .08);
      if (asked === question) question.resolve(value);
    } catch (fault) {
      alarm(fault instanceof Away ? "No network: this cannot be looked up now. Scan it again later." : fault.message);
    } finally { busy = false; }
    await null;
  }
}
function alarm(text) {
  scans = [];
  alarmed = true;
  $("alarm-text").textContent = text;
  $("alarm").hidden = false;
  $("code").blur();
  const sound = () => { if (alarmed) { beep(180, .4); setTimeout(sound, 1500); } };
  sound();
}
function understood() {
  alarmed = false;
  scans = [];
  $("alarm").hidden = true;
  focus();
}
let audio = null;
function beep(pitch, seconds) {
  try {
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + seconds);
  } catch { /* without sound the colour must do */ }
}
function focus() { if (!alarmed && !$("scan").hidden) $("code").focus(); }
function made(name, text, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
function button(label, press, style = "") {
  const element = made("button", label, { type: "button", class: style });
  element.addEventListener("click", () => { if (!alarmed) press(); });
  return element;
}
function told(text) { $("told").textContent = text; }
function table(rows) {
  const element = document.createElement("table");
  for (const row of rows) {
    const line = element.insertRow();
    for (const cell of row) line.insertCell().textContent = cell;
  }
  return element;
}

// The server: what is to do, and what was done.
async function work(name = "", look = false) {
  const query = new URLSearchParams({ warehouse: warehouse(), name, ...(look && { look: "1" }) });
  let answer;
  try { answer = await fetch(url(`${setup.station}/todo/?${query}`)); } catch { throw new Away(); }
  if (answer.status >= 500) throw new Away();
  const data = await answer.json();
  if (!answer.ok) throw new Wrong(data.message);
  if (data.changed?.length) alarm(_("This paper is out of date. Since it was printed: %(changed)s", { changed: data.changed.join("; ") }));
  if (data.alarms?.length) alarm(data.alarms.join(" "));
  return data;
}
async function workAgain(name = "") {
  for (;;) {
    try { return await work(name); } catch (fault) {
      if (!(fault instanceof Away)) { alarm(fault.message); return null; }
      told(_("No network; trying again …"));
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
      alarm(_("Refused: %(text)s %(message)s", { text: scan.text, message: data.message }));
    }
  }
}
function show() {
  const list = kept(), refused = list.filter((scan) => scan.refused).length;
  $("kept").hidden = !list.length;
  $("kept-title").textContent = _("%(waiting)s waiting for the server, %(refused)s refused", { waiting: list.length - refused, refused });
  $("kept-list").replaceChildren(...list.map((scan) => {
    const item = made("li", `${scan.text} ${scan.refused}`, { class: scan.refused ? "refused" : "" });
    if (scan.refused) item.append(button(_("Take it off the list"), () => keep(kept().filter((other) => other.id !== scan.id))));
    return item;
  }));
}

// The steps that stations share.
async function choose(text) {
  const named = decodeURIComponent(location.hash.slice(1)).split("/")[1];  // #LON/WV-17: a link to just that
  history.replaceState(null, "", location.pathname);
  if (named) {
    const found = await workAgain(named);
    if (found) return found;
  }
  for (;;) {
    const list = await workAgain();
    const choices = (list?.choices ?? []).map(({ code, text: what }) => [`${code} · ${what}`, { name: code }]);
    const found = await ask({ text, choices, accept: async (code) => await work(code),
      detail: made("p", choices.length ? "" : _("Nothing waits here."), { class: "quiet" }) });
    const chosen = found.name && Object.keys(found).length === 1 ? await workAgain(found.name) : found;
    if (chosen) return chosen;
  }
}
const readsAs = (products, code) => products.find((product) => code in product.barcodes);
function about(product, ...more) {
  return [made("p", `${product.sku} ${product.name}`), ...more.filter(Boolean).map((text) => made("p", text, { class: "quiet" }))];
}
async function lotOf(product, expected = "", others = []) {
  if (product.tracking === "none") return "";
  return ask({ step: "lot", text: expected ? _("Lot %(expected)s", { expected }) : _("Scan the lot"), detail: about(product), accept: (code) => {
    if (expected && code !== expected && !others.includes(code)) throw new Wrong(_("This is %(code)s; take lot %(expected)s.", { code, expected }));
    if (code in product.barcodes) throw new Wrong(_("This is the product's own code; scan its lot."));
    return code;
  } });
}
// Lots that expire are received with their date; a lot that is known keeps its own.
async function expiryOf(product) {
  if (!product.has_expiry) return "";
  return ask({ step: "lot", text: _("Expiry date, like 2027-01-31"), detail: about(product), choices: [[_("The lot is known"), ""]], accept: (code) => {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(code)) throw new Wrong(_("“%(code)s” is not a date like 2027-01-31.", { code }));
    return code;
  } });
}
// Counts by scanning the product again, or by number. With `needed` it ends by itself when all are there.
async function quantity(product, { count = 1, needed = null, most = null, choices = [], answers = null, more = "" }) {
  for (;;) {
    if (needed !== null && count === needed) return { count };
    const limit = needed ?? most;
    const answer = await ask({
      step: "quantity", text: limit === null ? `${count}` : _("%(count)s of %(limit)s", { count, limit }), detail: about(product, more), choices,
      number: needed ?? count, answers: answers ?? [["OK", (entered) => {
        if (needed !== null && entered !== needed) throw new Wrong(_("%(needed)s are wanted, not %(entered)s. If there are fewer, press “Short”.", { needed, entered }));
        if (limit !== null && entered > limit) throw new Wrong(_("There are only %(limit)s.", { limit }));
        return { count: entered };
      }]],
      accept: (code) => {
        if (!(code in product.barcodes)) throw new Wrong(_("%(code)s is not %(sku)s.", { code, sku: product.sku }));
        const sum = count + product.barcodes[code];
        if (limit !== null && sum > limit) throw new Wrong(needed === null ? _("That would be %(sum)s; %(limit)s are there.", { sum, limit }) : _("That would be %(sum)s; %(limit)s are wanted.", { sum, limit }));
        return { add: product.barcodes[code] };
      },
    });
    if (!answer.add) return answer;
    count += answer.add;
  }
}

// Stops that are not done yet, in the order of the walk; what this device has still to send is done.
function stopsLeft(wave) {
  const waiting = new Set(kept().filter((scan) => !scan.refused).map((scan) => scan.body.line));
  return wave.stops.filter((stop) => !waiting.has(stop.line));
}
async function walk(wave) {
  const stops = stopsLeft(wave);
  for (const [index, stop] of stops.entries()) {
    const where = _("%(name)s: %(left)s stops left · %(shipment)s", { name: wave.name, left: stops.length - index, shipment: stop.shipment });
    const short = [[_("Short or damaged"), { short: true }]];
    await ask({ step: "place", text: stop.bin, detail: about(stop, _("%(quantity)s to take · %(walk_m)s m from here", { quantity: stop.quantity, walk_m: stop.walk_m }), where),
      accept: (code) => { if (code !== stop.bin) throw new Wrong(_("This is %(code)s; go to %(bin)s.", { code, bin: stop.bin })); return code; } });
    let answer = await ask({ step: "product", text: `${stop.sku} ${stop.name}`, choices: short,
      detail: [made("p", stop.lot ? _("%(quantity)s from %(bin)s, lot %(lot)s", { quantity: stop.quantity, bin: stop.bin, lot: stop.lot }) : _("%(quantity)s from %(bin)s", { quantity: stop.quantity, bin: stop.bin }))], accept: (code) => {
        const pack = stop.barcodes[code];
        if (!pack) throw new Wrong(_("%(code)s is not %(sku)s. Put it back.", { code, sku: stop.sku }));
        if (pack > stop.quantity) throw new Wrong(_("This is a pack of %(pack)s; %(quantity)s are wanted.", { pack, quantity: stop.quantity }));
        return { count: pack };
      } });
    let lot = stop.lot;
    if (!answer.short) {
      lot = await lotOf(stop, stop.lot, stop.lots);
      answer = await quantity(stop, { count: answer.count, needed: stop.quantity, choices: short });
    }
    if (answer.short) await pickShort(stop);
    else act("pick", { line: stop.line, quantity: stop.quantity, ...(lot !== stop.lot && { lot }) }, _("%(quantity)s × %(sku)s from %(bin)s.", { quantity: stop.quantity, sku: stop.sku, bin: stop.bin }));
  }
}
// The walk as it is now, where stock left its bin meanwhile and there is more to pick; null without.
async function changedWalk(walked) {
  await send();
  const wave = await work(walked.name).catch(() => null);
  if (!wave || !stopsLeft(wave).length) return null;
  const news = wave.changes.slice(walked.changes.length);
  alarm(news.length ? _("The walk has changed. %(changes)s", { changes: news.join(" ") }) : _("Some stops are still to pick."));
  return wave;
}

const stations = {
  async pick() {
    let wave = await choose(_("Scan a wave, or choose one"));
    for (; wave; wave = await changedWalk(wave)) await walk(wave);
    await ask({ text: _("The walk is done"), detail: [made("p", _("Bring everything to staging."))], choices: [[_("Next wave"), true]] });
  },

  async "put-away"() {
    const { lines, bins } = await workAgain() ?? { lines: [], bins: [] };
    const line = await ask({ step: "product", text: lines.length ? _("Scan a product") : _("Nothing to put away"), choices: [[_("Look again"), null]],
      detail: [table(lines.map((each) => [each.sku, each.name, each.lot, each.quantity, each.bin ? `→ ${each.bin}` : ""]))],
      accept: (code) => {
        const found = readsAs(lines, code);
        if (!found) throw new Wrong(_("%(code)s is not among what came in.", { code }));
        return { ...found, count: found.barcodes[code] };
      } });
    if (!line) return;
    const lot = await lotOf(line);
    const there = lines.find((each) => each.sku === line.sku && each.lot === lot);
    if (!there) { alarm(_("Lot %(lot)s of %(sku)s is not among what came in.", { lot, sku: line.sku })); return; }
    const { count } = await quantity(there, { count: Math.min(line.count, there.quantity), most: there.quantity });
    const to = await ask({ step: "place", text: there.bin || _("Scan a bin"), detail: about(there, _("%(count)s to put away", { count })),
      accept: (code) => { if (!bins.includes(code)) throw new Wrong(_("%(code)s is no bin here.", { code })); return code; } });
    await act("put_away", { sku: line.sku, lot, quantity: count, to }, _("%(count)s × %(sku)s into %(to)s.", { count, sku: line.sku, to }));
  },

  async receive() {
    const order = await choose(_("Scan a purchase order, or choose one"));
    for (;;) {
      const line = await ask({ step: "product", text: _("Scan a product"), choices: [[_("Done with this order"), null]],
        detail: [made("p", order.name), table(order.lines.map((each) => [each.sku, each.name, _("%(outstanding)s to come", { outstanding: each.outstanding })]))],
        accept: (code) => {
          const found = readsAs(order.lines, code);
          if (!found) throw new Wrong(_("%(code)s is not on %(name)s.", { code, name: order.name }));
          return { found, count: found.barcodes[code] };
        } });
      if (!line) return;
      const { found } = line, lot = await lotOf(found), expires_on = await expiryOf(found);
      const answer = await quantity(found, { count: found.tracking === "serial" ? 1 : line.count, more: _("%(outstanding)s to come", { outstanding: found.outstanding }),
        answers: [[_("Good"), (good) => ({ good, damaged: 0 })], [_("Damaged"), (damaged) => ({ good: 0, damaged })]] });
      const { good, damaged } = answer;
      let accept_more = false;
      if (found.most !== undefined && good + damaged > found.most) {
        accept_more = await ask({ step: "quantity", text: _("%(count)s is more than ordered", { count: good + damaged }), detail: about(found, _("%(outstanding)s to come", { outstanding: found.outstanding })),
          choices: [[_("Count again"), false], [_("Accept more"), true]] });
        if (!accept_more) continue;
      }
      if (found.most !== undefined) found.most -= good + damaged;
      found.outstanding = Math.max(0, found.outstanding - good - damaged);
      act("receive", { order: order.name, sku: found.sku, lot, good, damaged, ...(expires_on && { expires_on }), ...(accept_more && { accept_more }) }, _("%(count)s × %(sku)s of %(name)s.", { count: good + damaged, sku: found.sku, name: order.name }));
      if (order.lines.every((each) => !each.outstanding)) { await sending; return; }
    }
  },

  async pack() {
    const shipment = await choose(_("Scan a shipment, or choose one"));
    if (shipment.status === "packed") return ship(shipment);
    const scanned = {}, left = () => shipment.lines.filter((line) => (scanned[line.sku] ?? 0) < line.quantity);
    while (left().length) {
      const added = await ask({ step: "product", text: _("Scan each piece"), choices: [[_("Another shipment"), null]],
        detail: [made("p", shipment.name), table(shipment.lines.map((line) => [line.sku, line.name, _("%(packed)s of %(quantity)s", { packed: scanned[line.sku] ?? 0, quantity: line.quantity })]))],
        accept: (code) => {
          const line = readsAs(shipment.lines, code);
          if (!line) throw new Wrong(_("%(code)s does not belong into %(name)s.", { code, name: shipment.name }));
          const sum = (scanned[line.sku] ?? 0) + line.barcodes[code];
          if (sum > line.quantity) throw new Wrong(_("That would be %(sum)s × %(sku)s; %(quantity)s belong in.", { sum, sku: line.sku, quantity: line.quantity }));
          return [line.sku, sum];
        } });
      if (!added) return;
      scanned[added[0]] = added[1];
    }
    const waits = await act("pack", { shipment: shipment.name, scanned }, _("%(name)s packed.", { name: shipment.name }));
    if (!waits) await ship(await workAgain(shipment.name));
  },

  async count() {
    const { name } = await ask({ step: "place", text: _("Scan a bin to count"), accept: async (code) => await work(code) });
    const found = [];
    for (;;) {
      const product = await ask({ step: "product", text: _("Scan what lies in %(name)s", { name }), choices: [[_("That is all in this bin"), null]],
        detail: [table(found.map((row) => [row.sku, row.lot, row.quantity]))], accept: async (code) => {
          const known = await work(code, true);
          if (!known.product) throw new Wrong(_("%(code)s is no product.", { code }));
          return { ...known, count: known.barcodes[code] ?? 1 };
        } });
      if (!product) break;
      const lot = await lotOf(product);
      const { count } = await quantity(product, { count: product.count });
      const before = found.find((row) => row.sku === product.sku && row.lot === lot);
      if (before) before.quantity += count; else found.push({ sku: product.sku, lot, quantity: count });
    }
    await act("count", { bin: name, found }, _("%(name)s counted.", { name }));
  },

  async move() {
    const bin = async (code) => {
      const known = await work(code, true);
      if (!known.bin) throw new Wrong(_("%(code)s is no bin.", { code }));
      return known;
    };
    const from = await ask({ step: "place", text: _("Scan the bin to take from"), accept: bin });
    const product = await ask({ step: "product", text: _("Scan what leaves %(bin)s", { bin: from.bin }), detail: [table(from.rows)], accept: (code) => {
      const known = readsAs(from.products, code);
      if (!known) throw new Wrong(_("%(code)s does not lie in %(bin)s.", { code, bin: from.bin }));
      return { ...known, count: known.barcodes[code] };
    } });
    const lot = await lotOf(product);
    const { count } = await quantity(product, { count: product.count });
    const to = await ask({ step: "place", text: _("Scan the bin to put it into"), detail: about(product, _("%(count)s from %(bin)s", { count, bin: from.bin })), accept: async (code) => {
      if (code === from.bin) throw new Wrong(_("It lies in %(code)s now; scan the other bin.", { code }));
      return bin(code);
    } });
    await act("move", { sku: product.sku, lot, quantity: count, from: from.bin, to: to.bin }, _("%(count)s × %(sku)s to %(bin)s.", { count, sku: product.sku, bin: to.bin }));
  },

  async "look-up"() {
    let known = null;
    for (;;) {
      known = await ask({ text: known ? (known.sku ?? (known.bin || known.kind)) : _("Scan anything"),
        detail: known ? [made("p", known.sku ? _("%(name)s · %(available)s to promise", { name: known.name, available: known.available }) : known.kind), table(known.rows)] : [],
        accept: (code) => work(code) });
    }
  },
};

async function pickShort(stop) {
  const { found, why } = await ask({ step: "quantity", text: _("How many of %(quantity)s can you take?", { quantity: stop.quantity }), detail: about(stop, stop.bin), number: 0,
    answers: [[_("The rest is missing"), (number) => fewer(number, "missing")], [_("The rest is damaged"), (number) => fewer(number, "damaged")]] });
  act("short", { line: stop.line, found, why }, why === "damaged" ? _("%(found)s of %(quantity)s × %(sku)s from %(bin)s, the rest damaged.", { found, quantity: stop.quantity, sku: stop.sku, bin: stop.bin }) : _("%(found)s of %(quantity)s × %(sku)s from %(bin)s, the rest missing.", { found, quantity: stop.quantity, sku: stop.sku, bin: stop.bin }));
  function fewer(number, reason) {
    if (number >= stop.quantity) throw new Wrong(_("%(number)s is not fewer than %(quantity)s.", { number, quantity: stop.quantity }));
    return { found: number, why: reason };
  }
}

async function ship(shipment) {
  for (let tries = 0; shipment && !shipment.tracking.length && tries < 20; tries += 1) {
    if (shipment.alarms?.length) return; // nobody buys its labels now; the alarm has said so
    await new Promise((resolve) => setTimeout(resolve, 500));
    shipment = await workAgain(shipment.name);
  }
  if (!shipment) return;
  const scanned = [], print = made("a", _("Print its labels"), { href: `/admin/fulfillment/shipment/${shipment.pk}/print/labels/`, target: "_blank" });
  while (scanned.length < shipment.tracking.length) {
    const number = await ask({ step: "product", text: _("Scan each label as the parcel leaves"), choices: [[_("Later"), null]],
      detail: [made("p", _("%(name)s: %(scanned)s of %(tracking)s labels", { name: shipment.name, scanned: scanned.length, tracking: shipment.tracking.length })), print], accept: (code) => {
        const label = shipment.labels[code.replace(/^\]C1/, "")];
        if (!label) throw new Wrong(_("%(code)s is no label of %(name)s.", { code, name: shipment.name }));
        if (scanned.includes(label)) throw new Wrong(_("%(code)s was scanned already.", { code }));
        return label;
      } });
    if (!number) return;
    scanned.push(number);
  }
  if (!scanned.length) { alarm(_("The carrier has not answered yet: %(name)s has no labels.", { name: shipment.name })); return; }
  await act("ship", { shipment: shipment.name, tracking: scanned }, _("%(name)s left.", { name: shipment.name }));
}

$("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = $("code").value.trim();
  $("code").value = "";
  if (!code) return;
  if (alarmed) { beep(180, .4); return; }
  scans.push(code);
  pump();
});
$("count").addEventListener("submit", (event) => { event.preventDefault(); if (firstAnswer) take(firstAnswer); });
// What a scanner types goes into the scan field, whatever has the focus; under an alarm nowhere.
document.addEventListener("keydown", (event) => {
  if (alarmed) {
    if (event.key === "Escape") understood();
    if (event.key !== "Tab" && event.target !== $("understood")) { event.preventDefault(); if (event.key === "Enter") beep(180, .4); }
    if (event.target === $("understood") && event.key === "Enter") { event.preventDefault(); beep(180, .4); }
  } else if (event.target === document.body && event.key.length === 1 && !event.ctrlKey) focus();
});
$("understood").addEventListener("click", understood);
const linked = decodeURIComponent(location.hash.slice(1)).split("/")[0];
if (setup.warehouses.includes(linked)) localStorage.setItem(WHERE, linked);
$("warehouse").value = localStorage.getItem(WHERE) || setup.warehouses[0] || "";
if (!$("warehouse").value && setup.warehouses.length) $("warehouse").value = setup.warehouses[0];
$("warehouse").addEventListener("change", () => { localStorage.setItem(WHERE, warehouse()); location.reload(); });
window.addEventListener("online", send);
show();
send();
(async () => { for (;;) await stations[setup.station](); })();
