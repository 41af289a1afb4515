// Packing. Each piece is scanned; as long as the packer changes nothing, the suggested packages are taken, and the last
// scan packs. Once they open a package of their own, the pieces go into that, and packing is confirmed.
const NO_CARTON = "";
const unitsIn = (parcel) => Object.values(parcel.contents).reduce((sum, count) => sum + count, 0);
const addUnits = (parcel, sku, count) => {
  parcel.contents[sku] = (parcel.contents[sku] ?? 0) + count;
  if (!parcel.contents[sku]) delete parcel.contents[sku];
};
const contentsOf = (parcel) =>
  Object.entries(parcel.contents)
    .map(([sku, count]) => `${count} × ${sku}`)
    .join(", ");

// The packages of one shipment: what is suggested, what was scanned into which, and whose choice they are.
function newPacking(shipment) {
  const weights = Object.fromEntries(shipment.lines.map((line) => [line.sku, line.weight_g]));
  const cartons = Object.fromEntries(shipment.cartons.map((carton) => [carton.code, carton]));
  const empty = (carton) => ({ carton, weight_g: null, contents: {} });
  const packed = {
    own: false,
    directed: false,
    current: 0,
    scanned: {},
    cartons,
    parcels: shipment.parcels.map(({ carton }) => empty(carton)),
    // A piece goes where it is suggested; into the current package once the packer has opened or chosen one.
    add(sku, count) {
      packed.scanned[sku] = (packed.scanned[sku] ?? 0) + count;
      if (packed.directed) {
        addUnits(packed.parcels[packed.current], sku, count);
        return;
      }
      shipment.parcels.forEach((wanted, index) => {
        const room = Math.min(
          count,
          (wanted.contents[sku] ?? 0) - (packed.parcels[index].contents[sku] ?? 0),
        );
        if (room > 0) {
          addUnits(packed.parcels[index], sku, room);
          packed.current = index;
          count -= room;
        }
      });
    },
    open(carton = packed.parcels[packed.current]?.carton ?? NO_CARTON) {
      packed.own = packed.directed = true;
      packed.parcels = [...packed.filled(), empty(carton)];
      packed.current = packed.parcels.length - 1;
      return packed.parcels[packed.current];
    },
    filled: () => packed.parcels.filter(unitsIn),
    weight: (parcel) =>
      parcel.weight_g ??
      Object.entries(parcel.contents).reduce(
        (sum, [sku, count]) => sum + count * weights[sku],
        cartons[parcel.carton]?.weight_g ?? 0,
      ),
    tooHeavy: (parcel) =>
      cartons[parcel.carton] &&
      packed.weight(parcel) > cartons[parcel.carton].weight_g + cartons[parcel.carton].max_weight_g,
    name: (parcel) =>
      [
        _("Package %(number)s", { number: packed.parcels.indexOf(parcel) + 1 }),
        parcel.carton || _("no carton"),
        _("%(grams)s g", { grams: packed.weight(parcel) }),
      ].join(" · "),
    body: () =>
      packed.filled().map(({ carton, weight_g, contents }) => ({
        ...(carton && { carton }),
        ...(weight_g !== null && { weight_g }),
        contents,
      })),
  };
  return packed;
}
function packagesTable(packed) {
  return table(
    packed.parcels.map((parcel, index) => [
      packed.directed && index === packed.current
        ? `▸ ${packed.name(parcel)}`
        : packed.name(parcel),
      contentsOf(parcel) || _("empty"),
    ]),
  );
}

