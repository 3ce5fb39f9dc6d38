// Fills the page with the posts of the person who is signed in. The access token is in the memory of this page alone.

const contents = document.getElementById("contents");

async function accessToken() {
  // If the page is left meanwhile, the answer is still received: it brings the cookie for the next call.
  const answer = await fetch("/auth/token", { method: "POST", keepalive: true });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(`/auth/token: ${answer.status}`);
  return (await answer.json()).access_token;
}

async function show() {
  const token = await accessToken();
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  const answer = await fetch("/mine/contents", { headers });
  if (!answer.ok) throw new Error(`/mine/contents: ${answer.status}`);
  contents.innerHTML = await answer.text();
}

async function signOut() {
  const answer = await fetch("/auth/sign-out", { method: "POST" });
  if (!answer.ok) throw new Error(`/auth/sign-out: ${answer.status}`);
  location.assign((await answer.json()).continue_at ?? "/mine");
}

function run(work) {
  work().catch(() => {
    contents.innerHTML = document.getElementById("failed").innerHTML;
  });
}

contents.addEventListener("click", (event) => {
  if (event.target.id === "sign-out") run(signOut);
});
run(show);
