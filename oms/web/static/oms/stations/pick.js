// Stops that are not done yet, in the order of the walk; what this device has still to send is done.
function stopsLeft(wave) {
  const waiting = pendingActions().filter((scan) => !scan.refused);
  const done = new Set(waiting.map((scan) => scan.body.line));
  const left = new Set(
    waiting.filter((scan) => scan.action === "split").map((scan) => scan.body.shipment),
  );
  return wave.stops.filter((stop) => !done.has(stop.line) && !left.has(stop.shipment));
}
async function walkWave(wave) {
  let stops = stopsLeft(wave);
  const started = new Set(wave.started);
  while (stops.length) {
    const stop = stops[0];
    const what = await pickStop(stop, {
      where: interpolate(
        ngettext(
          "%(name)s: %(count)s pick left · %(shipment)s",
          "%(name)s: %(count)s picks left · %(shipment)s",
          stops.length,
        ),
        { count: stops.length, name: wave.name, shipment: stop.shipment },
        true,
      ),
      ways: [
        [_("Short or damaged"), { short: true }],
        ...(started.has(stop.shipment) && !wave.whole.includes(stop.shipment)
          ? [[_("Ship what is picked"), { split: true }]]
          : []),
      ],
    });
    if (what.split) {
      if (await splitUnpicked(stop, stops))
        stops = stops.filter((each) => each.shipment !== stop.shipment);
      continue;
    }
    if (what.picked) started.add(stop.shipment);
    stops = stops.slice(1);
  }
}
// One stop: its bin, its product and lot, its quantity; or the other way that the picker chose.
async function pickStop(stop, { where, ways }) {
  let answer = await ask({
    step: "place",
    text: stop.bin,
    choices: ways.slice(1),
    detail: describe(
      stop,
      _("Pick %(quantity)s · %(walk_m)s m away", { quantity: stop.quantity, walk_m: stop.walk_m }),
      where,
    ),
    accept: (code) => {
      if (code !== stop.bin)
        throw new ScanError(_("Wrong bin: %(code)s. Go to %(bin)s.", { code, bin: stop.bin }));
      return {};
    },
  });
  if (answer.split) return answer;
  answer = await ask({
    step: "product",
    text: `${stop.sku} ${stop.name}`,
    choices: ways,
    detail: [
      createElement(
        "p",
        stop.lot
          ? _("%(quantity)s from %(bin)s, lot %(lot)s", {
              quantity: stop.quantity,
              bin: stop.bin,
              lot: stop.lot,
            })
          : _("%(quantity)s from %(bin)s", { quantity: stop.quantity, bin: stop.bin }),
      ),
    ],
    accept: (code) => {
      const pack = stop.barcodes[code];
      if (!pack)
        throw new ScanError(
          _("Wrong item: %(code)s. Put it back and scan %(sku)s.", { code, sku: stop.sku }),
        );
      if (pack > stop.quantity)
        throw new ScanError(
          _("This is a pack of %(pack)s, but you only need %(quantity)s.", {
            pack,
            quantity: stop.quantity,
          }),
        );
      return { count: pack };
    },
  });
  let lot = stop.lot;
  if (answer.count) {
    lot = await askLot(stop, stop.lot, stop.lots);
    answer = await askQuantity(stop, { count: answer.count, needed: stop.quantity, choices: ways });
  }
  if (answer.split) return answer;
  if (answer.short) return { picked: await pickShort(stop) };
  submitAction(
    "pick",
    { line: stop.line, quantity: stop.quantity, ...(lot !== stop.lot && { lot }) },
    _("Picked %(quantity)s × %(sku)s from %(bin)s.", {
      quantity: stop.quantity,
      sku: stop.sku,
      bin: stop.bin,
    }),
  );
  return { picked: true };
}
// The picker can't go on: what isn't picked of this shipment moves to a new one. Asks first; false where not.
async function splitUnpicked(stop, stops) {
  const left = stops.filter((each) => each.shipment === stop.shipment);
  const sure = await ask({
    text: _("Ship %(shipment)s without the rest?", { shipment: stop.shipment }),
    detail: [
      createElement("p", _("Not picked yet, moves to a new shipment:"), { class: "quiet" }),
      table(left.map((each) => [each.bin, each.sku, each.quantity])),
    ],
    choices: [
      [_("Move to new shipment"), true, "first"],
      [_("Keep picking"), false],
    ],
  });
  if (!sure) return false;
  const waits = await submitAction(
    "split",
    { shipment: stop.shipment },
    _("%(shipment)s goes without the rest.", { shipment: stop.shipment }),
  );
  return !waits?.refused;
}
async function pickShort(stop) {
  const { found, why } = await ask({
    step: "quantity",
    text: _("How many of %(quantity)s did you find?", { quantity: stop.quantity }),
    detail: describe(stop, stop.bin),
    number: 0,
    answers: [
      [_("Rest missing"), (number) => fewer(number, "missing")],
      [_("Rest damaged"), (number) => fewer(number, "damaged")],
    ],
  });
  submitAction(
    "short",
    { line: stop.line, found, why },
    why === "damaged"
      ? _("%(found)s of %(quantity)s × %(sku)s from %(bin)s, the rest damaged.", {
          found,
          quantity: stop.quantity,
          sku: stop.sku,
          bin: stop.bin,
        })
      : _("%(found)s of %(quantity)s × %(sku)s from %(bin)s, the rest missing.", {
          found,
          quantity: stop.quantity,
          sku: stop.sku,
          bin: stop.bin,
        }),
  );
  return found > 0;
  function fewer(number, reason) {
    if (number >= stop.quantity)
      throw new ScanError(_("Enter fewer than %(quantity)s.", { quantity: stop.quantity }));
    return { found: number, why: reason };
  }
}
// The walk as it is now, where stock left its bin meanwhile and there is more to pick; null without.
async function changedWalk(walked) {
  await sendPending();
  const wave = await fetchWork(walked.name).catch(() => null);
  if (!wave || !stopsLeft(wave).length) return null;
  const news = wave.changes.slice(walked.changes.length);
  alarm(
    news.length
      ? _("The route has changed. %(changes)s", { changes: news.join(" ") })
      : _("Some picks are still open."),
  );
  return wave;
}

stations.pick = async () => {
  let wave = await chooseWork(_("Scan or choose a wave"));
  for (; wave; wave = await changedWalk(wave)) await walkWave(wave);
  await ask({
    text: _("All items picked"),
    detail: [createElement("p", _("Take everything to staging."))],
    choices: [[_("Next wave"), true]],
  });
};
