// What a person does with the form of a page: look at it, fill in what it requires, garble it, empty it, send it.
// Loaded into each page by the tests.
(() => {
  const unseen = new Set(["hidden", "submit", "button", "reset", "image"]);
  const formOf = (page) => [...page.querySelectorAll("form[method=post]")].find((each) =>
    each.id.endsWith("_form") || each.classList.contains("oms-form"));
  const controls = (form) => [...form.elements].filter((each) => each.name && !unseen.has(each.type) && !each.disabled
    && !each.name.includes("__prefix__"));
  const words = (element) => element.textContent.trim().replace(/\s+/g, " ");
  const banner = /^Please correct the errors? below\.$/;
  const messages = (page) => [...page.querySelectorAll(".errornote, .text-red-600, .oms-error")]
    .filter((each) => words(each) && words(each) !== "*" && !banner.test(words(each)) && !each.closest("a, button"));

  const suggested = async (select) => {
    const query = new URLSearchParams({ app_label: select.dataset.appLabel, model_name: select.dataset.modelName,
      field_name: select.dataset.fieldName, term: "" });
    const answer = await fetch(`/admin/autocomplete/?${query}`);
    if (!answer.ok) throw new Error(`${select.name}: its search answers ${answer.status}`);
    const { results } = await answer.json();
    if (results.length) select.add(new Option(results[0].text, results[0].id, true, true));
  };

  const chosen = new Set();
  const fill = async (element, hints) => {
    const name = element.name.split("-").pop();
    if (element.tagName === "SELECT" && element.classList.contains("admin-autocomplete")) await suggested(element);
    else if (element.tagName === "SELECT") {
      const options = [...element.options].filter((each) => each.value);
      const option = options.find((each) => !chosen.has(each.text)) || options[0];
      if (option) { option.selected = true; chosen.add(option.text); }
    } else if (element.type === "checkbox" || element.type === "radio") element.checked = true;
    else if (name in hints) element.value = hints[name];
    else if (element.type === "number") element.value = Math.max(Number(element.min) || 0, 1);
    else if (element.type === "email") element.value = "ann@example.com";
    else if (element.type === "url") element.value = "https://shop.example.com/hook";
    else if (element.className.includes("vDateField")) element.value = hints.day;
    else if (element.className.includes("vTimeField")) element.value = "12:00";
    else if (element.type !== "file") element.value = `T${hints.number}`;
  };

  const has = (form, element) => element.type === "radio"
    ? [...form.querySelectorAll(`[name="${element.name}"]`)].some((each) => each.checked)
    : element.type === "checkbox" ? element.checked : element.value;

  const complete = async (form, hints) => {  // as little as is asked for
    chosen.clear();
    for (const element of controls(form))
      if ((element.required || element.type === "email") && !has(form, element)) await fill(element, hints);
  };

  // What people try next, where that was not enough: one piece of each row, its choices, texts, one choice, all.
  const isRow = (element) => element.name.includes("-");
  const isText = (element) => ["text", "textarea"].includes(element.type) && !element.className.includes("vDateField");
  const further = [
    async (form) => {
      const rows = new Set();
      for (const element of controls(form).filter((each) => each.type === "number" && isRow(each))) {
        const row = element.name.slice(0, element.name.lastIndexOf("-"));
        if (!rows.has(row)) element.value = 1;
        rows.add(row);
      }
    },
    async (form) => {
      for (const element of controls(form).filter((each) => each.tagName === "SELECT" && isRow(each))) {
        const option = [...element.options].find((each) => each.value);
        if (!has(form, element) && option) option.selected = true;
      }
    },
    async (form, hints) => {
      for (const element of controls(form))
        if (isText(element) && !isRow(element) && !has(form, element)) await fill(element, hints);
    },
    async (form, hints) => {
      const empty = controls(form).find((each) => each.tagName === "SELECT" && !has(form, each));
      if (empty) await fill(empty, hints);
    },
    async (form, hints) => {
      for (const element of controls(form)) {
        if (element.type === "number" && Number(element.value) === 0) element.value = 1;
        else if (!has(form, element) && (isText(element) || element.tagName === "SELECT")) await fill(element, hints);
      }
    },
  ];

  const post = async (form, path) => {
    const answer = await fetch(path, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (answer.type === "opaqueredirect") return { saved: true, wrong: [] };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { saved: false, wrong: [answer.status, ...messages(page).map(words)] };
  };

  const lacks = (form) => controls(form).some((each) => each.required && !has(form, each));

  const attempt = async (page, { path, saves, hints, steps, whole }, isShown) => {
    const form = formOf(page);
    const found = { error: "", fields: form ? controls(form).filter(isShown).length : 0, saved: false, wrong: [] };
    if (!saves) return found;
    if (!form) return { ...found, error: "there is no form to save" };
    try {
      await complete(form, hints);
      if (whole && lacks(form)) return found;  // there is nothing to choose from yet
      Object.assign(found, await post(form, path));
      for (const step of further.slice(0, steps)) {
        if (found.saved || found.wrong[0] >= 500) break;
        await step(form, hints);
        const next = await post(form, path);
        found.saved = next.saved;
        found.wrong.push(...next.wrong);
      }
      return found;
    } catch (error) {
      return { ...found, error: String(error) };
    }
  };

  window.omsForms = {
    tried: (asked) => attempt(document, asked, (each) => each.checkVisibility() || each.parentElement.checkVisibility()),
    fetched: async (asked) => {
      const answer = await fetch(asked.path, { redirect: "manual" });
      if (answer.status !== 200) return { error: `does not open: ${answer.status || "sent elsewhere"}` };
      return attempt(new DOMParser().parseFromString(await answer.text(), "text/html"), asked, () => true);
    },
    tables: () => [...document.querySelectorAll("[name$='-TOTAL_FORMS']")]
      .map((each) => each.name.replace("-TOTAL_FORMS", "")).filter((prefix) => document.getElementById(`${prefix}-empty`)),
    garble: (prefix) => {  // a row more, with what none of its fields takes; false where it has none
      const form = formOf(document);
      const total = form.elements[`${prefix}-TOTAL_FORMS`];
      let count = 0;
      for (const each of document.getElementById(`${prefix}-empty`).querySelectorAll("input, select, textarea")) {
        if (!each.name.includes("__prefix__") || unseen.has(each.type) || each.type === "checkbox") continue;
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: each.name.replace("__prefix__", total.value), value: "x\u000by" });
        form.append(input);
        count += 1;
      }
      total.value = Number(total.value) + 1;
      return count > 0;
    },
    empty: () => {
      for (const element of controls(formOf(document))) {
        if (element.type === "checkbox" || element.type === "radio") element.checked = false;
        else if (element.tagName === "SELECT") element.selectedIndex = -1;
        else element.value = "";
      }
    },
    send: () => HTMLFormElement.prototype.submit.call(formOf(document)),
    wrong: () => messages(document).filter((each) => each.checkVisibility()).map(words),
  };
})();
