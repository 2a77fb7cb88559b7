import { describe, expect, it } from "vitest";
import { commandOf } from "../bin/lib/commandOf.mjs";
import { isNewEnough, ownPath, parseVersion } from "../bin/lib/node.mjs";
import { missingPackages } from "../bin/lib/system.mjs";
import { isInstalled } from "./packages.mjs";

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

describe("isInstalled", () => {
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
  const all = { git: true, redis: true, flock: true, tmux: true, atomic: true, browser: true, sandbox: true };
  expect(missingPackages(all)).toEqual([]);
  expect(missingPackages({ ...all, redis: false, tmux: false, atomic: false })).toEqual([
    "redis-server",
    "tmux",
    "libatomic1",
  ]);
  expect(missingPackages({ ...all, git: false, flock: false })).toEqual(["git", "util-linux"]);
  expect(missingPackages({ ...all, sandbox: false })).toEqual(["bubblewrap"]);
  expect(missingPackages({ ...all, browser: false })).toEqual(["chromium", "fonts-dejavu-core"]);
});

it.each([
  [["up"], "up"],
  [["--config", "demo", "status"], "status"],
  [["--config=x", "demo"], "demo"],
  [["pause", "--reason", "up"], "pause"],
  [["--help"], undefined],
])("finds the command of %j", (args, command) => {
  expect(commandOf(args)).toBe(command);
});

it("reads Node's version", () => {
  expect(["v26.10.0\n", "v8.1.0", "no version"].map(parseVersion)).toEqual([
    [26, 10],
    [8, 1],
    [0, 0],
  ]);
  expect(["v18.20.4", "v22.11.0", "v22.12.0", "v24.0.0"].map(isNewEnough)).toEqual([false, false, true, true]);
});

it("removes only node_modules from the path", () => {
  const path =
    "/srv/tac8/node_modules/.bin:/usr/lib/node_modules/npm/bin:/usr/local/bin:/home/me/node_modules_of_mine:";
  expect(ownPath(path)).toBe("/usr/local/bin:/home/me/node_modules_of_mine");
});
