import { expect, test } from "vitest";
import { configOf, REPOSITORY } from "@tac8/core/config/testing.fixture";
import type { Machine } from "@tac8/core/isolation/view";
import { LinkedRoot, mountsOf, type MountOptions } from "./mounts.ts";

const HOME = "/data";
const ROOT = "/data/workspaces/o/r/trees/gh-1";
const config = configOf({ text: REPOSITORY, env: { HOME: "/home/pi", TAC8_HOME: HOME, ANTHROPIC_API_KEY: "k" } });

/** Return a machine on which every path is a folder, except these links. */
function machineOf(links: Readonly<Record<string, string>>): Machine {
  return {
    kindOf: () => "folder",
    linkOf: (path) => links[path] ?? null,
    realPathOf: (path) => links[path] ?? path,
    namesIn: () => [],
    homes: () => [],
  };
}

function shown(links: Readonly<Record<string, string>> = {}, given: Partial<MountOptions> = {}) {
  return mountsOf(
    {
      roots: [ROOT],
      objects: "/data/repos/o/r.git/objects",
      read: [],
      command: ["node"],
      own: [],
      config: { ...config, dataFolder: HOME },
      env: {},
      etc: "/data/sandbox/etc",
      net: null,
      ...given,
    },
    machineOf(links),
  );
}

test("an agent writes only to its issue's folders, and reads the mirror's objects", () => {
  const mounts = shown();
  expect(mounts.filter(({ kind }) => kind === "write")).toEqual([{ kind: "write", path: ROOT }]);
  expect(mounts.filter(({ path }) => path.startsWith(HOME)).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    "read /data/repos/o/r.git/objects",
    `write ${ROOT}`,
  ]);
});

test.each([ROOT, "/data/workspaces/o/r/trees", "/data/workspaces"])(
  "with a link in place of %s no sandbox starts, because it would show the link's target",
  (path) => {
    expect(() => shown({ [path]: "/home/pi" })).toThrow(LinkedRoot);
  },
);

test("an entry of agent.write is read-only if it has programs that an agent could replace: those on tac8's PATH, and tac8's own", () => {
  const write = ["/srv/cache", "/srv/tools", "/srv/bin", "/srv/tac8", "/data-link"];
  const agentEnv = { ...config.agentEnv, PATH: "/usr/bin:/srv/bin:/srv/tools/node/bin:/opt/linked" };
  const open = { ...config, home: HOME, agentEnv, agent: { ...config.agent, write } };
  const mounts = shown({ "/data-link": "/opt/linked" }, { config: open, own: ["/srv/tac8/dist/helper.js"] });
  const kinds = Object.fromEntries(mounts.map(({ kind, path }) => [path, kind]));
  expect(write.map((path) => kinds[path])).toEqual(["write", "read", "read", "read", "read"]);
});
