// What differs between two texts, line by line.

// So many pairs of lines are compared at most: 16 MB of memory. More than these come from texts that have little in
// common, or from a few that are very long.
const MOST_PAIRS = 4_000_000;

/** The lines of both texts in their order: `{kind, line}`, where `kind` is "same", "removed" or "added". */
export function differences(before, after) {
  const [older, newer] = [before.split("\n"), after.split("\n")];
  const start = commonStart(older, newer);
  const end = commonStart(older.slice(start).reverse(), newer.slice(start).reverse());
  const [olderMiddle, newerMiddle] = [older.slice(start, older.length - end), newer.slice(start, newer.length - end)];
  return [
    ...marked("same", older.slice(0, start)),
    ...changes(olderMiddle, newerMiddle),
    ...marked("same", older.slice(older.length - end)),
  ];
}

/** The lines that `differences` gives, with at most `context` unchanged ones around each change. What is left out is
 * `{kind: "gap"}`. */
export function shortened(lines, context = 2) {
  const isShown = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ kind }) => kind !== "same"),
  );
  return lines.flatMap((line, index) => {
    if (isShown[index]) return [line];
    return index === 0 || isShown[index - 1] ? [{ kind: "gap", line: "" }] : [];
  });
}

function changes(older, newer) {
  if (older.length * newer.length > MOST_PAIRS) return [...marked("removed", older), ...marked("added", newer)];
  const lengths = commonLengths(older, newer);
  const width = newer.length + 1;
  const lines = [];
  let [i, j] = [0, 0];
  while (i < older.length && j < newer.length) {
    if (older[i] === newer[j]) {
      lines.push({ kind: "same", line: older[i++] });
      j++;
    } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
      lines.push({ kind: "removed", line: older[i++] });
    } else {
      lines.push({ kind: "added", line: newer[j++] });
    }
  }
  return [...lines, ...marked("removed", older.slice(i)), ...marked("added", newer.slice(j))];
}

/** The length of the longest common subsequence of what follows each pair of lines: a table with a row for each older
 * line, in one array. */
function commonLengths(older, newer) {
  const width = newer.length + 1;
  const lengths = new Uint32Array((older.length + 1) * width);
  for (let i = older.length - 1; i >= 0; i--) {
    for (let j = newer.length - 1; j >= 0; j--) {
      const at = i * width + j;
      const isSame = older[i] === newer[j];
      lengths[at] = isSame ? lengths[at + width + 1] + 1 : Math.max(lengths[at + width], lengths[at + 1]);
    }
  }
  return lengths;
}

function commonStart(some, others) {
  const most = Math.min(some.length, others.length);
  let length = 0;
  while (length < most && some[length] === others[length]) length++;
  return length;
}

function marked(kind, lines) {
  return lines.map((line) => ({ kind, line }));
}
