// A comparison of dist/ with the sources. Runs on Node 18.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["apps", "bin", "packages"];
const FILES = ["package.json", "package-lock.json"];
const SKIPPED = new Set(["node_modules", "fixtures", "test"]);
const TEST = /\.(test|fixture)\.m?[jt]s$/;

/** Return every file that dist/ may be built from, except the packages in the lockfile; paths are relative to the root. */
export function sources(root) {
  return [...FILES, ...FOLDERS.flatMap((folder) => filesBelow(root, folder))];
}

/** Return a hash of the content of all sources. */
export function fingerprint(root) {
  const hash = createHash("sha256");
  for (const file of sources(root)) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function filesBelow(root, folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(root, path);
      return TEST.test(entry.name) ? [] : [path];
    });
}

const record = (root) => join(root, "dist", "build.json");

/** Return the fingerprint of the sources that dist/ was built from; null: there is no complete build. */
export function builtFrom(root) {
  if (!existsSync(record(root))) return null;
  return JSON.parse(readFileSync(record(root), "utf8")).fingerprint ?? null;
}
