import { expect, test } from "vitest";
import { configOf, REPOSITORY } from "@tac8/core/config/testing.fixture";
import type { Machine } from "@tac8/core/isolation/view";
import { LinkedRoot, mountsOf } from "./mounts.ts";

const HOME = "/data";
const ROOT = "/data/workspaces/o/r/trees/gh-1";
const config = configOf({ text: REPOSITORY, env: { HOME: "/home/pi", TAC8_HOME: HOME, ANTHROPIC_API_KEY: "k" } });

/** A machine of folders, of which these are links. */
function machineOf(links: Readonly<Record<string, string>>): Machine {
  return {
    kindOf: () => "folder",
    linkOf: (path) => links[path] ?? null,
    realPathOf: (path) => links[path] ?? path,
    namesIn: () => [],
    homes: () => [],
  };
}

function shown(links: Readonly<Record<string, string>> = {}) {
  return mountsOf(
    {
      roots: [ROOT],
      objects: "/data/repos/o/r.git/objects",
      read: [],
      command: ["node"],
      own: [],
      config: { ...config, home: HOME },
      env: {},
      etc: "/data/sandbox/etc",
      net: null,
    },
    machineOf(links),
  );
}

test("an agent writes to its issue's folders alone, and reads the mirror's objects", () => {
  const mounts = shown();
  expect(mounts.filter(({ kind }) => kind === "write")).toEqual([{ kind: "write", path: ROOT }]);
  expect(mounts.filter(({ path }) => path.startsWith(HOME)).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    "read /data/repos/o/r.git/objects",
    `write ${ROOT}`,
  ]);
});

test.each([ROOT, "/data/workspaces/o/r/trees", "/data/workspaces"])(
  "with a link in place of %s no sandbox starts: it would show what the link leads to",
  (path) => {
    expect(() => shown({ [path]: "/home/pi" })).toThrow(LinkedRoot);
  },
);
