import { expect, test } from "vitest";
import { serversFor, settingsFor } from "./settings.ts";

test("rules that begin at the project's folder mean the worktree; all else stays as it is", () => {
  const settings = {
    permissions: {
      deny: ["Read(/secret/**)", "Read(//etc/passwd)", "Read(./.env)", "Bash(rm /:*)", "mcp__x__y", 7],
      ask: ["Edit(/a.ts)"],
      defaultMode: "default",
    },
    hooks: { Stop: [] },
  };
  expect(settingsFor("/data/gh-1", JSON.stringify(settings))).toEqual({
    permissions: {
      deny: ["Read(//data/gh-1/secret/**)", "Read(//etc/passwd)", "Read(./.env)", "Bash(rm /:*)", "mcp__x__y", 7],
      ask: ["Edit(//data/gh-1/a.ts)"],
      defaultMode: "default",
    },
    hooks: { Stop: [] },
  });
  for (const text of ["", "{", "[]", "null", "3"]) expect(settingsFor("/data/gh-1", text)).toBeNull();
});

test("servers that the settings turn off are left out", () => {
  const servers = (...names: string[]) =>
    JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: name }])) });
  expect(serversFor({ disabledMcpjsonServers: ["b"] }, servers("a", "b"))).toEqual({
    mcpServers: { a: { command: "a" } },
  });
  expect(serversFor(null, servers("a"))).toEqual({ mcpServers: { a: { command: "a" } } });
  expect(serversFor({ disabledMcpjsonServers: ["a"] }, servers("a"))).toBeNull();
  for (const text of ["", "{}", '{"mcpServers":[]}']) expect(serversFor(null, text)).toBeNull();
});
