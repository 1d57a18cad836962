// Every country in place of the continents, by the names the reader knows them by and in that order, and fewer of them
// while something is searched for.

const { lang } = document.documentElement;
const search = document.querySelector("[data-search]");
const continents = [...search.form.querySelectorAll("[value^='selection-action::']")];
const names = new Intl.DisplayNames([lang], { type: "region" });
const { compare } = new Intl.Collator(lang);

const sorted = search.dataset.search.match(/[A-Z]+\+\d+/g).map((picked) => {
  const [code, prefix] = picked.split("+");
  const value = `selection-action::${picked}`;
  const button = Object.assign(document.createElement("button"), { type: "submit", name: "action", value });
  button.append(names.of(code), " ", Object.assign(document.createElement("bdi"), { dir: "ltr", textContent: `+${prefix}` }));
  return button;
}).sort((a, b) => compare(a.textContent, b.textContent));
sorted[0].className = continents[0].className;
sorted[0].dataset.actionButtonPrimary = "true";
search.after(...sorted);
for (const one of continents) one.remove();

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