stations.pack = async () => {
  const shipment = await chooseWork(_("Scan or choose a shipment"));
  if (shipment.status === "packed") return shipPackages(shipment);
  const packed = newPacking(shipment);
  for (;;) {
    if (!(await scanPieces(shipment, packed))) return;
    if (packed.own && !(await confirmPackages(shipment, packed))) return;
    const waits = await submitAction(
      "pack",
      {
        shipment: shipment.name,
        scanned: packed.scanned,
        ...(packed.own && { parcels: packed.body() }),
      },
      _("%(name)s packed.", { name: shipment.name }),
    );
    if (!waits) return shipPackages(await fetchWorkUntilOnline(shipment.name));
    if (!waits.refused || !packed.own) return;
    savePending(pendingActions().filter((scan) => scan.id !== waits.id)); // shown; what was scanned stays, the packages can be mended
  }
};
// Each piece that is wanted, scanned; false where the packer leaves.
async function scanPieces(shipment, packed) {
  const isThere = (line) => (packed.scanned[line.sku] ?? 0) >= line.quantity;
  while (!shipment.lines.every(isThere)) {
    const answer = await ask({
      step: "product",
      text: _("Scan each item"),
      choices: [
        [_("New package"), { open: true }],
        [_("Change packages"), { change: true }],
        [_("Another shipment"), null],
      ],
      detail: [
        createElement("p", shipment.name),
        shipment.loose && createElement("p", shipment.loose, { class: "warned" }),
        table(
          shipment.lines.map((line) => [
            line.sku,
            line.name,
            _("%(packed)s of %(quantity)s", {
              packed: packed.scanned[line.sku] ?? 0,
              quantity: line.quantity,
            }),
          ]),
        ),
        (packed.own || packed.parcels.length > 1) && packagesTable(packed),
      ],
      accept: (code) => {
        const line = withBarcode(shipment.lines, code);
        if (!line)
          throw new ScanError(_("%(code)s isn't part of %(name)s.", { code, name: shipment.name }));
        const sum = (packed.scanned[line.sku] ?? 0) + line.barcodes[code];
        if (sum > line.quantity)
          throw new ScanError(
            _("That makes %(sum)s × %(sku)s, but the shipment needs %(quantity)s.", {
              sum,
              sku: line.sku,
              quantity: line.quantity,
            }),
          );
        return { sku: line.sku, count: line.barcodes[code] };
      },
    });
    if (!answer) return false;
    if (answer.open) packed.open();
    else if (answer.change) await changePackages(packed);
    else {
      packed.add(answer.sku, answer.count);
      if (packed.parcels.length > 1)
        showMessage(
          _("%(sku)s → package %(number)s", { sku: answer.sku, number: packed.current + 1 }),
        );
    }
  }
  return true;
}
// The packer's own packages are shown before they are packed; false where the packer leaves.
async function confirmPackages(shipment, packed) {
  for (;;) {
    packed.parcels = packed.filled();
    packed.current = Math.min(packed.current, packed.parcels.length - 1);
    const answer = await ask({
      text: _("Everything is scanned"),
      choices: [
        [_("Pack"), { pack: true }, "first"],
        [_("Change packages"), { change: true }],
        [_("Another shipment"), null],
      ],
      detail: [
        createElement("p", _("Scan %(name)s again, or press Pack.", { name: shipment.name }), {
          class: "quiet",
        }),
        packagesTable(packed),
      ],
      accept: (code) => {
        if (code !== shipment.name)
          throw new ScanError(
            _("Everything is scanned. Scan %(name)s again, or press Pack.", {
              name: shipment.name,
            }),
          );
        return { pack: true };
      },
    });
    if (!answer) return false;
    const heavy = answer.pack && packed.parcels.find(packed.tooHeavy);
    if (heavy)
      alarm(
        _(
          "%(name)s is too heavy: carton %(carton)s holds up to %(most)s g. Take another carton or move units.",
          {
            name: packed.name(heavy),
            carton: heavy.carton,
            most: packed.cartons[heavy.carton].max_weight_g,
          },
        ),
      );
    else if (answer.pack) return true;
    else await changePackages(packed);
  }
}
async function changePackages(packed) {
  packed.own = true;
  for (;;) {
    const parcel = await ask({
      text: _("Choose a package"),
      detail: packagesTable(packed),
      choices: [
        ...packed.parcels.map((each) => [packed.name(each), each]),
        [_("New package"), "new"],
        [_("Done"), null, "first"],
      ],
    });
    if (!parcel) return;
    if (parcel === "new") packed.open();
    else await changePackage(packed, parcel);
  }
}
async function changePackage(packed, parcel) {
  const todo = await ask({
    text: packed.name(parcel),
    detail: createElement("p", contentsOf(parcel) || _("empty")),
    choices: [
      [_("Scan into this package"), "current"],
      [_("Choose carton"), "carton"],
      [_("Enter weight"), "weight"],
      ...(unitsIn(parcel) ? [[_("Move units"), "move"]] : []),
      [_("Back"), null],
    ],
  });
  if (todo === "current")
    [packed.directed, packed.current] = [true, packed.parcels.indexOf(parcel)];
  if (todo === "carton")
    parcel.carton = await ask({
      text: _("Choose a carton"),
      accept: (code) => {
        if (!(code in packed.cartons)) throw new ScanError(_("%(code)s isn't a carton.", { code }));
        return code;
      },
      choices: [
        ...Object.values(packed.cartons).map((carton) => [
          _("%(code)s · up to %(most)s g", { code: carton.code, most: carton.max_weight_g }),
          carton.code,
        ]),
        [_("No carton"), NO_CARTON],
      ],
    });
  if (todo === "weight")
    parcel.weight_g = await ask({
      text: _("Weight in grams"),
      detail: createElement("p", _("Of carton and contents, as on the scale.")),
      number: packed.weight(parcel),
      answers: [[_("OK"), (grams) => grams]],
      choices: [[_("Calculate it"), null]],
    });
  if (todo === "move") await moveUnits(packed, parcel);
}
async function moveUnits(packed, from) {
  const skus = Object.keys(from.contents);
  const sku =
    skus.length === 1
      ? skus[0]
      : await ask({
          step: "product",
          text: _("Which product?"),
          choices: skus.map((each) => [`${from.contents[each]} × ${each}`, each]),
        });
  const most = from.contents[sku];
  const count =
    most === 1
      ? 1
      : await ask({
          step: "quantity",
          text: _("How many of %(most)s × %(sku)s?", { most, sku }),
          number: most,
          answers: [
            [
              _("OK"),
              (entered) => {
                if (entered < 1 || entered > most)
                  throw new ScanError(_("Enter 1 to %(most)s.", { most }));
                return entered;
              },
            ],
          ],
        });
  const others = packed.parcels.filter((each) => each !== from);
  const chosen = await ask({
    step: "place",
    text: _("Into which package?"),
    choices: [...others.map((each) => [packed.name(each), each]), [_("New package"), "new"]],
  });
  const to = chosen === "new" ? packed.open(from.carton) : chosen;
  packed.directed = true;
  addUnits(from, sku, -count);
  addUnits(to, sku, count);
  from.weight_g = to.weight_g = null; // weighed before
}

