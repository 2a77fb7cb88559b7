/** A list item of a page, without its bullet, and the indented lines below it. */
const ITEM = /^- (.*(?:\n {2}.*)*)/gm;
const FORM =
  /^\*\*(?<sentence>.+)\*\*\\\n(?:(?<mechanism>.+)\\\n)?Test: (?<tests>.+) · (?:no mutant|Mutant: (?<mutants>.+))$/;

/**
 * Return the promises of a page, and its other list items. Pure.
 *
 *     - **Sentence.**\
 *       Mechanism.\
 *       Test: `test/a.e2e.test.ts`, `script/b.sh` · Mutant: `one`, `another`
 *
 * @param text a page in Markdown
 */
export function promisesOf(text) {
  const items = [...text.matchAll(ITEM)].map(([, item]) => item.replaceAll("\n  ", "\n"));
  const promises = [];
  const others = [];
  for (const item of items) {
    const found = FORM.exec(item)?.groups;
    if (found === undefined) others.push(item);
    else {
      promises.push({
        sentence: found.sentence,
        mechanism: found.mechanism ?? null,
        tests: codesIn(found.tests),
        mutants: codesIn(found.mutants ?? ""),
      });
    }
  }
  return { promises, others };
}

function codesIn(text) {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}
