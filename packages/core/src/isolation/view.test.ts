import { expect, test } from "vitest";
import { machineView, type Machine, type ViewOptions } from "./view.ts";

/** A machine by its paths: `f` a file, `d` a folder, anything else the target of a link. */
function machineOf(entries: Readonly<Record<string, string>>): Machine {
  const linkOf = (path: string) => (entries[path] === "f" || entries[path] === "d" ? null : (entries[path] ?? null));
  const realPathOf = (path: string): string | null => {
    const target = linkOf(path);
    if (target !== null) return realPathOf(target);
    return path in entries ? path : null;
  };
  const kindOf = (path: string) => {
    const real = realPathOf(path);
    return real === null ? null : entries[real] === "f" ? "file" : "folder";
  };
  return { kindOf, linkOf, realPathOf };
}

const SYSTEM = {
  "/usr": "d",
  "/usr/bin": "d",
  "/bin": "/usr/bin",
  "/etc/ssl": "d",
  "/etc/ssl/certs": "d",
  "/etc/ssl/private": "d",

  "/etc/shadow": "f",
  "/home/pi": "d",
};
const OPTIONS: ViewOptions = {
  env: {},
  toolchains: ["RUSTUP_HOME"],
  owner: "/home/pi",
  programs: [],
  read: [],
  write: [],
  secret: ["/home/pi/.tac8", "/home/pi/work/config.toml"],
};
const shown = (options: Partial<ViewOptions>, entries: Readonly<Record<string, string>> = {}) =>
  machineView({ ...OPTIONS, ...options }, machineOf({ ...SYSTEM, ...entries })).map(
    ({ kind, path }) => `${kind} ${path}`,
  );
const added = (options: Partial<ViewOptions>, entries: Readonly<Record<string, string>> = {}) =>
  shown(options, entries).filter((line) => !["read /usr", "link /bin", "read /etc/ssl/certs"].includes(line));
/** Folders of a PATH, and what is in them. */
const onPath = (...folders: string[]) => ({ env: { PATH: folders.join(":") } });

test("the system's programs, and of /etc what tools need", () => {
  expect(shown({})).toEqual(["read /usr", "link /bin", "read /etc/ssl/certs"]);
});

test.each([
  [
    "a toolchain below the home folder, with its libraries",
    onPath("/home/pi/.nvm/versions/node/v22/bin"),
    { "/home/pi/.nvm/versions/node/v22/bin": "d", "/home/pi/.nvm/versions/node/v22": "d" },
    ["read /home/pi/.nvm/versions/node/v22/bin", "read /home/pi/.nvm/versions/node/v22"],
  ],
  [
    "of a folder with credentials beside, the programs alone",
    onPath("/home/pi/.cargo/bin"),
    { "/home/pi/.cargo/bin": "d", "/home/pi/.cargo": "d", "/home/pi/.cargo/credentials.toml": "f" },
    ["read /home/pi/.cargo/bin"],
  ],
  [
    "of a hidden folder of a program that may hold its login, the programs alone",
    onPath("/home/pi/.fly/bin", "/home/pi/.config/tool/bin", "/home/pi/.bun/bin"),
    {
      ...{ "/home/pi/.fly/bin": "d", "/home/pi/.fly": "d", "/home/pi/.fly/config.yml": "f" },
      ...{ "/home/pi/.config/tool/bin": "d", "/home/pi/.config/tool": "d" },
      ...{ "/home/pi/.bun/bin": "d", "/home/pi/.bun": "d" },
    },
    ["read /home/pi/.fly/bin", "read /home/pi/.config/tool/bin", "read /home/pi/.bun/bin", "read /home/pi/.bun"],
  ],
  ["of the home folder, its bin alone", onPath("/home/pi/bin"), { "/home/pi/bin": "d" }, ["read /home/pi/bin"]],
  [
    "what programs in .local/bin lead to",
    onPath("/home/pi/.local/bin"),
    { "/home/pi/.local/bin": "d", "/home/pi/.local": "d", "/home/pi/.local/share/claude/versions": "d" },
    ["read /home/pi/.local/share/claude/versions", "read /home/pi/.local/bin"],
  ],
  [
    "a toolchain by its variable",
    { env: { RUSTUP_HOME: "/home/pi/.rustup" } },
    { "/home/pi/.rustup": "d" },
    ["read /home/pi/.rustup"],
  ],
  [
    "a folder of /opt with its libraries",
    onPath("/opt/go/bin"),
    { "/opt/go/bin": "d", "/opt/go": "d" },
    ["read /opt/go/bin", "read /opt/go"],
  ],
  ["not all of /opt", onPath("/opt/bin"), { "/opt/bin": "d", "/opt": "d" }, ["read /opt/bin"]],
  ["no relative folder", onPath("node_modules/.bin"), { "node_modules/.bin": "d" }, []],
  ["no folder that is missing", onPath("/opt/gone/bin"), {}, []],
  ["not the home folder", { ...onPath("/home/pi"), secret: [] }, {}, []],
  [
    "nothing in the data folder",
    onPath("/home/pi/.tac8/bin"),
    { "/home/pi/.tac8/bin": "d", "/home/pi/.tac8": "d" },
    [],
  ],
  [
    "not what holds the configuration",
    onPath("/home/pi/work/bin"),
    { "/home/pi/work/bin": "d", "/home/pi/work": "d" },
    ["read /home/pi/work/bin"],
  ],
  [
    "each link on the way to a program, and its package",
    { programs: ["/opt/bin/claude"] },
    {
      "/opt/bin/claude": "/opt/lib/node_modules/cli/cli.js",
      "/opt/lib/node_modules/cli/cli.js": "f",
      "/opt/lib/node_modules": "d",
    },
    ["read /opt/bin/claude", "read /opt/lib/node_modules/cli/cli.js", "read /opt/lib/node_modules"],
  ],
  [
    "what the operator adds",
    { read: ["/srv/data"], write: ["/srv/cache"] },
    { "/srv/data": "d", "/srv/cache": "d" },
    ["read /srv/data", "write /srv/cache"],
  ],
  [
    "not the data folder, even if asked",
    { read: ["/home/pi/.tac8"], write: ["/"] },
    { "/home/pi/.tac8": "d", "/": "d" },
    [],
  ],
  ["not what the data folder is in", { read: ["/home"] }, { "/home": "d" }, []],
])("%s", (_what, options, entries, lines) => {
  expect(added(options as Partial<ViewOptions>, entries as Record<string, string>)).toEqual(lines);
});

test("what is shown to write stays so below a folder that is only read", () => {
  expect(added({ read: ["/srv"], write: ["/srv/cache"] }, { "/srv": "d", "/srv/cache": "d" })).toEqual([
    "read /srv",
    "write /srv/cache",
  ]);
});
