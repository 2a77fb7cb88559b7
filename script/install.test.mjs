import { describe, expect, it } from "vitest";
import { createRepeats } from "./launch.mjs";
import { majorOf, ownPath } from "./node.mjs";
import { isInstalled } from "./packages.mjs";
import { missingPackages } from "./system.mjs";

const lock = {
  packages: {
    "": { name: "tac8" },
    "apps/cli": { version: "1.0.0" },
    "node_modules/@tac8/cli": { resolved: "apps/cli", link: true },
    "node_modules/pino": { version: "1.0.0" },
    "node_modules/vitest": { version: "2.0.0", dev: true },
    "node_modules/turbo-windows": { version: "3.0.0", optional: true, os: ["win32"] },
  },
};
const prod = { "node_modules/@tac8/cli": { link: true }, "node_modules/pino": { version: "1.0.0" } };
const dev = { ...prod, "node_modules/vitest": { version: "2.0.0", dev: true } };

describe("what npm has installed", () => {
  it.each([
    ["nothing", null, { prod: false, dev: false }],
    ["without development packages", prod, { prod: true, dev: false }],
    ["with development packages", dev, { prod: true, dev: true }],
    ["an older version", { ...dev, "node_modules/pino": { version: "0.9.0" } }, { prod: false, dev: false }],
    ["no link to a new workspace", { ...dev, "node_modules/@tac8/cli": undefined }, { prod: false, dev: false }],
  ])("%s", (_name, packages, expected) => {
    const installed = packages && { packages };
    const found = (forDev) => isInstalled({ wanted: lock, installed, dev: forDev });
    expect({ prod: found(false), dev: found(true) }).toEqual(expected);
  });
});

it("asks only for the system packages that are missing", () => {
  const all = { git: true, redis: true, tmux: true, atomic: true, browser: true };
  expect(missingPackages(all)).toEqual([]);
  expect(missingPackages({ ...all, redis: false, tmux: false, atomic: false })).toEqual([
    "redis-server",
    "tmux",
    "libatomic1",
  ]);
  expect(missingPackages({ ...all, git: false })).toEqual(["git"]);
  expect(missingPackages({ ...all, browser: false })).toEqual(["chromium", "fonts-dejavu-core"]);
});

it("reads Node's version", () => {
  expect([majorOf("v26.10.0\n"), majorOf("v8.1.0"), majorOf("no version")]).toEqual([26, 8, 0]);
});

it("takes node_modules off the path, and nothing else", () => {
  const path =
    "/srv/tac8/node_modules/.bin:/usr/lib/node_modules/npm/bin:/usr/local/bin:/home/me/node_modules_of_mine:";
  expect(ownPath(path)).toBe("/usr/local/bin:/home/me/node_modules_of_mine");
});

it("knows the signal that npm repeats from a second Ctrl-C", () => {
  const isRepeat = createRepeats(300);
  const seen = [0, 5, 1000].map((now) => isRepeat("SIGINT", now));
  expect([...seen, isRepeat("SIGTERM", 1000)]).toEqual([false, true, false, false]);
});
