// `node script/words/main.ts [PATH …]`: checks that no file has a word to avoid, or that none of these files and folders has one.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "./code.ts";
import { readFixedNames, readGlossary, withoutListedWords } from "./glossary.ts";
import { type Hit, searchWords } from "./search.ts";

const GLOSSARY = "docs/architecture.md";
/** Files that are not searched: output of other programs, the licence and the lockfile. */
const SKIPPED = /\.(?:txt|jsonl|png|c)$|^(?:LICENSE|CODE_OF_CONDUCT\.md|package-lock\.json)$/;
const CODE = /\.(?:ts|js|mjs)$/;
/** Maximum number of printed hits. */
const SHOWN = 100;

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const say = (line: string) => process.stderr.write(`${line}\n`);

const wanted = { avoided: readGlossary(read(GLOSSARY)), fixed: readFixedNames(read(GLOSSARY)) };
const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
const files = [...new Set(listed.split("\0"))].filter(
  (path) => path !== "" && !SKIPPED.test(path) && existsSync(join(root, path)),
);

function search(path: string): Hit[] {
  const text = path === GLOSSARY ? withoutListedWords(read(path)) : read(path);
  const ofPath = searchWords(path, null, wanted).map((hit) => ({ ...hit, line: 0 }));
  return [...ofPath, ...searchWords(text, CODE.test(path) ? codeOf(text) : null, wanted)];
}

const paths = process.argv.slice(2);
const isChosen = (file: string) =>
  paths.length === 0 || paths.some((path) => file === path || file.startsWith(`${path}/`));
const lines = files
  .filter(isChosen)
  .flatMap((path) => search(path).map((hit) => ({ path, ...hit })))
  .map(({ path, line, found, instead }) => `${path}${line === 0 ? "" : `:${line}`}: "${found}": write ${instead}`);
for (const line of lines.slice(0, SHOWN)) say(line);
if (lines.length > SHOWN) say(`${lines.length - SHOWN} more: name files or folders to see theirs`);
if (lines.length > 0) process.exitCode = 1;
