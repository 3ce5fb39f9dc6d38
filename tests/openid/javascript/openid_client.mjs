// openid-client: a confidential web application, with a URL for back-channel logout.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { report, visit } from "./browser.mjs";

const [issuer, clientId, secret, home] = process.argv.slice(2);

const config = await client.discovery(new URL(issuer), clientId, secret, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
});
const logoutToken = receiveLogoutToken();

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: `${home}/callback`,
  scope: "openid profile email offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
  max_age: "600",
});
const answer = await visit(url, `${home}/callback`);
const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 600, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(config, answer, checks);
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const afterwards = refreshed.claims();

const goodbye = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: `${home}/goodbye`,
  id_token_hint: tokens.id_token,
  state: expectedState,
});
const arrival = await visit(goodbye, `${home}/goodbye`);
assert.equal(arrival.searchParams.get("state"), expectedState);
await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: "invalid_grant" });

const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
const { payload: logout } = await jwtVerify(await logoutToken, keys, {
  issuer,
  audience: clientId,
  typ: "logout+jwt",
  algorithms: ["RS256"],
  requiredClaims: ["iat", "exp", "jti", "events", "sid"],
});
report({ claims, userinfo, afterwards, logout });

async function receiveLogoutToken() {
  const server = createServer().listen(new URL(home).port, "127.0.0.1");
  const [request, response] = await once(server, "request");
  assert.equal(`${request.method} ${request.url}`, "POST /backchannel-logout");
  const form = new URLSearchParams(await text(request));
  response.setHeader("Cache-Control", "no-store").end();
  server.close();
  return form.get("logout_token");
}
