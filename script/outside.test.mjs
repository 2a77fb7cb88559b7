// Nothing in the repository depends on a place outside of it. The exception is `.ci/run`, which uses files beside it if they exist.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const OWN = ["script/outside.test.mjs", ".ci/run"];
/** Public registries, and names that are reserved for examples and tests. */
const KNOWN = /^(?:registry\.npmjs\.org|pypi\.org|.*\.(?:test|lan|example|example\.(?:com|org)))$/;

/** Return the places outside of the repository that a file names: folders, registries, and settings that name a registry. */
function outside(path, text) {
  const folders = text.match(/(?<![\w.})\]])\/work\/[\w.-]*/g) ?? [];
  const hosts = [
    ...text.matchAll(/https?:\/\/([a-z0-9.-]*\b(?:registry|mirror|pypi|artifactory|nexus)\b[a-z0-9.-]*\.[a-z]+)/g),
  ];
  const settings = text.match(/^\s*(?:@[\w-]+:)?registry\s*=.*|--(?:extra-)?index-url\b.*/gm) ?? [];
  return [
    ...folders,
    ...above(path, text),
    ...hosts.flatMap(([, host]) => (KNOWN.test(host) ? [] : [host])),
    ...settings,
  ];
}

/** Return relative paths that leave the repository. Shell scripts run in its root; `npm run types` checks the imports of sources. */
function above(path, text) {
  if (!/\.(?:sh|md|ya?ml|json|toml|conf|service)$|^\.ci\//.test(path)) return [];
  const folder = /\.sh$|^\.ci\//.test(path) ? "." : dirname(path);
  const relative = text.match(/(?<![\w.$}/"'])(?:\.\.\/)+[\w.-]+/g) ?? [];
  return relative.filter((one) => normalize(join(folder, one)).startsWith("../"));
}

it("no file names a folder of one machine, or a registry of one network", () => {
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }).split(
    "\0",
  );
  expect(files.length).toBeGreaterThan(1000);
  const found = files
    .filter((path) => path !== "" && !path.endsWith(".png") && !OWN.includes(path))
    .flatMap((path) => outside(path, read(path)).map((what) => `${path}: ${what}`));
  expect(found).toEqual([]);
});

it("such a folder or registry is found", () => {
  expect(outside("a.ts", "cd /work/tac8 && ls")).toHaveLength(1);
  expect(outside("script/a.sh", "bash ../elsewhere/a.sh; ls docs/../docs")).toEqual(["../elsewhere"]);
  expect(outside("docs/adr/a.md", "[a](../architecture.md) [b](../../README.md) [c](../../../other)")).toEqual([
    "../../../other",
  ]);
  expect(outside("a.ts", "src/work/work.ts `${folder}/work/` /worktree/")).toEqual([]);
  const hosts = "http://npm.registry.corp.net/x https://registry.npmjs.org/tac8 http://registry.test";
  expect(outside("a.ts", hosts)).toEqual(["npm.registry.corp.net"]);
  expect(outside(".npmrc", "registry=http://one\npip install --index-url http://three")).toHaveLength(2);
});

/** Read a file. A file that was removed and not committed yet counts as empty. */
function read(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return "";
  }
}
