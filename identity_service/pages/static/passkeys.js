// Passkeys (WebAuthn Level 3). A form with `data-passkey`, which is "create" or "get", sends in its field "credential" what
// an authenticator answers to `data-options`. In a browser that has no passkeys, and without this script, it is hidden.
let controller = null;

function ask(act, json, more) {
  controller?.abort();
  controller = new AbortController();
  const create = act === "create";
  const read = create ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  const options = { publicKey: PublicKeyCredential[read](JSON.parse(json)), signal: controller.signal, ...more };
  return create ? navigator.credentials.create(options) : navigator.credentials.get(options);
}

function send(form, credential) {
  form.elements.namedItem("credential").value = JSON.stringify(credential);
  form.submit();
}

// What the person is told, who can try again, or sign in otherwise.
function tell(form, error) {
  const texts = { InvalidStateError: form.dataset.known, NotAllowedError: form.dataset.cancelled };
  form.querySelector("[aria-live]").textContent = texts[error.name] ?? form.dataset.failed;
}

// The browser offers the passkeys that it has where it fills in the username.
async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    send(form, await ask("get", form.dataset.options, { mediation: "conditional" }));
  } catch {
    // The person has pressed the button, or signs in otherwise.
  }
}

async function submit(form) {
  form.querySelector("[aria-live]").textContent = "";
  try {
    send(form, await ask(form.dataset.passkey, form.dataset.options));
  } catch (error) {
    if (error.name !== "AbortError") tell(form, error);
  }
}

function begin(form) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
  if (form.dataset.conditional !== undefined) offer(form);
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  document.querySelectorAll("form[data-passkey]").forEach(begin);
}
