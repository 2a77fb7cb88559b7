import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { sbom } from "./sbom.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
const namesOf = ({ components }) => components.map(({ name }) => name);

it("lists every package that the programs import, and what those need, with the checksum of the lockfile", () => {
  const found = sbom({ lock: read("package-lock.json") });
  const apps = ["apps/board", "apps/cli", "apps/runner", "apps/scheduler", "packages/core"];
  const direct = apps.flatMap((app) => Object.keys(read(`${app}/package.json`).dependencies));
  const wanted = [...direct, ...Object.keys(read("package.json").optionalDependencies)].filter(
    (name) => !name.startsWith("@tac8/"),
  );
  expect(namesOf(found)).toEqual(expect.arrayContaining(wanted));
  // Also those that the root needs for tests, and what only they need.
  expect(namesOf(found)).toEqual(expect.arrayContaining(["bullmq", "ioredis", "msgpackr", "denque", "execa"]));
  for (const { hashes } of found.components) expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
});

it("lists no package that is only for building or testing", () => {
  const names = namesOf(sbom({ lock: read("package-lock.json") }));
  for (const name of ["esbuild", "vitest", "typescript", "playwright-core", "ajv", "@anthropic-ai/claude-code"])
    expect(names).not.toContain(name);
});

const HASH = `sha512-${Buffer.alloc(64, 1).toString("base64")}`;
const LOCK = {
  version: "1.2.3",
  packages: {
    "": { optionalDependencies: { other: "1.0.0", elsewhere: "1.0.0" } },
    "apps/cli": { dependencies: { a: "2.0.0", "@tac8/core": "*" } },
    "packages/build": { dependencies: { bundler: "1.0.0" } },
    "node_modules/@tac8/core": { link: true },
    "node_modules/a": { version: "2.0.0", integrity: HASH, dependencies: { "@s/b": "1.0.0" } },
    "node_modules/a/node_modules/@s/b": { version: "1.0.0", integrity: HASH, license: "MIT" },
    "node_modules/@s/b": { version: "9.0.0", integrity: HASH },
    "node_modules/bundler": { version: "1.0.0", integrity: HASH },
    "node_modules/other": { version: "1.0.0", integrity: HASH, optional: true },
  },
};

it("takes the version that a package gets, and says what needs what", () => {
  const { components, dependencies, serialNumber } = sbom({ lock: LOCK });
  expect(components.map(({ purl }) => purl)).toEqual([
    "pkg:npm/%40s/b@1.0.0",
    "pkg:npm/a@2.0.0",
    "pkg:npm/other@1.0.0",
  ]);
  expect(dependencies).toContainEqual({ ref: "pkg:npm/a@2.0.0", dependsOn: ["pkg:npm/%40s/b@1.0.0"] });
  expect(dependencies).toContainEqual({
    ref: "pkg:npm/tac8@1.2.3",
    dependsOn: ["pkg:npm/a@2.0.0", "pkg:npm/other@1.0.0"],
  });
  expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

it("fails if the lockfile lacks a package that is needed", () => {
  const { "node_modules/a": _, ...packages } = LOCK.packages;
  expect(() => sbom({ lock: { ...LOCK, packages } })).toThrow("package-lock.json has no a, which apps/cli needs");
});

it("is what `npm run sbom` prints", () => {
  const printed = execFileSync(process.execPath, [fileURLToPath(new URL("sbom.mjs", import.meta.url))]);
  expect(JSON.parse(printed.toString()).bomFormat).toBe("CycloneDX");
});
