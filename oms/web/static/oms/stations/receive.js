stations["put-away"] = async () => {
  const { lines, bins } = (await fetchWorkUntilOnline()) ?? { lines: [], bins: [] };
  const line = await ask({
    step: "product",
    text: lines.length ? _("Scan a product") : _("Nothing to put away"),
    choices: [[_("Refresh"), null]],
    detail: [
      table(
        lines.map((each) => [
          each.sku,
          each.name,
          each.lot,
          each.quantity,
          each.bin ? `→ ${each.bin}` : "",
        ]),
      ),
    ],
    accept: (code) => {
      const found = withBarcode(lines, code);
      if (!found) throw new ScanError(_("%(code)s isn't waiting to be put away.", { code }));
      return { ...found, count: found.barcodes[code] };
    },
  });
  if (!line) return;
  const lot = await askLot(line);
  const there = lines.find((each) => each.sku === line.sku && each.lot === lot);
  if (!there) {
    alarm(_("Lot %(lot)s of %(sku)s isn't waiting to be put away.", { lot, sku: line.sku }));
    return;
  }
  const { count } = await askQuantity(there, {
    count: Math.min(line.count, there.quantity),
    most: there.quantity,
  });
  const to = await ask({
    step: "place",
    text: there.bin || _("Scan a bin"),
    detail: describe(there, _("%(count)s to put away", { count })),
    accept: (code) => {
      if (!bins.includes(code))
        throw new ScanError(_("%(code)s isn't a bin in this warehouse.", { code }));
      return code;
    },
  });
  await submitAction(
    "put_away",
    { sku: line.sku, lot, quantity: count, to },
    _("Put %(count)s × %(sku)s into %(to)s.", { count, sku: line.sku, to }),
  );
};

// Of which lot or with which serial numbers something came, and how many; many serial numbers are one act.
async function receiveProduct(product, count) {
  const more = _("%(outstanding)s outstanding", { outstanding: product.outstanding });
  if (product.tracking === "serial") {
    const { serials, way } = await askSerials(
      product,
      [
        [_("Good"), "good", "first"],
        [_("Damaged"), "damaged"],
        [_("Another product"), null],
      ],
      { more },
    );
    const came = way ? serials.length : 0,
      expires_on = came ? await askExpiry(product) : "";
    return {
      lot: serials.join(" "),
      expires_on,
      good: way === "good" ? came : 0,
      damaged: way === "damaged" ? came : 0,
    };
  }
  const lot = await askLot(product),
    expires_on = await askExpiry(product, lot);
  const answer = await askQuantity(product, {
    count,
    more,
    answers: [
      [_("Good"), (good) => ({ good, damaged: 0 })],
      [_("Damaged"), (damaged) => ({ good: 0, damaged })],
    ],
  });
  return { lot, expires_on, ...answer };
}
stations.receive = async () => {
  const order = await chooseWork(_("Scan or choose a purchase order"));
  for (;;) {
    const line = await ask({
      step: "product",
      text: _("Scan a product"),
      choices: [[_("Finish this order"), null]],
      detail: [
        createElement("p", order.name),
        table(
          order.lines.map((each) => [
            each.sku,
            each.name,
            _("%(outstanding)s outstanding", { outstanding: each.outstanding }),
          ]),
        ),
      ],
      accept: (code) => {
        const found = withBarcode(order.lines, code);
        if (!found)
          throw new ScanError(_("%(code)s isn't on %(name)s.", { code, name: order.name }));
        return { found, count: found.barcodes[code] };
      },
    });
    if (!line) return;
    const { found } = line,
      { lot, expires_on, good, damaged } = await receiveProduct(found, line.count);
    if (!good && !damaged) continue;
    let accept_more = false;
    if (found.most !== undefined && good + damaged > found.most) {
      accept_more = await ask({
        step: "quantity",
        text: _("%(count)s is more than ordered", { count: good + damaged }),
        detail: describe(
          found,
          _("%(outstanding)s outstanding", { outstanding: found.outstanding }),
        ),
        choices: [
          [_("Count again"), false],
          [_("Accept more"), true],
        ],
      });
      if (!accept_more) continue;
    }
    if (found.most !== undefined) found.most -= good + damaged;
    found.outstanding = Math.max(0, found.outstanding - good - damaged);
    submitAction(
      "receive",
      {
        order: order.name,
        sku: found.sku,
        lot,
        good,
        damaged,
        ...(expires_on && { expires_on }),
        ...(accept_more && { accept_more }),
      },
      _("Received %(count)s × %(sku)s for %(name)s.", {
        count: good + damaged,
        sku: found.sku,
        name: order.name,
      }),
    );
    if (order.lines.every((each) => !each.outstanding)) {
      await sending;
      return;
    }
  }
};