async function shipPackages(shipment) {
  for (let tries = 0; shipment && !shipment.tracking.length && tries < 20; tries += 1) {
    if (shipment.alarms?.length) return; // nobody buys its labels now; the alarm has said so
    await new Promise((resolve) => setTimeout(resolve, 500));
    shipment = await fetchWorkUntilOnline(shipment.name);
  }
  if (!shipment) return;
  const scanned = [],
    print = createElement("a", _("Print labels"), {
      href: shipment.labels_url,
      target: "_blank",
    });
  while (scanned.length < shipment.tracking.length) {
    const number = await ask({
      step: "product",
      text: _("Scan each package label as you hand it over"),
      choices: [[_("Later"), null]],
      detail: [
        createElement(
          "p",
          _("%(name)s: %(scanned)s of %(tracking)s labels", {
            name: shipment.name,
            scanned: scanned.length,
            tracking: shipment.tracking.length,
          }),
        ),
        print,
      ],
      accept: (code) => {
        const label = shipment.labels[code.replace(/^\]C1/, "")];
        if (!label)
          throw new ScanError(
            _("%(code)s isn't a label of %(name)s.", { code, name: shipment.name }),
          );
        if (scanned.includes(label))
          throw new ScanError(_("You already scanned %(code)s.", { code }));
        return label;
      },
    });
    if (!number) return;
    scanned.push(number);
  }
  if (!scanned.length) {
    alarm(
      _("No labels for %(name)s yet. The carrier hasn't responded; try again in a moment.", {
        name: shipment.name,
      }),
    );
    return;
  }
  await submitAction(
    "ship",
    { shipment: shipment.name, tracking: scanned },
    _("%(name)s shipped.", { name: shipment.name }),
  );
}
