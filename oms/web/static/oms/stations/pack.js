// Packing. Each piece is scanned; as long as the packer changes nothing, the suggested packages are taken, and the last
// scan packs. Once they open a package of their own, the pieces go into that, and packing is confirmed.
const NO_CARTON = "";
const units = (parcel) => Object.values(parcel.contents).reduce((sum, count) => sum + count, 0);
const put = (parcel, sku, count) => {
  parcel.contents[sku] = (parcel.contents[sku] ?? 0) + count;
  if (!parcel.contents[sku]) delete parcel.contents[sku];
};
const inside = (parcel) => Object.entries(parcel.contents).map(([sku, count]) => `${count} × ${sku}`).join(", ");

// The packages of one shipment: what is suggested, what was scanned into which, and whose choice they are.
function packing(shipment) {
  const weights = Object.fromEntries(shipment.lines.map((line) => [line.sku, line.weight_g]));
  const cartons = Object.fromEntries(shipment.cartons.map((carton) => [carton.code, carton]));
  const empty = (carton) => ({ carton, weight_g: null, contents: {} });
  const made = {
    own: false, directed: false, current: 0, scanned: {}, cartons, parcels: shipment.parcels.map(({ carton }) => empty(carton)),
    // A piece goes where it is suggested; into the current package once the packer has opened or chosen one.
    add(sku, count) {
      made.scanned[sku] = (made.scanned[sku] ?? 0) + count;
      if (made.directed) { put(made.parcels[made.current], sku, count); return; }
      shipment.parcels.forEach((wanted, index) => {
        const room = Math.min(count, (wanted.contents[sku] ?? 0) - (made.parcels[index].contents[sku] ?? 0));
        if (room > 0) { put(made.parcels[index], sku, room); made.current = index; count -= room; }
      });
    },
    open(carton = made.parcels[made.current]?.carton ?? NO_CARTON) {
      made.own = made.directed = true;
      made.parcels = [...made.filled(), empty(carton)];
      made.current = made.parcels.length - 1;
      return made.parcels[made.current];
    },
    filled: () => made.parcels.filter(units),
    weight: (parcel) => parcel.weight_g ?? Object.entries(parcel.contents).reduce(
      (sum, [sku, count]) => sum + count * weights[sku], cartons[parcel.carton]?.weight_g ?? 0),
    tooHeavy: (parcel) => cartons[parcel.carton] && made.weight(parcel) > cartons[parcel.carton].weight_g + cartons[parcel.carton].max_weight_g,
    name: (parcel) => [_("Package %(number)s", { number: made.parcels.indexOf(parcel) + 1 }), parcel.carton || _("no carton"), _("%(grams)s g", { grams: made.weight(parcel) })].join(" · "),
    body: () => made.filled().map(({ carton, weight_g, contents }) => ({ ...(carton && { carton }), ...(weight_g !== null && { weight_g }), contents })),
  };
  return made;
}
function packagesTable(packed) {
  return table(packed.parcels.map((parcel, index) => [packed.directed && index === packed.current ? `▸ ${packed.name(parcel)}` : packed.name(parcel), inside(parcel) || _("empty")]));
}

