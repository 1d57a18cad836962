// What only a browser can do with a key: ask the authenticator, as the page says, and post its answer with the form.

const field = document.querySelector("[data-webauthn]");
const { form } = field;
const { webauthn: kind, autofill } = field.dataset;
const options = JSON.parse(field.dataset.options ?? "null");
const able = Boolean(window.PublicKeyCredential);
const button = document.querySelector('[data-action="passkey"]');
const waiting = document.querySelector("[data-waiting]");
const filling = new AbortController();

form.elements["webauthn-available"].value = able;

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const decoded = (one) => ({ ...one, id: bytes(one.id) });

function publicKey() {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (asked.user) asked.user = decoded(asked.user);
  for (const list of ["allowCredentials", "excludeCredentials"]) asked[list] = (asked[list] ?? []).map(decoded);
  return asked;
}

async function ask(more) {
  const { id, rawId, type, authenticatorAttachment, response } =
    await navigator.credentials[kind]({ publicKey: publicKey(), ...more });
  const told = kind === "create" ? { transports: response.getTransports?.() ?? [] } : {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) told[part] = text(response[part]);
  }
  field.value = JSON.stringify({ id, rawId: text(rawId), type, authenticatorAttachment, response: told });
  HTMLFormElement.prototype.submit.call(form);
}

function tell({ name, message }) {
  const action = Object.assign(document.createElement("input"), { type: "hidden", name: "action" });
  action.value = `showError::${JSON.stringify({ name, message })}`;
  form.append(action);
  HTMLFormElement.prototype.submit.call(form);
}

if (button && able) {
  button.hidden = false;
  button.addEventListener("click", () => {
    filling.abort();
    // Whoever changed their mind stays where they are.
    ask().catch((error) => error.name === "NotAllowedError" || tell(error));
  });
}

if (autofill !== undefined && able && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
  ask({ mediation: "conditional", signal: filling.signal }).catch(() => {});
}

if (kind === "detect") {
  const platform = able && await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  field.value = platform;
  form.requestSubmit(form.querySelector("[data-action-button-primary]"));
} else if (kind && !button && autofill === undefined) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "default") return;
    event.preventDefault();
    if (waiting) waiting.hidden = false;
    if (able) ask().catch(tell);
    else tell({ name: "NotSupportedError", message: "This browser has no Web Authentication" });
  });
}
