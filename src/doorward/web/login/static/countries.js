// Countries by the names the reader knows them by, in that order, and fewer of them while something is searched for.

const { lang } = document.documentElement;
const names = new Intl.DisplayNames([lang], { type: "region" });
const named = [...document.querySelectorAll("[data-country], [value^='selection-action::']")];
for (const one of named) {
  const [code, prefix] = (one.dataset.country ?? one.value.split("::")[1]).split("+");
  const label = Object.assign(document.createElement("bdi"), { textContent: names.of(code) });
  const number = Object.assign(document.createElement("bdi"), { dir: "ltr", textContent: `+${prefix}` });
  one.replaceChildren(label, " ", number);
}

const search = document.querySelector("[data-search]");
if (search) {
  const { compare } = new Intl.Collator(lang);
  const sorted = named.toSorted((a, b) => compare(a.textContent, b.textContent));
  const last = search.form.querySelector('[value="back-action"]');
  for (const one of sorted) search.form.insertBefore(one, last);
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const found = () => sorted.filter((one) => plain(one.textContent).includes(plain(search.value.trim())));
  search.hidden = false;
  search.focus();
  search.addEventListener("input", () => {
    const shown = new Set(found());
    for (const one of sorted) one.hidden = !shown.has(one);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (search.value.trim()) found()[0]?.click();
  });
}
