// A page of another origin that signs people in by itself: everything but signing in is a request from here to identity.
const manager = new oidc.UserManager({
  authority: "http://localhost:8001",
  client_id: "single-page",
  redirect_uri: `${location.origin}/`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: "openid profile email offline_access",
  loadUserInfo: true,
  automaticSilentRenew: false,
});
const element = (id) => document.getElementById(id);

async function start() {
  // People come back with the answer in the query: `code` or `error` of a sign-in, nothing but `state` of a sign-out.
  const answer = new URLSearchParams(location.search);
  if (answer.has("state")) {
    history.replaceState(null, "", "/");
    const isSignIn = answer.has("code") || answer.has("error");
    await manager[isSignIn ? "signinCallback" : "signoutCallback"](`${location.origin}/?${answer}`);
  }
  const user = await manager.getUser();
  if (user) {
    element("greeting").textContent = `Signed in as ${user.profile.preferred_username}`;
  }
}

async function renew() {
  const before = await manager.getUser();
  if (!before) {
    return "There is nothing to renew";
  }
  const after = await manager.signinSilent();
  return after.access_token === before.access_token ? "The same" : "Renewed";
}

// What an act comes to, or why it has failed, is shown below the buttons.
const show = async (act) => {
  element("outcome").textContent = (await act().catch((error) => `${error.name}: ${error.message}`)) ?? "";
};
element("sign-in").onclick = () => show(() => manager.signinRedirect());
element("renew").onclick = () => show(renew);
element("sign-out").onclick = () => show(() => manager.signoutRedirect());
show(start);
