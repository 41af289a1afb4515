// What starts a station once its functions are there: what is typed and scanned, where it is, and its steps for ever.
$("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = $("code").value.normalize("NFC").trim(); // as codes are stored, however the scanner types an ü
  $("code").value = "";
  if (!code) return;
  if (alarmed) {
    beep(180, 0.4);
    return;
  }
  scans.push(code);
  takeScans();
});
// A list that is pasted is one scan; the field would swallow its line ends.
$("code").addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text").normalize("NFC").trim();
  if (!/[\r\n\t]/.test(text)) return;
  event.preventDefault();
  $("code").value = text.split(/[\r\n\t]+/).join(" ");
});
$("count").addEventListener("submit", (event) => {
  event.preventDefault();
  if (defaultAnswer) takeCount(defaultAnswer);
});
// What a scanner types goes into the scan field, whatever has the focus; under an alarm nowhere.
document.addEventListener("keydown", (event) => {
  if (alarmed) {
    if (event.key === "Escape") dismissAlarm();
    if (event.key !== "Tab" && event.target !== $("dismiss")) {
      event.preventDefault();
      if (event.key === "Enter") beep(180, 0.4);
    }
    if (event.target === $("dismiss") && event.key === "Enter") {
      event.preventDefault();
      beep(180, 0.4);
    }
  } else if (event.target === document.body && event.key.length === 1 && !event.ctrlKey)
    focusScan();
});
$("dismiss").addEventListener("click", dismissAlarm);
const linked = decodeURIComponent(location.hash.slice(1)).split("/")[0];
if (setup.warehouses.includes(linked)) localStorage.setItem(WAREHOUSE_KEY, linked);
$("warehouse").value = localStorage.getItem(WAREHOUSE_KEY) || setup.warehouses[0] || "";
if (!$("warehouse").value && setup.warehouses.length) $("warehouse").value = setup.warehouses[0];
$("warehouse").addEventListener("change", () => {
  localStorage.setItem(WAREHOUSE_KEY, warehouse());
  location.reload();
});
window.addEventListener("online", sendPending);
showPending();
sendPending();
(async () => {
  for (;;) await stations[setup.station]();
})();
