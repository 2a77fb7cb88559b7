// `node script/words/main.ts`: checks that no file has more avoided words than script/words/baseline.txt allows.
// With `--update`: writes that file, whose sum may only decrease. With paths: lists the avoided words of these files.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, mayReplace, readBaseline, writeBaseline } from "./baseline.ts";
import { codeOf } from "./code.ts";
import { readFixedNames, readGlossary, withoutListedWords } from "./glossary.ts";
import { type Hit, searchWords } from "./search.ts";

const GLOSSARY = "docs/architecture.md";
/** Files that are not searched: output of other programs, the licence, the lockfile, and the baseline of this check. */
const SKIPPED = /\.(?:txt|jsonl|png|c)$|^(?:LICENSE|CODE_OF_CONDUCT\.md|package-lock\.json)$/;
const CODE = /\.(?:ts|js|mjs)$/;
/** Maximum number of printed hits per file, and of printed files. */
const SHOWN = 20;

const root = join(import.meta.dirname, "../..");
const baselineFile = join(import.meta.dirname, "baseline.txt");
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

function show(path: string, hits: readonly Hit[], limit: number): void {
  for (const { line, found, instead } of hits.slice(0, limit))
    say(`${path}${line === 0 ? "" : `:${line}`}: "${found}": write ${instead}`);
  if (hits.length > limit) say(`${path}: ${hits.length - limit} more; node script/words/main.ts ${path} lists them`);
}

const [first, ...rest] = process.argv.slice(2);
if (first !== undefined && first !== "--update") {
  const paths = [first, ...rest];
  for (const path of files.filter((file) => paths.some((one) => file === one || file.startsWith(`${one}/`))))
    show(path, search(path), Infinity);
} else {
  const hits = new Map(files.map((path) => [path, search(path)]));
  const counts = new Map([...hits].map(([path, found]) => [path, found.length]));
  const isNew = !existsSync(baselineFile);
  const baseline = readBaseline(isNew ? "" : readFileSync(baselineFile, "utf8"));
  const { more, stale } = compare(counts, baseline);
  if (first === "--update" && (isNew || mayReplace(counts, baseline)))
    writeFileSync(baselineFile, writeBaseline(counts));
  else {
    for (const path of more) {
      show(path, hits.get(path) ?? [], SHOWN);
      say(`${path}: ${counts.get(path)} avoided words, ${baseline.get(path) ?? 0} are allowed`);
    }
    if (stale.length > 0) {
      const named = stale.slice(0, SHOWN).join(", ");
      const others = stale.length > SHOWN ? ` and ${stale.length - SHOWN} more` : "";
      say(`fewer avoided words than in the baseline: run \`node script/words/main.ts --update\` (${named}${others})`);
    }
    if (more.length + stale.length > 0) process.exitCode = 1;
  }
}
