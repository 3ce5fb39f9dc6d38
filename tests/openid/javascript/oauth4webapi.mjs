// oauth4webapi: a public client, each step by itself, and each answer checked.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { report, visit } from "./browser.mjs";

const [issuer, clientId, audience, home] = process.argv.slice(2);
const options = { [oauth.allowInsecureRequests]: true };
const client = { client_id: clientId };
const publicClient = oauth.None();
const redirectUri = `${home}/callback`;

const server = await discovered({ algorithm: "oidc" });
assert.deepEqual((await discovered({ algorithm: "oauth2" })).token_endpoint, server.token_endpoint);

const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const url = new URL(server.authorization_endpoint);
url.search = new URLSearchParams({
  client_id: clientId,
  response_type: "code",
  redirect_uri: redirectUri,
  scope: "openid email offline_access posts:write",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
const answer = oauth.validateAuthResponse(server, client, await visit(url, redirectUri), state);

const exchanged = await oauth.authorizationCodeGrantRequest(
  server, client, publicClient, answer, redirectUri, verifier, options,
);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(server, exchanged, options);
const claims = oauth.getValidatedIdTokenClaims(tokens);

const asked = await oauth.userInfoRequest(server, client, tokens.access_token, options);
const userinfo = await oauth.processUserInfoResponse(server, client, claims.sub, asked);
const own = await oauth.validateJwtAccessToken(server, requestWith(tokens), issuer, options);

// The grant reaches over several services: the next token is for another one.
const refreshing = await oauth.refreshTokenGrantRequest(server, client, publicClient, tokens.refresh_token, {
  ...options,
  additionalParameters: { resource: audience },
});
const refreshed = await oauth.processRefreshTokenResponse(server, client, refreshing);
const foreign = await oauth.validateJwtAccessToken(server, requestWith(refreshed), audience, options);
await assert.rejects(oauth.validateJwtAccessToken(server, requestWith(tokens), audience, options));

const revoked = await oauth.revocationRequest(server, client, publicClient, refreshed.refresh_token, options);
await oauth.processRevocationResponse(revoked);
const late = await oauth.refreshTokenGrantRequest(server, client, publicClient, refreshed.refresh_token, options);
await assert.rejects(oauth.processRefreshTokenResponse(server, client, late), { error: "invalid_grant" });

report({ claims, userinfo, own, foreign });

async function discovered(kind) {
  const response = await oauth.discoveryRequest(new URL(issuer), { ...options, ...kind });
  return oauth.processDiscoveryResponse(new URL(issuer), response);
}

function requestWith({ access_token: token }) {
  return new Request(issuer, { headers: { Authorization: `Bearer ${token}` } });
}
