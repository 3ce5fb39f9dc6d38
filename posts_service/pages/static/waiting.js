// Waiting for a service that cannot be reached.

/** What a form says while its text waits for the service. */
export const TEXT_WAITS =
  "The service cannot be reached at the moment. Your text is kept in this browser, and sent as soon as that changes.";
/** What a form says if the browser does not store its text. */
export const TEXT_IS_NOT_KEPT =
  "Your browser has no room to keep this text: it is lost if you leave the page now. Send it, or copy it elsewhere.";

/** Resolves after so many milliseconds, or as soon as the browser is online again. Rejects if `signal` is aborted. */
export function sleepOrOnline(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });
}
