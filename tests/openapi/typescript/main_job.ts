/** The main job of both services, by clients whose types are generated from the OpenAPI documents. */

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths as IdentityPaths } from "./identity.js";
import type { paths as PostsPaths } from "./posts.js";

type Tokens = components["schemas"]["TokenRead"];

const [identityUrl = "", postsUrl = "", word = ""] = process.argv.slice(2);
const password = "correct horse battery";
const identity = createClient<IdentityPaths>({ baseUrl: identityUrl });
const posts = createClient<PostsPaths>({ baseUrl: postsUrl });

async function signIn(username: string, resource: string): Promise<Tokens> {
  const { data, error } = await identity.POST("/oauth/token", {
    body: { grant_type: "password", username, password, client_id: "web", resource },
    bodySerializer: (form) => new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])),
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  assert.ok(data, JSON.stringify(error));
  return data;
}

function bearer(tokens: Tokens): { Authorization: string } {
  return { Authorization: `Bearer ${tokens.access_token}` };
}

async function register(username: string): Promise<string> {
  const { data, error } = await identity.POST("/users", {
    body: { username, email: `${username}@example.com`, password },
  });
  assert.ok(data, error?.detail);
  return data.id;
}

const [ada, eve] = [`${word}-ada`, `${word}-eve`];
const adaId = await register(ada);
await register(eve);

const twice = await identity.POST("/users", { body: { username: ada, email: `${ada}@example.com`, password } });
assert.equal(twice.response.status, 409);
assert.equal(twice.error?.code, "username_taken");

const tokens = await signIn(ada, postsUrl);
assert.equal(tokens.scope, "posts:write");

const published = await posts.POST("/posts", {
  body: { title: "On engines", body: "They weave algebraical patterns." },
  headers: bearer(tokens),
});
assert.equal(published.response.status, 201);
assert.ok(published.data);
assert.deepEqual(published.data.author, { id: adaId, username: ada });
const params = { path: { post_id: published.data.id } };

const etag = published.response.headers.get("ETag");
assert.ok(etag);
const edited = await posts.PATCH("/posts/{post_id}", {
  params: { ...params, header: { "If-Match": etag } },
  body: { title: "On analytical engines" },
  headers: bearer(tokens),
});
assert.equal(edited.data?.title, "On analytical engines");

const stranger = bearer(await signIn(eve, postsUrl));
const refused = await posts.DELETE("/posts/{post_id}", { params, headers: stranger });
assert.equal(refused.response.status, 403);
assert.equal(refused.error?.code, "not_the_author");

const anonymous = await posts.GET("/posts/{post_id}", { params });
assert.equal(anonymous.data?.title, "On analytical engines");

const own = await signIn(ada, identityUrl);
const sessions = await identity.GET("/sessions", { headers: bearer(own) });
assert.deepEqual(sessions.data?.map((session) => session.current).sort(), [false, true]);

const everywhereElse = await identity.DELETE("/sessions", { headers: bearer(own) });
assert.equal(everywhereElse.response.status, 204);
const { response } = await identity.DELETE("/sessions/current", { headers: bearer(own) });
assert.equal(response.status, 204);

const me = await identity.GET("/users/me", { headers: bearer(own) });
assert.equal(me.response.status, 401);
assert.equal(me.error?.code, "unauthenticated");

// posts hears of it by an event.
const deadline = Date.now() + 60_000;
let last = 0;
while (last !== 401 && Date.now() < deadline) {
  const answer = await posts.PATCH("/posts/{post_id}", { params, body: {}, headers: bearer(tokens) });
  last = answer.response.status;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
assert.equal(last, 401);
console.log("done");
