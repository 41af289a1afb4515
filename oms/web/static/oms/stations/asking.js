// A station is a function that asks, one step at a time, for a place, a product, a lot, a quantity. What a scanner reads
// belongs to the step that is asked and to no other: a wrong scan raises an alarm, and until that is confirmed nothing
// is taken. What was done is kept here under an id of its own until the server has it, and sent again until then.
const setup = JSON.parse(document.getElementById("setup").textContent);
const $ = (id) => document.getElementById(id);
const _ = (text, values = {}) => interpolate(gettext(text), values, true);
const STEPS = { place: _("bin"), product: _("product"), lot: _("lot"), quantity: _("quantity") };
const PENDING_KEY = `oms scans ${setup.user}`,
  WAREHOUSE_KEY = `oms warehouse ${setup.user}`;
const warehouse = () => $("warehouse").value;
const stations = {}; // each by its name; the files of the stations add theirs
class ScanError extends Error {}
class OfflineError extends Error {}

// Asking: one question at a time; scans that come meanwhile wait for the next.
let question = null,
  busy = false,
  alarmed = false,
  scans = [];
function ask({
  step = "",
  text,
  detail = "",
  accept = null,
  choices = [],
  number = null,
  answers = [],
}) {
  $("steps").replaceChildren(
    ...Object.entries(STEPS).map(([name, title]) =>
      createElement("li", title, name === step ? { "aria-current": "step" } : {}),
    ),
  );
  $("ask").textContent = text;
  $("detail").replaceChildren(...[detail].flat().filter(Boolean));
  $("scan").hidden = !accept;
  return new Promise((resolve) => {
    question = {
      accept,
      resolve: (value) => {
        question = null;
        resolve(value);
      },
    };
    $("choices").replaceChildren(
      ...choices.map(([label, value, style]) =>
        button(label, () => question?.resolve(value), style),
      ),
    );
    $("count").hidden = number === null;
    $("number").value = number ?? "";
    $("number-choices").replaceChildren(
      ...answers.map(([label, wrap], index) =>
        button(label, () => takeCount(wrap), index ? "" : "first"),
      ),
    );
    defaultAnswer = answers[0]?.[1];
    focusScan();
    takeScans();
  });
}
let defaultAnswer = null;
function takeCount(wrap) {
  const count = Number($("number").value);
  if (!question || alarmed) return;
  if (!Number.isInteger(count) || count < 0)
    alarm(_("“%(number)s” isn't a valid quantity.", { number: $("number").value }));
  else
    try {
      question.resolve(wrap(count));
    } catch (fault) {
      alarm(fault.message);
    }
}
async function takeScans() {
  while (scans.length && question?.accept && !alarmed && !busy) {
    const current = question;
    busy = true;
    try {
      const value = await current.accept(scans.shift());
      beep(880, 0.08);
      if (question === current) current.resolve(value);
    } catch (fault) {
      alarm(
        fault instanceof OfflineError
          ? _("No connection. Scan again when you're back online.")
          : fault.message,
      );
    } finally {
      busy = false;
    }
    await null;
  }
}
function alarm(text) {
  scans = [];
  alarmed = true;
  $("alarm-text").textContent = text;
  $("alarm").hidden = false;
  $("code").blur();
  const sound = () => {
    if (alarmed) {
      beep(180, 0.4);
      setTimeout(sound, 1500);
    }
  };
  sound();
}
function dismissAlarm() {
  alarmed = false;
  scans = [];
  $("alarm").hidden = true;
  focusScan();
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
  } catch {
    /* without sound the color must do */
  }
}
function focusScan() {
  if (!alarmed && !$("scan").hidden) $("code").focus();
}
function createElement(name, text, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
function button(label, press, style = "") {
  const element = createElement("button", label, { type: "button", class: style });
  element.addEventListener("click", () => {
    if (!alarmed) press();
  });
  return element;
}
function showMessage(text) {
  $("message").textContent = text;
}
function table(rows) {
  const element = document.createElement("table");
  for (const row of rows) {
    const line = element.insertRow();
    for (const cell of row) line.insertCell().textContent = cell;
  }
  return element;
}
