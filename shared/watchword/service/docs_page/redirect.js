// The end of a sign-in for the documentation page: hands the issuer's answer over to it, and closes the window.

const answer = Object.fromEntries(new URLSearchParams(location.search));
// Neither the history of the browser nor a bookmark keeps the code.
history.replaceState(null, "", location.pathname);

const answers = new BroadcastChannel("watchword-docs-sign-in");
answers.onmessage = ({ data }) => {
  if (answer.state === undefined || data?.received !== answer.state) return;
  document.getElementById("outcome").textContent = "The documentation page goes on. You can close this window.";
  // Not every browser allows it.
  window.close();
};
answers.postMessage(answer);
