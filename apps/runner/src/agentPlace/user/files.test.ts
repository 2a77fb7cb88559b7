import { expect, test } from "vitest";
import type { Files } from "../../files/files.ts";
import { ownedFiles } from "./files.ts";

const ROOT = "/data/workspaces/o/r/trees/gh-1";
const GIT = "/data/workspaces/o/r/git/gh-1.git";

/** Create files that record their calls, with these existing paths. */
function filesOf(name: string, calls: string[], there: Set<string>): Files {
  const note =
    (op: string) =>
    async (...paths: unknown[]): Promise<never> => {
      calls.push(`${name} ${op} ${paths.filter((path) => typeof path === "string").join(" ")}`);
      if (op === "removeEmpty") there.delete(String(paths[0]));
      return (op === "stat" ? (there.has(String(paths[0])) ? {} : null) : undefined) as never;
    };
  return new Proxy({} as Files, { get: (_, op) => note(String(op)) });
}

function open({
  there = [ROOT, GIT],
  agents = [ROOT, GIT],
  busy = false,
}: { there?: string[]; agents?: string[]; busy?: boolean } = {}) {
  const calls: string[] = [];
  const known = new Set(there);
  const files = ownedFiles({
    roots: [ROOT, GIT],
    otherFiles: ["/data/old.md"],
    local: filesOf("tac8", calls, known),
    inside: () => filesOf("agent", calls, known),
    beforeChange: async () => void calls.push("helper ended"),
    makeRoot: async (root) => void calls.push(`launcher makes ${root}`),
    isBusy: () => busy,
    isAgents: (path) => agents.includes(path),
  });
  return { files, calls };
}

test("the launcher creates a folder of the issue once, and the helper creates its content", async () => {
  const { files, calls } = open({ there: [] });
  await files.makeFolder(`${GIT}/objects/info`);
  expect(calls).toEqual([
    `tac8 stat ${GIT}`,
    "tac8 makeFolder /data/workspaces/o/r/git",
    `launcher makes ${GIT}`,
    `agent makeFolder ${GIT}/objects/info`,
  ]);
  const other = open();
  await other.files.makeFolder(ROOT);
  expect(other.calls).toEqual([`tac8 stat ${ROOT}`]);
});

test("the helper empties a folder of the issue, and tac8, which owns the folder above, removes it", async () => {
  const { files, calls } = open();
  await files.remove(ROOT);
  expect(calls).toEqual([
    "helper ended",
    `agent remove ${ROOT}`,
    "helper ended",
    `tac8 removeEmpty ${ROOT}`,
    `tac8 stat ${ROOT}`,
  ]);
  const former = open({ agents: [] });
  await former.files.remove(ROOT);
  expect(former.calls).toEqual(["helper ended", `tac8 remove ${ROOT}`]);
});

test.each([
  ["exists", [ROOT], `tac8 exists ${ROOT}`],
  ["stat", [`${ROOT}/STOP`], `agent stat ${ROOT}/STOP`],
  ["stat", [`${ROOT}/a/b`], `agent stat ${ROOT}/a/b`],
  ["list", [ROOT], `agent list ${ROOT}`],
  ["list", ["/data/workspaces/o/r/trees"], "tac8 list /data/workspaces/o/r/trees"],
  ["readFile", [`${ROOT}/BLOCKED.md`], `agent readFile ${ROOT}/BLOCKED.md`],
  ["readFile", ["/data/old.md"], "tac8 readFile /data/old.md"],
  ["readFile", ["/data/github-token"], "agent readFile /data/github-token"],
  ["readFile", [`${ROOT}/../../../x`], `agent readFile ${ROOT}/../../../x`],
  ["writeFile", [`${GIT}/config`, ""], `agent writeFile ${GIT}/config`],
  ["makeFolderPrivate", [ROOT], `agent makeFolderPrivate ${ROOT}`],
  ["copy", ["/x", `${ROOT}/x`], `agent copy /x ${ROOT}/x`],
] as const)("%s of %j", async (op, args, expected) => {
  const { files, calls } = open();
  await (files[op] as (...given: readonly string[]) => Promise<unknown>)(...args);
  expect(calls.map((line) => line.trim())).toContain(expected);
});

test("while an agent is alive, tac8 itself reads the status of a folder's entry", async () => {
  const { files, calls } = open({ busy: true });
  await files.stat(`${ROOT}/STOP`);
  expect(calls).toEqual([`tac8 stat ${ROOT}/STOP`]);
});

test("tac8 quarantines a folder of the issue, and nothing moves from one side to the other", async () => {
  const { files, calls } = open();
  await files.move(ROOT, `${ROOT}.kept-1`);
  expect(calls).toEqual(["helper ended", `tac8 move ${ROOT} ${ROOT}.kept-1`]);
  await expect(files.move(ROOT, `${GIT}/x`)).rejects.toThrow("one is on the agent side");
});
