// Comfort on top of pages that work without it: show a password, say what is missing before the
// server does, tick off password rules while typing, press the one button of a page that has no other.

for (const toggle of document.querySelectorAll('[data-action="toggle"]')) {
  const input = toggle.parentElement.querySelector("input");
  const label = toggle.firstElementChild;
  const texts = [label.textContent, label.dataset.hide];
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    label.textContent = texts[Number(shown)];
    input.focus();
  });
  // Password managers and browsers save what was typed into a password field only.
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

for (const copy of document.querySelectorAll('[data-action="copy"]')) {
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", () => navigator.clipboard.writeText(copy.dataset.copy));
}

const hintsOf = (input) => [...input.closest(".ulp-field").querySelectorAll(".ulp-error-info")];

function hintFor(input) {
  const { valueMissing, valid } = input.validity;
  if (valid) return null;
  const hints = hintsOf(input);
  return (valueMissing ? hints.find((hint) => hint.id.endsWith("-required")) : hints[1]) ?? hints[0];
}

function judge(input) {
  const hint = hintFor(input);
  for (const other of hintsOf(input)) other.hidden = other !== hint;
  if (hint) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", hint.id);
  } else {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  return hint;
}

// A tenant's own fields (``.ulp-field`` of a partial) say by attributes which functions of the page judge them.
const infosOf = (field) => [...field.querySelectorAll(".ulp-error-info")];

function judgeOwn(field, submitted) {
  const input = field.querySelector("input, select, textarea");
  if (!input) return true;
  const infos = infosOf(field);
  const wrong = infos.find((info) => {
    const judges = window[info.dataset.ulpValidationFunction];
    return typeof judges === "function" && !judges(input, submitted);
  });
  const valid = !wrong && input.checkValidity();
  field.classList.toggle("ulp-error", !valid);
  for (const info of infos) info.classList.toggle("ulp-validator-error", info === wrong);
  if (valid) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
  if (!valid && !infos.length && submitted) input.reportValidity();
  return valid;
}

const form = document.querySelector('form[data-form-primary="true"]');
if (form) {
  const inputs = [...form.querySelectorAll("._input-wrapper .ulp-field input")];
  const own = [...form.querySelectorAll(".ulp-field")].filter((field) => !field.closest("._input-wrapper"));
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formNoValidate) return;
    const wrong = inputs.filter(judge);
    const refused = own.filter((field) => !judgeOwn(field, true));
    if (wrong.length + refused.length === 0) return;
    event.preventDefault();
    (wrong[0] ?? refused[0].querySelector("input, select, textarea")).focus();
    const announcer = document.getElementById("ulp-error-announcer");
    const infos = refused.map((field) => field.querySelector(".ulp-validator-error") ?? infosOf(field)[0]);
    const hints = [...wrong.map(hintFor), ...infos];
    announcer.textContent = hints.map((hint) => hint?.textContent.trim()).join(" ");
  });
  for (const input of inputs) {
    input.addEventListener("input", () => {
      if (input.hasAttribute("aria-invalid")) judge(input);
    });
  }
  for (const field of own) {
    const events = infosOf(field).flatMap((info) => info.dataset.ulpValidationEventListeners?.match(/\w+/g) ?? []);
    for (const name of new Set(events)) field.addEventListener(name, () => judgeOwn(field, false), true);
  }
}

const passes = {
  nonEmpty: (text) => text.length > 0,
  lengthAtLeast: (text, count) => [...text].length >= count,
  lowerCase: (text) => /[a-z]/.test(text),
  upperCase: (text) => /[A-Z]/.test(text),
  numbers: (text) => /[0-9]/.test(text),
  specialCharacters: (text) => /[^\sA-Za-z0-9]/.test(text),
  identicalChars: (text, count) => !new RegExp(`(.)\\1{${count}}`, "su").test(text),
};

function mark(rule, text) {
  const items = [...rule.querySelectorAll(":scope > ul > li")].map((item) => mark(item, text));
  const count = Number(rule.dataset.count);
  const met = items.length
    ? items.filter(Boolean).length >= (rule.dataset.rule === "containsAtLeast" ? count : items.length)
    : passes[rule.dataset.rule]?.(text, count) ?? false;
  // What is not met yet is no fault while typing: only what is met is coloured.
  if (met) rule.dataset.met = "true";
  else delete rule.dataset.met;
  const state = rule.querySelector(":scope > .visually-hidden");
  state.textContent = text && ` ${met ? state.dataset.valid : state.dataset.invalid}`;
  return met;
}

const password = document.querySelector('input[autocomplete="new-password"]');
const rules = document.querySelectorAll(".password-rules > ul > li");
password?.addEventListener("input", () => { for (const rule of rules) mark(rule, password.value); });

// Whoever opened a link in a mail meant it; what fetches links to look into them posts nothing.
const waiting = document.querySelector("form[data-presses-itself]");
waiting?.requestSubmit(waiting.querySelector("[data-action-button-primary]"));
