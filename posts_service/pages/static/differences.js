// What differs between two texts, line by line.

// So many pairs of lines are compared at most: 16 MB of memory. More than these come from texts that have little in
// common, or from a few that are very long.
const MOST_PAIRS = 4_000_000;

/** The lines of both texts in their order: `{kind, line}`, where `kind` is "same", "removed" or "added". */
export function differences(before, after) {
  const [old, young] = [before.split("\n"), after.split("\n")];
  const start = commonStart(old, young);
  const end = commonStart(old.slice(start).reverse(), young.slice(start).reverse());
  const [oldMiddle, youngMiddle] = [old.slice(start, old.length - end), young.slice(start, young.length - end)];
  return [
    ...marked("same", old.slice(0, start)),
    ...changes(oldMiddle, youngMiddle),
    ...marked("same", old.slice(old.length - end)),
  ];
}

/** The same with no more than `context` lines around each change. What is left out is `{kind: "gap"}`. */
export function shortened(lines, context = 2) {
  const isShown = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ kind }) => kind !== "same"),
  );
  return lines.flatMap((line, index) => {
    if (isShown[index]) return [line];
    return index === 0 || isShown[index - 1] ? [{ kind: "gap", line: "" }] : [];
  });
}

function changes(old, young) {
  if (old.length * young.length > MOST_PAIRS) return [...marked("removed", old), ...marked("added", young)];
  const lengths = commonLengths(old, young);
  const width = young.length + 1;
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < young.length) {
    if (old[i] === young[j]) {
      lines.push({ kind: "same", line: old[i++] });
      j++;
    } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
      lines.push({ kind: "removed", line: old[i++] });
    } else {
      lines.push({ kind: "added", line: young[j++] });
    }
  }
  return [...lines, ...marked("removed", old.slice(i)), ...marked("added", young.slice(j))];
}

/** For each pair of places, how many lines what follows them has in common: a table by rows of the old lines. */
function commonLengths(old, young) {
  const width = young.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] = old[i] === young[j] ? lengths[at + width + 1] + 1 : Math.max(lengths[at + width], lengths[at + 1]);
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
