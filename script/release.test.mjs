import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { releaseNotes } from "./releaseNotes.mjs";

const root = join(import.meta.dirname, "..");
const read = (path) => readFileSync(join(root, path), "utf8");
const { version } = JSON.parse(read("package.json"));
const config = JSON.parse(read("release-please-config.json"));
const extraFiles = config.packages["."]["extra-files"].map(({ path }) => path);

/** The lines that release-please changes. */
const updated = (text) => {
  const blocks = [...text.matchAll(/x-release-please-start-version(.*?)x-release-please-end/gs)].map(
    ([, block]) => block,
  );
  return [
    ...blocks.flatMap((block) => block.split("\n")),
    ...text.split("\n").filter((line) => line.includes("x-release-please-version")),
  ];
};

it("package.json, its lockfile, release-please and the changelog have one version", () => {
  const lock = JSON.parse(read("package-lock.json"));
  expect([lock.version, lock.packages[""].version, JSON.parse(read(".release-please-manifest.json"))["."]]).toEqual([
    version,
    version,
    version,
  ]);
  expect(read("CHANGELOG.md").match(/^## \[?([\d.]+)/m)?.[1]).toBe(version);
});

it("workspaces are private and have no version of their own", () => {
  const manifests = globSync("{apps,packages}/*/package.json", { cwd: root }).map((path) => JSON.parse(read(path)));
  expect(manifests.length).toBeGreaterThan(5);
  for (const manifest of manifests) expect(manifest).toMatchObject({ private: true, name: expect.any(String) });
  expect(manifests.filter((manifest) => "version" in manifest)).toEqual([]);
});

it.each(extraFiles)("%s: each version that release-please changes is that of tac8", (path) => {
  const versions = updated(read(path)).flatMap((line) => line.match(/\d+\.\d+\.\d+/g) ?? []);
  expect(new Set(versions)).toEqual(new Set([version]));
});

it("no page or example names a version of tac8 that release-please does not change", () => {
  const files = globSync(["docs/**/*.md", ".env.example", "docker-compose*.yml", "deploy/**/*.sh"], { cwd: root });
  const named = files.flatMap((path) => {
    const text = read(path);
    const lines = extraFiles.includes(path) ? updated(text) : [];
    return text
      .split("\n")
      .filter((line) => /\btac8-\d+\.\d+\.\d+\.tgz|TAC8_VERSION=\d/.test(line) && !lines.includes(line))
      .map((line) => `${path}: ${line}`);
  });
  expect(named).toEqual([]);
});

it("the notes of a release are its section of the changelog", () => {
  const changelog =
    "# Changelog\n\n## [0.3.0](link) (2027-01-01)\n\n### Features\n\n* one\n\n## 0.2.0 (2026-01-01)\n\n* two\n";
  expect(releaseNotes({ tag: "v0.3.0", version: "0.3.0", changelog })).toBe("### Features\n\n* one");
  expect(releaseNotes({ tag: "v0.2.0", version: "0.2.0", changelog })).toBe("* two");
  expect(() => releaseNotes({ tag: "v0.2.0", version: "0.3.0", changelog })).toThrow("is not v0.3.0");
  expect(() => releaseNotes({ tag: "v0.4.0", version: "0.4.0", changelog })).toThrow("no section");
});
