// A single-page application with oidc-client-ts: everything but signing in is a request from this origin to another.
const { UserManager } = window.oidc;
const shown = (id) => document.getElementById(id);

async function start() {
  const settings = await (await fetch("/settings.json")).json();
  const manager = new UserManager({
    ...settings,
    redirect_uri: `${location.origin}/callback`,
    post_logout_redirect_uri: `${location.origin}/goodbye`,
    scope: "openid profile email offline_access",
    loadUserInfo: true,
    automaticSilentRenew: false,
  });
  if (location.pathname === "/callback") {
    await manager.signinCallback();
    history.replaceState(null, "", "/");
  } else if (location.pathname === "/goodbye") {
    await manager.signoutCallback();
  }
  const user = await manager.getUser();
  if (user) {
    shown("greeting").textContent = `Signed in as ${user.profile.preferred_username}`;
  }
  const acts = {
    "sign-in": () => manager.signinRedirect(),
    renew: async () => ((await manager.signinSilent()).access_token === user.access_token ? "The same" : "Renewed"),
    "sign-out": () => manager.signoutRedirect(),
  };
  for (const [id, act] of Object.entries(acts)) {
    shown(id).addEventListener("click", async () => {
      shown("outcome").textContent = (await act().catch((error) => `${error.name}: ${error.error ?? error}`)) ?? "";
    });
  }
}

start();
