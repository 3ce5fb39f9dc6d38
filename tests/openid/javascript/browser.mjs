// The other end of tests/openid/conversation.py: a browser that this program can ask for, by one line of JSON.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The URL at which the browser arrives that begins with `until`. It does not request that URL. */
export async function visit(url, until) {
  process.stdout.write(`${JSON.stringify({ visit: String(url), until })}\n`);
  const { value } = await lines.next();
  return new URL(value);
}

/** Say what was seen, and end. */
export function report(facts) {
  process.stdout.write(`${JSON.stringify({ report: facts })}\n`, () => process.exit(0));
}
