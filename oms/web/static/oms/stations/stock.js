// What lies there of a product: of a lot that nobody knows, the date is asked; each serial number is one piece.
async function countProduct(product, before) {
  const { sku } = product;
  const dateOf = async (lot) =>
    product.has_expiry && !product.lots.includes(lot) && !before.some((row) => row.lot === lot)
      ? { expires_on: await askExpiry(product, _("Lot %(lot)s is new", { lot }), []) }
      : {};
  if (product.tracking === "serial") {
    const { serials } = await askSerials(product, [[_("Another product"), null, "first"]], {
      taken: before.map((row) => row.lot),
    });
    const rows = [];
    for (const lot of serials) rows.push({ sku, lot, quantity: 1, ...(await dateOf(lot)) });
    return rows;
  }
  const lot = await askLot(product),
    date = await dateOf(lot);
  const { count } = await askQuantity(product, { count: product.count });
  return [{ sku, lot, quantity: count, ...date }];
}
stations.count = async () => {
  const { name } = await ask({
    step: "place",
    text: _("Scan a bin to count"),
    accept: async (code) => await fetchWork(code),
  });
  const found = [];
  for (;;) {
    const product = await ask({
      step: "product",
      text: _("Scan the items in %(name)s", { name }),
      choices: [[_("Finish bin"), null]],
      detail: [table(found.map((row) => [row.sku, row.lot, row.expires_on ?? "", row.quantity]))],
      accept: async (code) => {
        const known = await fetchWork(code, true);
        if (!known.product) throw new ScanError(_("%(code)s isn't a product.", { code }));
        return { ...known, count: known.barcodes[code] ?? 1 };
      },
    });
    if (!product) break;
    for (const row of await countProduct(
      product,
      found.filter((each) => each.sku === product.sku),
    )) {
      const before = found.find((each) => each.sku === row.sku && each.lot === row.lot);
      if (before) before.quantity += row.quantity;
      else found.push(row);
    }
  }
  await submitAction("count", { bin: name, found }, _("%(name)s counted.", { name }));
};

stations.move = async () => {
  const bin = async (code) => {
    const known = await fetchWork(code, true);
    if (!known.bin) throw new ScanError(_("%(code)s isn't a bin.", { code }));
    return known;
  };
  const from = await ask({ step: "place", text: _("Scan the source bin"), accept: bin });
  const product = await ask({
    step: "product",
    text: _("Scan the item to move from %(bin)s", { bin: from.bin }),
    detail: [table(from.rows)],
    accept: (code) => {
      const known = withBarcode(from.products, code);
      if (!known) throw new ScanError(_("%(code)s isn't in %(bin)s.", { code, bin: from.bin }));
      return { ...known, count: known.barcodes[code] };
    },
  });
  const lot = await askLot(product);
  const { count } = await askQuantity(product, { count: product.count });
  const to = await ask({
    step: "place",
    text: _("Scan the destination bin"),
    detail: describe(product, _("%(count)s from %(bin)s", { count, bin: from.bin })),
    accept: async (code) => {
      if (code === from.bin)
        throw new ScanError(_("%(code)s is the source bin. Scan the destination bin.", { code }));
      return bin(code);
    },
  });
  await submitAction(
    "move",
    { sku: product.sku, lot, quantity: count, from: from.bin, to: to.bin },
    _("Moved %(count)s × %(sku)s to %(bin)s.", { count, sku: product.sku, bin: to.bin }),
  );
};

stations["look-up"] = async () => {
  let known = null;
  for (;;) {
    known = await ask({
      text: known ? (known.sku ?? (known.bin || known.kind)) : _("Scan any barcode"),
      detail: known
        ? [
            createElement(
              "p",
              known.sku
                ? _("%(name)s · %(available)s available", {
                    name: known.name,
                    available: known.available,
                  })
                : known.kind,
            ),
            table(known.rows),
          ]
        : [],
      accept: (code) => fetchWork(code),
    });
  }
};
