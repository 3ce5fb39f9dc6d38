// The documentation page: Swagger UI, whose "Authorize" signs a person in at the issuer, in a window of its own.

const place = document.getElementById("swagger-ui");
const answers = new BroadcastChannel("watchword-docs-sign-in");
let attempt = null;

// In the place of Swagger UI's own authPopup. The state of that one is the time, which can be guessed, and its window
// answers through `opener`, which it has lost on pages with Cross-Origin-Opener-Policy.
function openSignIn(address, oauth2) {
  const url = new URL(address, location.href);
  const state = crypto.getRandomValues(new Uint8Array(32)).reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
  url.searchParams.set("state", state);
  attempt = { oauth2, state };
  window.open(url, "_blank", "noopener");
}

// Every page of this origin that knows the channel is heard, and whoever opens the redirect page speaks through it: only
// the state proves that this is the answer to what this page asked.
answers.onmessage = ({ data }) => {
  if (attempt === null || data?.state !== attempt.state) return;
  const { oauth2, state } = attempt;
  attempt = null;
  answers.postMessage({ received: state });
  if (data.code) {
    oauth2.callback({ auth: { ...oauth2.auth, code: data.code }, redirectUrl: oauth2.redirectUrl });
  } else {
    const message = [data.error ?? "no code", data.error_description].filter(Boolean).join(": ");
    oauth2.errCb({ authId: oauth2.auth.name, source: "auth", level: "error", message });
  }
};

const ui = SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  oauth2RedirectUrl: new URL("docs/oauth2-redirect", location.href).href,
  plugins: [{ statePlugins: { auth: { wrapActions: { authPopup: () => openSignIn } } } }],
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
});
ui.initOAuth({ clientId: place.dataset.clientId, usePkceWithAuthorizationCodeGrant: true });
