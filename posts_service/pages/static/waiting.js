// Waiting for a service that cannot be reached.

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