stations.pack = async () => {
  const shipment = await choose(_("Scan or choose a shipment"));
  if (shipment.status === "packed") return ship(shipment);
  const packed = packing(shipment);
  for (;;) {
    if (!await scanPieces(shipment, packed)) return;
    if (packed.own && !await confirmPackages(shipment, packed)) return;
    const waits = await act("pack", { shipment: shipment.name, scanned: packed.scanned, ...(packed.own && { parcels: packed.body() }) }, _("%(name)s packed.", { name: shipment.name }));
    if (!waits) return ship(await workAgain(shipment.name));
    if (!waits.refused || !packed.own) return;
    keep(kept().filter((scan) => scan.id !== waits.id));  // told; what was scanned stays, the packages can be mended
  }
};
// Each piece that is wanted, scanned; false where the packer leaves.
async function scanPieces(shipment, packed) {
  const isThere = (line) => (packed.scanned[line.sku] ?? 0) >= line.quantity;
  while (!shipment.lines.every(isThere)) {
    const answer = await ask({ step: "product", text: _("Scan each item"),
      choices: [[_("New package"), { open: true }], [_("Change packages"), { change: true }], [_("Another shipment"), null]],
      detail: [made("p", shipment.name), shipment.loose && made("p", shipment.loose, { class: "warned" }),
        table(shipment.lines.map((line) => [line.sku, line.name, _("%(packed)s of %(quantity)s", { packed: packed.scanned[line.sku] ?? 0, quantity: line.quantity })])),
        (packed.own || packed.parcels.length > 1) && packagesTable(packed)],
      accept: (code) => {
        const line = readsAs(shipment.lines, code);
        if (!line) throw new Wrong(_("%(code)s isn't part of %(name)s.", { code, name: shipment.name }));
        const sum = (packed.scanned[line.sku] ?? 0) + line.barcodes[code];
        if (sum > line.quantity) throw new Wrong(_("That makes %(sum)s × %(sku)s, but the shipment needs %(quantity)s.", { sum, sku: line.sku, quantity: line.quantity }));
        return { sku: line.sku, count: line.barcodes[code] };
      } });
    if (!answer) return false;
    if (answer.open) packed.open();
    else if (answer.change) await changePackages(packed);
    else {
      packed.add(answer.sku, answer.count);
      if (packed.parcels.length > 1) told(_("%(sku)s → package %(number)s", { sku: answer.sku, number: packed.current + 1 }));
    }
  }
  return true;
}
// The packer's own packages are shown before they are packed; false where the packer leaves.
async function confirmPackages(shipment, packed) {
  for (;;) {
    packed.parcels = packed.filled();
    packed.current = Math.min(packed.current, packed.parcels.length - 1);
    const answer = await ask({ text: _("Everything is scanned"), choices: [[_("Pack"), { pack: true }, "first"], [_("Change packages"), { change: true }], [_("Another shipment"), null]],
      detail: [made("p", _("Scan %(name)s again, or press Pack.", { name: shipment.name }), { class: "quiet" }), packagesTable(packed)],
      accept: (code) => { if (code !== shipment.name) throw new Wrong(_("Everything is scanned. Scan %(name)s again, or press Pack.", { name: shipment.name })); return { pack: true }; } });
    if (!answer) return false;
    const heavy = answer.pack && packed.parcels.find(packed.tooHeavy);
    if (heavy) alarm(_("%(name)s is too heavy: carton %(carton)s holds up to %(most)s g. Take another carton or move units.", { name: packed.name(heavy), carton: heavy.carton, most: packed.cartons[heavy.carton].max_weight_g }));
    else if (answer.pack) return true;
    else await changePackages(packed);
  }
}
async function changePackages(packed) {
  packed.own = true;
  for (;;) {
    const parcel = await ask({ text: _("Choose a package"), detail: packagesTable(packed),
      choices: [...packed.parcels.map((each) => [packed.name(each), each]), [_("New package"), "new"], [_("Done"), null, "first"]] });
    if (!parcel) return;
    if (parcel === "new") packed.open(); else await changePackage(packed, parcel);
  }
}
async function changePackage(packed, parcel) {
  const todo = await ask({ text: packed.name(parcel), detail: made("p", inside(parcel) || _("empty")), choices: [
    [_("Scan into this package"), "current"], [_("Choose carton"), "carton"], [_("Enter weight"), "weight"],
    ...(units(parcel) ? [[_("Move units"), "move"]] : []), [_("Back"), null]] });
  if (todo === "current") [packed.directed, packed.current] = [true, packed.parcels.indexOf(parcel)];
  if (todo === "carton") parcel.carton = await ask({ text: _("Choose a carton"), accept: (code) => { if (!(code in packed.cartons)) throw new Wrong(_("%(code)s is no carton.", { code })); return code; },
    choices: [...Object.values(packed.cartons).map((carton) => [_("%(code)s · up to %(most)s g", { code: carton.code, most: carton.max_weight_g }), carton.code]), [_("No carton"), NO_CARTON]] });
  if (todo === "weight") parcel.weight_g = await ask({ text: _("Weight in grams"), detail: made("p", _("Of carton and contents, as on the scale.")), number: packed.weight(parcel),
    answers: [["OK", (grams) => grams]], choices: [[_("Calculate it"), null]] });
  if (todo === "move") await moveUnits(packed, parcel);
}
async function moveUnits(packed, from) {
  const skus = Object.keys(from.contents);
  const sku = skus.length === 1 ? skus[0] : await ask({ step: "product", text: _("Which product?"), choices: skus.map((each) => [`${from.contents[each]} × ${each}`, each]) });
  const most = from.contents[sku];
  const count = most === 1 ? 1 : await ask({ step: "quantity", text: _("How many of %(most)s × %(sku)s?", { most, sku }), number: most, answers: [["OK", (entered) => {
    if (entered < 1 || entered > most) throw new Wrong(_("Enter 1 to %(most)s.", { most }));
    return entered;
  }]] });
  const others = packed.parcels.filter((each) => each !== from);
  const chosen = await ask({ step: "place", text: _("Into which package?"), choices: [...others.map((each) => [packed.name(each), each]), [_("New package"), "new"]] });
  const to = chosen === "new" ? packed.open(from.carton) : chosen;
  packed.directed = true;
  put(from, sku, -count);
  put(to, sku, count);
  from.weight_g = to.weight_g = null;  // weighed before
}

async function ship(shipment) {
  for (let tries = 0; shipment && !shipment.tracking.length && tries < 20; tries += 1) {
    if (shipment.alarms?.length) return; // nobody buys its labels now; the alarm has said so
    await new Promise((resolve) => setTimeout(resolve, 500));
    shipment = await workAgain(shipment.name);
  }
  if (!shipment) return;
  const scanned = [], print = made("a", _("Print labels"), { href: `/admin/fulfillment/shipment/${shipment.pk}/print/labels/`, target: "_blank" });
  while (scanned.length < shipment.tracking.length) {
    const number = await ask({ step: "product", text: _("Scan each package label as you hand it over"), choices: [[_("Later"), null]],
      detail: [made("p", _("%(name)s: %(scanned)s of %(tracking)s labels", { name: shipment.name, scanned: scanned.length, tracking: shipment.tracking.length })), print], accept: (code) => {
        const label = shipment.labels[code.replace(/^\]C1/, "")];
        if (!label) throw new Wrong(_("%(code)s isn't a label of %(name)s.", { code, name: shipment.name }));
        if (scanned.includes(label)) throw new Wrong(_("You already scanned %(code)s.", { code }));
        return label;
      } });
    if (!number) return;
    scanned.push(number);
  }
  if (!scanned.length) { alarm(_("No labels for %(name)s yet. The carrier hasn't responded; try again in a moment.", { name: shipment.name })); return; }
  await act("ship", { shipment: shipment.name, tracking: scanned }, _("%(name)s left.", { name: shipment.name }));
}

