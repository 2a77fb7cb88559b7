import { expect, test } from "vitest";
import { serversFor, settingsFor } from "./settings.ts";

const FOLDERS = { tree: "/data/gh-1", userHome: "/home/owner/" };

test("rules for the project's folder get the path of the worktree; everything else stays unchanged", () => {
  const settings = {
    permissions: {
      deny: ["Read(/secret/**)", "Read(//etc/passwd)", "Read(./.env)", "Bash(rm /:*)", "mcp__x__y", 7],
      ask: ["Edit(/a.ts)"],
      defaultMode: "default",
    },
    hooks: { Stop: [] },
  };
  expect(settingsFor(FOLDERS, JSON.stringify(settings))).toEqual({
    permissions: {
      deny: ["Read(//data/gh-1/secret/**)", "Read(//etc/passwd)", "Read(./.env)", "Bash(rm /:*)", "mcp__x__y", 7],
      ask: ["Edit(//data/gh-1/a.ts)"],
      defaultMode: "default",
    },
    hooks: { Stop: [] },
  });
  for (const text of ["", "{", "[]", "null", "3"]) expect(settingsFor(FOLDERS, text)).toBeNull();
});

test("rules for a home folder that deny or ask apply to the owner's too; rules that allow do not", () => {
  const permissions = {
    deny: ["Read(~/.ssh/**)", "Bash(cat ~/.ssh/*)", "WebFetch"],
    ask: ["Edit(~/.bashrc)"],
    allow: ["Read(~/notes/**)"],
    additionalDirectories: ["~/shared", "../docs"],
  };
  const text = JSON.stringify({ permissions });
  expect(settingsFor(FOLDERS, text)).toEqual({
    permissions: {
      ...permissions,
      deny: ["Read(~/.ssh/**)", "Read(//home/owner/.ssh/**)", "Bash(cat ~/.ssh/*)", "WebFetch"],
      ask: ["Edit(~/.bashrc)", "Edit(//home/owner/.bashrc)"],
    },
  });
  expect(settingsFor({ ...FOLDERS, userHome: null }, text)).toEqual({ permissions });
});

test("the sandbox's paths name the same files as in a checkout; denied paths of a home folder are denied in the owner's too", () => {
  const sandbox = {
    enabled: true,
    filesystem: {
      denyRead: ["~/.ssh", "~", "/etc/x", "./keys"],
      denyWrite: ["~/.bashrc", "dist"],
      allowWrite: ["~/.cache", "/opt", "./out"],
      allowManagedReadPathsOnly: false,
    },
    credentials: { files: [{ path: "~/.netrc", mode: "deny" }, 7], envVars: [] },
  };
  expect(settingsFor(FOLDERS, JSON.stringify({ sandbox }))).toEqual({
    sandbox: {
      enabled: true,
      filesystem: {
        denyRead: ["~/.ssh", "/home/owner/.ssh", "~", "/home/owner", "/etc/x", "/data/gh-1/keys"],
        denyWrite: ["~/.bashrc", "/home/owner/.bashrc", "/data/gh-1/dist"],
        allowWrite: ["~/.cache", "/opt", "/data/gh-1/out"],
        allowManagedReadPathsOnly: false,
      },
      credentials: {
        files: [{ path: "~/.netrc", mode: "deny" }, { path: "/home/owner/.netrc", mode: "deny" }, 7],
        envVars: [],
      },
    },
  });
});

test("a byte order mark of settings or servers is ignored", () => {
  expect(settingsFor(FOLDERS, '\uFEFF{"permissions":{"deny":["Read(/x)"]}}')).toEqual({
    permissions: { deny: ["Read(//data/gh-1/x)"] },
  });
  expect(serversFor(null, '\uFEFF{"mcpServers":{"a":{}}}')).toEqual({ mcpServers: { a: {} } });
});

test("servers that the settings disable are left out", () => {
  const servers = (...names: string[]) =>
    JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: name }])) });
  expect(serversFor({ disabledMcpjsonServers: ["b"] }, servers("a", "b"))).toEqual({
    mcpServers: { a: { command: "a" } },
  });
  expect(serversFor(null, servers("a"))).toEqual({ mcpServers: { a: { command: "a" } } });
  expect(serversFor({ disabledMcpjsonServers: ["a"] }, servers("a"))).toBeNull();
  for (const text of ["", "{}", '{"mcpServers":[]}']) expect(serversFor(null, text)).toBeNull();
});
