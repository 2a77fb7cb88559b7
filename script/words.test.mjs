import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codeOf } from "./words/code.ts";
import { readFixedNames, readGlossary, withoutListedWords } from "./words/glossary.ts";
import { searchWords } from "./words/search.ts";

const glossary = `# Page

| word | avoid |
| --- | --- |
| of another section | harmless |

## Glossary

| word | meaning | avoid |
| ---- | ------- | ----- |
| paint | a colour | daub, daubs (not: daubs up; wet daubs), daub on it, \`hue\` |
| wall | bricks | |

| write | avoid |
| ----- | ----- |
| again | twice more |

| fixed name | where |
| ---- | ----- |
| \`daub\` | a field |
| \`wall-daubs\` | a code |
| \`the daub was dry\` | a text |

## Next
`;
const avoided = readGlossary(glossary);
const wanted = { avoided, fixed: [] };
const search = (text) => searchWords(text, null, wanted).map(({ line, found }) => `${line} ${found}`);
const searchCode = (text) => searchWords(text, codeOf(text), wanted).map(({ line, found }) => `${line} ${found}`);

test('the words to avoid are those of every column "avoid" in the glossary, which may contain them', () => {
  expect(avoided.map(({ words, instead }) => `${words.join(" ")}: ${instead}`)).toEqual([
    "daub: paint",
    "daubs: paint",
    "daub on it: paint",
    "hue: paint",
    "twice more: again",
  ]);
  expect(search(withoutListedWords(glossary))).toEqual([]);
  expect(search(withoutListedWords(glossary.replace("a colour", "a daub")))).toEqual(["11 daub"]);
  expect(() => readGlossary("## Glossary\n\n| word | meaning |\n")).toThrow("no column");
});

test("whole words are found in any case, also as parts of names; the longest phrase counts once", () => {
  expect(search("A daub.\nwallDaub DAUB_WALL daub-wall DaubedWall daubing\nDaub on it")).toEqual([
    "1 daub",
    "2 Daub",
    "2 DAUB",
    "2 daub",
    "3 Daub on it",
  ]);
});

test("a phrase may continue on the next line of a comment, but not after the end of a sentence", () => {
  expect(search("  // twice\n  // more")).toEqual(["1 twice more"]);
  expect(search(" * twice\n * more\ntwiceMore")).toEqual(["1 twice more", "3 twiceMore"]);
  expect(search("twice. More, twice, more")).toEqual([]);
});

test("an exception is a longer phrase that contains the word", () => {
  expect(search("daubs up, wet daubs, daubs of daubs")).toEqual(["1 daubs", "1 daubs"]);
});

test("a name is searched for only in code, not in comments, strings, templates and regular expressions", () => {
  expect(search("the hue of it")).toEqual([]);
  expect(
    searchCode(
      [
        "// hue",
        "/* hue",
        " * hue */ const hueOf = 'hue' + \"hue\" + `hue ${hue + `hue ${{ a: 1 }.a} hue`} hue`;",
        "const found = /hue['\"`]/.test(text) / 2; // hue",
        "const lightHue = 1 / 2;",
      ].join("\n"),
    ),
  ).toEqual(["3 hue", "3 hue", "5 Hue"]);
});

test("a fixed name is fine where it is written as a name: quoted, as a key, or as a property", () => {
  const fixed = readFixedNames(glossary);
  expect(fixed).toEqual(["daub", "wall-daubs", "the daub was dry"]);
  const found = (text) => searchWords(text, null, { avoided, fixed }).map((hit) => `${hit.line} ${hit.found}`);
  const fine = [
    "const wall = { daub: 1, paint: wall.daub, other: wall?.daub, more: wallOf(1).daub };",
    "| `.walls[].daub` |",
    "  readonly daub?: string;",
    '"daub" \'wall-daubs\' `daub` {\\"daub\\":1}',
    "if the daub was dry then",
  ];
  expect(found(fine.join("\n"))).toEqual([]);
  const others = [
    "the daub is: daub",
    "const { daub } = wall;",
    "wall.daubOf",
    '"a daub"',
    "wall-daubs",
    "// a daub: dry",
  ];
  expect(found(others.join("\n"))).toEqual(["1 daub", "1 daub", "2 daub", "3 daub", "4 daub", "5 daubs", "6 daub"]);
});

test("the glossary of this repository is sorted, and has a meaning for every term", () => {
  const text = readFileSync(new URL("../docs/architecture.md", import.meta.url), "utf8");
  const table = text.slice(text.indexOf("## Glossary")).split("\n\n")[2] ?? "";
  const rows = table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").map((cell) => cell.trim()));
  const terms = rows.map(([, term]) => term.toLowerCase());
  expect(terms.length).toBeGreaterThan(20);
  expect(terms).toEqual(terms.toSorted());
  expect(rows.filter(([, , meaning]) => meaning === "")).toEqual([]);
});
