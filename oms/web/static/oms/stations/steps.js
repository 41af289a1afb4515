// The steps that stations share.
async function chooseWork(text) {
  const named = decodeURIComponent(location.hash.slice(1)).split("/")[1]; // #LON/WV-17: a link to just that
  history.replaceState(null, "", location.pathname);
  if (named) {
    const found = await fetchWorkUntilOnline(named);
    if (found) return found;
  }
  for (;;) {
    const list = await fetchWorkUntilOnline();
    const choices = (list?.choices ?? []).map(({ code, text: what }) => [
      `${code} · ${what}`,
      { name: code },
    ]);
    const found = await ask({
      text,
      choices,
      accept: async (code) => await fetchWork(code),
      detail: createElement("p", choices.length ? "" : _("Nothing to do."), { class: "quiet" }),
    });
    const chosen =
      found.name && Object.keys(found).length === 1
        ? await fetchWorkUntilOnline(found.name)
        : found;
    if (chosen) return chosen;
  }
}
const withBarcode = (products, code) => products.find((product) => code in product.barcodes);
function describe(product, ...more) {
  return [
    createElement("p", `${product.sku} ${product.name}`),
    ...more.filter(Boolean).map((text) => createElement("p", text, { class: "quiet" })),
  ];
}
async function askLot(product, expected = "", others = []) {
  if (product.tracking === "none") return "";
  return ask({
    step: "lot",
    text: expected ? _("Lot %(expected)s", { expected }) : _("Scan the lot barcode"),
    detail: describe(product),
    accept: (code) => {
      if (expected && code !== expected && !others.includes(code))
        throw new ScanError(_("Wrong lot: %(code)s. Take lot %(expected)s.", { code, expected }));
      if (code in product.barcodes)
        throw new ScanError(_("That's the product barcode. Scan the lot barcode."));
      return code;
    },
  });
}
// Serial numbers, scanned one after the other or pasted as a list; `ways` ends with what is to become of them.
async function askSerials(product, ways, { taken = [], more = "" } = {}) {
  const found = [];
  for (;;) {
    const answer = await ask({
      step: "lot",
      text: found.length
        ? interpolate(
            ngettext("%(count)s serial number", "%(count)s serial numbers", found.length),
            { count: found.length },
            true,
          )
        : _("Scan each serial number"),
      detail: [
        ...describe(product, more, _("You can paste a list, or a range like A001..A010.")),
        createElement("p", found.join(", ")),
      ],
      choices: found.length
        ? [...ways, [_("Remove the last"), { remove: true }]]
        : ways.filter(([, value]) => value === null),
      accept: (text) => {
        const codes = text
          .split(/[\s,;]+/)
          .filter(Boolean)
          .flatMap(expandRange);
        const twice = codes.find(
          (code, index) =>
            codes.indexOf(code) < index || found.includes(code) || taken.includes(code),
        );
        if (twice) throw new ScanError(_("You already scanned %(code)s.", { code: twice }));
        if (codes.some((code) => code in product.barcodes))
          throw new ScanError(_("That's the product barcode. Scan the serial number."));
        return { codes };
      },
    });
    if (answer?.codes) found.push(...answer.codes);
    else if (answer?.remove) found.pop();
    else return { serials: found, way: answer };
  }
}
function expandRange(text) {
  const range = text.match(/^(.*?)(\d+)\.\.(.*?)(\d+)$/);
  if (!range) return [text];
  const [, stem, first, other, last] = range,
    count = Number(last) - Number(first) + 1;
  if (stem !== other || count < 1 || count > 1000)
    throw new ScanError(_("“%(text)s” isn't a range like A001..A010.", { text }));
  return Array.from(
    { length: count },
    (_each, index) => stem + String(Number(first) + index).padStart(first.length, "0"),
  );
}
// Lots that expire are received with their date; a lot that is known keeps its own.
async function askExpiry(product, lot = "", choices = [[_("The lot is known"), ""]]) {
  if (!product.has_expiry) return "";
  return ask({
    step: "lot",
    text: _("Expiry date, like 2027-01-31"),
    detail: describe(product, lot),
    choices,
    accept: (code) => {
      if (!/^\d{4}-\d{2}-\d{2}$/.test(code))
        throw new ScanError(_("“%(code)s” isn't a date like 2027-01-31.", { code }));
      return code;
    },
  });
}
// Counts by scanning the product again, or by number. With `needed` it ends by itself when all are there.
async function askQuantity(
  product,
  { count = 1, needed = null, most = null, choices = [], answers = null, more = "" },
) {
  for (;;) {
    if (needed !== null && count === needed) return { count };
    const limit = needed ?? most;
    const answer = await ask({
      step: "quantity",
      text: limit === null ? `${count}` : _("%(count)s of %(limit)s", { count, limit }),
      detail: describe(product, more),
      choices,
      number: needed ?? count,
      answers: answers ?? [
        [
          _("OK"),
          (entered) => {
            if (needed !== null && entered !== needed)
              throw new ScanError(
                _(
                  "Pick %(needed)s, not %(entered)s. If you can't find enough, press “Short or damaged”.",
                  { needed, entered },
                ),
              );
            if (limit !== null && entered > limit)
              throw new ScanError(_("Only %(limit)s available.", { limit }));
            return { count: entered };
          },
        ],
      ],
      accept: (code) => {
        if (!(code in product.barcodes))
          throw new ScanError(_("Wrong item: %(code)s. Scan %(sku)s.", { code, sku: product.sku }));
        const sum = count + product.barcodes[code];
        if (limit !== null && sum > limit)
          throw new ScanError(
            needed === null
              ? _("That makes %(sum)s, but only %(limit)s are available.", { sum, limit })
              : _("That makes %(sum)s, but you only need %(limit)s.", { sum, limit }),
          );
        return { add: product.barcodes[code] };
      },
    });
    if (!answer.add) return answer;
    count += answer.add;
  }
}
